// SPDX-License-Identifier: Apache-2.0
// Gradients of pools. An element of x gathers from the windows that cover it, at most ceil(kernel / stride) along a
// dimension, which makes the order of the sum one that nothing changes, and lets threads share any dimension. Vectors
// run along the innermost dimension as in pools themselves; with channels innermost all questions about positions are
// scalar.
#include "backends/halide/IntegerMath.h"
#include "backends/halide/ReductionStages.h"
#include "backends/halide/Windows.h"
#include "ir/OpsPooling.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::select;
using Halide::Var;

namespace dlc::halide {

/// Elements of the window at `index` that are within [-low, extent + high) of spatial dimension `i`.
static Expr countElements(const Windows &windows, llvm::ArrayRef<Expr> index, size_t i, int64_t low, int64_t high) {
  int dilation = static_cast<int>(windows.dilations[i]), kernel = static_cast<int>(windows.kernel[i]);
  Expr start = windows.start(index, i);
  Expr first = Halide::max((-static_cast<int>(low) - start + dilation - 1) / dilation, 0);
  Expr end = Halide::min((windows.x.extents[2 + i] + static_cast<int>(high) - start + dilation - 1) / dilation, kernel);
  return Halide::max(end - first, 0);
}

Expr countDivisor(const Windows &windows, llvm::ArrayRef<Expr> index, bool includesPad, bool isCeilMode) {
  // With ceil_mode a window may even leave the padding.
  if (!windows.mayLeave || (includesPad && !isCeilMode))
    return static_cast<int>(windows.size());
  Expr count = 1;
  for (size_t i = 0; i < windows.rank(); ++i)
    count = count * countElements(windows, index, i, includesPad ? windows.padsLow[i] : 0,
                                  includesPad ? windows.padsHigh[i] : 0);
  return Halide::max(count, 1);
}

namespace {
/// A window that covers an element, along one spatial dimension.
struct Cover {
  Expr window, tap, isThere;
};
} // namespace

/// How many windows cover an element at most.
static int64_t countCovers(const Windows &windows, size_t i) {
  return windows.dilations[i] == 1 ? llvm::divideCeil(windows.kernel[i], windows.strides[i]) : windows.kernel[i];
}
/// The `j`-th of them.
static Cover getCover(const Windows &windows, size_t i, const Expr &position, const Expr &j, const Expr &windowCount) {
  int stride = static_cast<int>(windows.strides[i]), dilation = static_cast<int>(windows.dilations[i]),
      kernel = static_cast<int>(windows.kernel[i]);
  Expr padded = position + static_cast<int>(windows.padsLow[i]);
  Cover cover;
  if (dilation == 1) {
    // From the last window that starts at or before the element.
    cover.window = padded / stride - j;
    cover.tap = padded % stride + j * stride;
    cover.isThere = cover.tap < kernel;
  } else {
    cover.tap = j;
    cover.window = (padded - j * dilation) / stride;
    cover.isThere = (padded - j * dilation) % stride == 0;
  }
  cover.isThere = cover.isThere && cover.window >= 0 && cover.window < windowCount;
  return cover;
}

/// Adds up `share(window, number)` over the windows that cover each element of x, where `number` is the element's in
/// the window.
static TensorFunc gatherWindows(Operation *op, const Windows &windows, const TensorFunc &dy, KernelBuilder &builder,
                                llvm::function_ref<Expr(llvm::ArrayRef<Expr> window, const Expr &number)> share) {
  Value result = op->getResult(0);
  Combiner sum = makeSum(getValueType(dy.type.getElementType()));
  auto term = [&](llvm::ArrayRef<Expr> index, llvm::ArrayRef<Expr> j) {
    Exprs window(index.begin(), index.begin() + 2);
    Expr number = 0, isThere = Halide::Internal::const_true();
    for (size_t i = 0; i < windows.rank(); ++i) {
      Cover cover = getCover(windows, i, index[2 + i], j[i], dy.extents[2 + i]);
      window.push_back(Halide::clamp(cover.window, 0, Halide::max(dy.extents[2 + i] - 1, 0)));
      number = number * static_cast<int>(windows.kernel[i]) + cover.tap;
      isThere = isThere && cover.isThere;
    }
    return select(isThere, share(window, number), sum.identity);
  };
  int64_t covers = 1;
  for (size_t i = 0; i < windows.rank(); ++i)
    covers *= countCovers(windows, i);
  if (covers <= writtenOutSize || op != builder.getAnchorOp())
    return builder.define(result, [&](llvm::ArrayRef<Expr> index) {
      Expr total;
      for (int64_t number = 0; number < covers; ++number) {
        llvm::SmallVector<Expr> j(windows.rank());
        int64_t rest = number;
        for (int64_t i = static_cast<int64_t>(windows.rank()) - 1; i >= 0; rest /= countCovers(windows, i), --i)
          j[i] = static_cast<int>(rest % countCovers(windows, i));
        Expr value = term(index, j);
        total = total.defined() ? sum.combine(total, value) : value;
      }
      return total;
    });
  TensorFunc gathered = builder.define(result, [&](llvm::ArrayRef<Expr>) { return sum.identity; });
  Func total = gathered.func;
  std::vector<Var> arguments = total.args();
  Halide::Region ranges;
  for (size_t i = windows.rank(); i-- > 0;)
    ranges.emplace_back(0, static_cast<int>(countCovers(windows, i)));
  Halide::RDom domain(ranges, "covers");
  llvm::SmallVector<Expr> j;
  for (size_t i = 0; i < windows.rank(); ++i)
    j.push_back(domain[static_cast<int>(windows.rank() - 1 - i)]);
  Exprs index = toLogical(gathered.type, Exprs(arguments.begin(), arguments.end()));
  Expr before = total(std::vector<Expr>(arguments.begin(), arguments.end()));
  total(arguments) = Halide::strict_float(sum.combine(before, term(index, j)));
  builder.addStage(op, "total", total);
  return builder.define(result, [&](llvm::ArrayRef<Expr> position) { return gathered.at(position); });
}

FailureOr<TensorFunc> emitMaxPoolGradient(MaxPoolGradientOp op, KernelBuilder &builder) {
  Windows windows = makeWindows(op, builder);
  const TensorFunc &dy = builder.get(op.getYGradient()), &offsets = builder.get(op.getOffsets());
  Expr zero = Halide::Internal::make_zero(getValueType(dy.type.getElementType()));
  return gatherWindows(op, windows, dy, builder, [&](llvm::ArrayRef<Expr> window, const Expr &number) {
    return select(offsets.at(window) == number, dy.at(window), zero);
  });
}

FailureOr<TensorFunc> emitSpreadWindows(SpreadWindowsOp op, KernelBuilder &builder) {
  Windows windows = makeWindows(op, builder);
  const TensorFunc &dy = builder.get(op.getYGradient());
  Halide::Type type = getValueType(dy.type.getElementType());
  WindowDivisor divisor = op.getDivisor();
  return gatherWindows(op, windows, dy, builder, [&](llvm::ArrayRef<Expr> window, const Expr &) {
    if (divisor == WindowDivisor::None)
      return dy.at(window);
    return dy.at(window) /
           Halide::cast(type, countDivisor(windows, window, divisor == WindowDivisor::Padded, op.getCeilMode()));
  });
}

} // namespace dlc::halide
