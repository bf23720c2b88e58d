// SPDX-License-Identifier: Apache-2.0
// Pooling windows.
//
// Small windows (up to 16 elements) are written out as one expression: each element is read at a place clamped into the
// operand, and a comparison replaces it where the window hangs over the edge. Halide takes both away in the part of the
// loops where no window does. Larger windows are loops around an accumulator. Vectors run along the innermost
// dimension: channels in channels-last tensors, where all comparisons are then scalar; places of the result in
// row-major ones.
#include "backends/halide/Elementwise.h"
#include "backends/halide/Families.h"
#include "backends/halide/IntegerMath.h"
#include "backends/halide/KernelBuilder.h"
#include "backends/halide/Math.h"
#include "backends/halide/ReductionStages.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::select;
using Halide::Var;

namespace dlc::halide {

namespace {
/// The windows of a pooling over the spatial dimensions of x: [N, C, spatial...].
struct Windows {
  const TensorFunc &x;
  llvm::ArrayRef<int64_t> kernel, strides, dilations, padsLow, padsHigh;
  bool mayLeave; ///< whether a window can hang over an edge

  size_t rank() const { return kernel.size(); }
  int64_t size() const {
    int64_t product = 1;
    for (int64_t extent : kernel)
      product *= extent;
    return product;
  }
  /// The window's first place along spatial dimension `i`; may be below 0.
  Expr start(llvm::ArrayRef<Expr> index, size_t i) const {
    return index[2 + i] * static_cast<int>(strides[i]) - static_cast<int>(padsLow[i]);
  }
  /// The operand's coordinates of element `offset` of the window at `index`.
  Exprs place(llvm::ArrayRef<Expr> index, llvm::ArrayRef<Expr> offset) const {
    Exprs own(index.begin(), index.begin() + 2);
    for (size_t i = 0; i < rank(); ++i)
      own.push_back(Halide::Internal::simplify(start(index, i) + offset[i] * static_cast<int>(dilations[i])));
    return own;
  }
  Expr isInside(llvm::ArrayRef<Expr> place) const {
    Expr inside = Halide::Internal::const_true();
    for (size_t i = 0; i < rank(); ++i)
      inside = inside && place[2 + i] >= 0 && place[2 + i] < x.extents[2 + i];
    return inside;
  }
  /// The element at `place`, or `otherwise` outside of the operand.
  Expr read(llvm::ArrayRef<Expr> place, const Expr &otherwise) const {
    if (!mayLeave)
      return x.at(place);
    Exprs clamped(place.begin(), place.begin() + 2);
    for (size_t i = 0; i < rank(); ++i)
      clamped.push_back(Halide::clamp(Halide::likely(place[2 + i]), 0, x.extents[2 + i] - 1));
    return select(isInside(place), Halide::likely(x.at(clamped)), otherwise);
  }
  /// Calls `visit` with the offsets of each element of a window, row-major.
  void forEach(llvm::function_ref<void(llvm::ArrayRef<Expr>)> visit) const {
    for (int64_t number = 0; number < size(); ++number) {
      llvm::SmallVector<Expr> offset(rank());
      int64_t rest = number;
      for (int64_t i = static_cast<int64_t>(rank()) - 1; i >= 0; rest /= kernel[i], --i)
        offset[i] = Expr(static_cast<int>(rest % kernel[i]));
      visit(offset);
    }
  }
};
} // namespace

template <typename OpTy> static Windows makeWindows(OpTy op, KernelBuilder &builder) {
  size_t rank = op.getKernel().size();
  llvm::ArrayRef<int64_t> pads = op.getPads();
  bool mayLeave = op.getCeilMode() || llvm::any_of(pads, [](int64_t pad) { return pad > 0; });
  return {builder.get(op.getX()), op.getKernel(),        op.getStrides(), op.getDilations(),
          pads.take_front(rank),  pads.drop_front(rank), mayLeave};
}

constexpr int64_t writtenOutSize = 16;

/// Combines `element(x)` of all elements of each window.
static TensorFunc combineWindows(Operation *op, const Windows &windows, KernelBuilder &builder,
                                 const Combiner &combiner, llvm::function_ref<Expr(const Expr &)> element,
                                 llvm::function_ref<Expr(const Expr &total, llvm::ArrayRef<Expr> index)> finish) {
  Value result = op->getResult(0);
  // `element` need not keep the identity, so the choice comes after it.
  auto readElement = [&](llvm::ArrayRef<Expr> place) {
    if (!windows.mayLeave)
      return element(windows.x.at(place));
    Exprs clamped(place.begin(), place.begin() + 2);
    for (size_t i = 0; i < windows.rank(); ++i)
      clamped.push_back(Halide::clamp(Halide::likely(place[2 + i]), 0, windows.x.extents[2 + i] - 1));
    return select(windows.isInside(place), Halide::likely(element(windows.x.at(clamped))), combiner.identity);
  };
  if (windows.size() <= writtenOutSize || op != builder.getRootOp())
    return builder.define(result, [&](llvm::ArrayRef<Expr> index) {
      Expr total;
      windows.forEach([&](llvm::ArrayRef<Expr> offset) {
        Expr value = readElement(windows.place(index, offset));
        total = total.defined() ? combiner.combine(total, value) : value;
      });
      return finish(total, index);
    });
  TensorFunc initial = builder.define(result, [&](llvm::ArrayRef<Expr>) { return combiner.identity; });
  Func total = initial.func;
  std::vector<Var> arguments = total.args();
  Halide::Region ranges;
  for (int64_t i = static_cast<int64_t>(windows.rank()) - 1; i >= 0; --i)
    ranges.emplace_back(0, static_cast<int>(windows.kernel[i]));
  Halide::RDom domain(ranges, "window");
  llvm::SmallVector<Expr> offset;
  for (size_t i = 0; i < windows.rank(); ++i)
    offset.push_back(domain[static_cast<int>(windows.rank() - 1 - i)]);
  Exprs index = toLogical(initial.type, Exprs(arguments.begin(), arguments.end()));
  Expr before = total(std::vector<Expr>(arguments.begin(), arguments.end()));
  total(arguments) = Halide::strict_float(combiner.combine(before, readElement(windows.place(index, offset))));
  builder.addStage(op, "total", total);
  return builder.define(result, [&](llvm::ArrayRef<Expr> place) { return finish(initial.at(place), place); });
}

static FailureOr<TensorFunc> emitMaxPool(MaxPoolOp op, KernelBuilder &builder) {
  Windows windows = makeWindows(op, builder);
  Combiner combiner = makeExtreme(getValueType(windows.x.type.getElementType()), /*minimum=*/false);
  return combineWindows(
      op, windows, builder, combiner, [](const Expr &x) { return x; },
      [](const Expr &total, llvm::ArrayRef<Expr>) { return total; });
}

/// Elements of the window at `index` that lie within [-low, extent + high) of spatial dimension `i`.
static Expr countElements(const Windows &windows, llvm::ArrayRef<Expr> index, size_t i, int64_t low, int64_t high) {
  int dilation = static_cast<int>(windows.dilations[i]), kernel = static_cast<int>(windows.kernel[i]);
  Expr start = windows.start(index, i);
  Expr first = Halide::max((-static_cast<int>(low) - start + dilation - 1) / dilation, 0);
  Expr end = Halide::min((windows.x.extents[2 + i] + static_cast<int>(high) - start + dilation - 1) / dilation, kernel);
  return Halide::max(end - first, 0);
}

static FailureOr<TensorFunc> emitAveragePool(AveragePoolOp op, KernelBuilder &builder) {
  Windows windows = makeWindows(op, builder);
  Halide::Type type = getValueType(windows.x.type.getElementType());
  bool includesPad = op.getCountIncludePad();
  auto finish = [&](const Expr &total, llvm::ArrayRef<Expr> index) {
    Expr count = static_cast<int>(windows.size());
    // With ceil_mode a window may even leave the padding.
    if (windows.mayLeave && (!includesPad || op.getCeilMode())) {
      count = 1;
      for (size_t i = 0; i < windows.rank(); ++i)
        count = count * countElements(windows, index, i, includesPad ? windows.padsLow[i] : 0,
                                      includesPad ? windows.padsHigh[i] : 0);
      count = Halide::max(count, 1);
    }
    Expr divisor = Halide::cast(type, count);
    return type.is_float() ? total / divisor : truncatingDiv(total, divisor);
  };
  return combineWindows(op, windows, builder, makeSum(type), [](const Expr &x) { return x; }, finish);
}

static FailureOr<TensorFunc> emitLpPool(LpPoolOp op, KernelBuilder &builder) {
  Windows windows = makeWindows(op, builder);
  Halide::Type type = getValueType(windows.x.type.getElementType());
  int64_t p = op.getP();
  Expr power = Halide::Internal::make_const(type, static_cast<double>(p));
  auto element = [&](const Expr &x) {
    return p == 1 ? Halide::abs(x) : p == 2 ? x * x : math::pow(Halide::abs(x), power);
  };
  auto finish = [&](const Expr &total, llvm::ArrayRef<Expr>) {
    return p == 1 ? total : p == 2 ? Halide::sqrt(total) : math::pow(total, Halide::Internal::make_one(type) / power);
  };
  return combineWindows(op, windows, builder, makeSum(type), element, finish);
}

static FailureOr<TensorFunc> emitMaxPoolIndices(MaxPoolIndicesOp op, KernelBuilder &builder) {
  Windows windows = makeWindows(op, builder);
  const TensorFunc &x = windows.x;
  Halide::Type type = getValueType(x.type.getElementType());
  Expr lowest = makeExtreme(type, /*minimum=*/false).identity;
  auto linearPlace = [&](llvm::ArrayRef<Expr> place) {
    // Spatial dimensions in the order asked for, from the slowest.
    Expr linear =
        Halide::cast<int64_t>(place[0]) * Halide::cast<int64_t>(x.extents[1]) + Halide::cast<int64_t>(place[1]);
    for (size_t i = 0; i < windows.rank(); ++i) {
      size_t dim = 2 + (op.getColumnMajor() ? windows.rank() - 1 - i : i);
      linear = linear * Halide::cast<int64_t>(x.extents[dim]) + Halide::cast<int64_t>(place[dim]);
    }
    return linear;
  };
  auto isBetter = [&](const Expr &value, const Expr &best) {
    Expr better = value > best;
    return type.is_float() ? better || (Halide::is_nan(value) && !Halide::is_nan(best)) : better;
  };
  llvm::SmallVector<llvm::SmallVector<Expr>> offsets;
  windows.forEach([&](llvm::ArrayRef<Expr> offset) { offsets.emplace_back(offset.begin(), offset.end()); });
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    // The best of the elements from `number` on and what came before. A place of -1 is none yet: then even the lowest
    // value counts.
    std::function<Expr(size_t, const Expr &, const Expr &)> search = [&](size_t number, const Expr &best,
                                                                         const Expr &bestPlace) {
      if (number == offsets.size())
        return bestPlace;
      Exprs place = windows.place(index, offsets[number]);
      Expr inside = windows.isInside(place);
      return math::bind(windows.read(place, lowest), [&](const Expr &value) {
        Expr replaces = bestPlace < Halide::cast<int64_t>(0) || isBetter(value, best);
        return math::bind(inside && replaces, [&](const Expr &isChosen) {
          return math::bind(select(isChosen, value, best), [&](const Expr &nextBest) {
            return math::bind(select(isChosen, linearPlace(place), bestPlace),
                              [&](const Expr &nextPlace) { return search(number + 1, nextBest, nextPlace); });
          });
        });
      });
    };
    return search(0, lowest, Halide::cast<int64_t>(-1));
  });
}

static LogicalResult scheduleWindow(KernelBuilder &builder) {
  Func output = builder.getOutput();
  if (builder.isNaive()) {
    if (builder.hasStage("total"))
      builder.getStage("total").compute_at(output, output.args()[0]);
    return success();
  }
  if (builder.hasStage("total")) {
    Func total = builder.getStage("total");
    std::optional<int64_t> extent = builder.getOutputExtent(0);
    int vector = static_cast<int>(builder.getSchedule().getVector());
    while (extent && vector > 1 && vector > *extent)
      vector /= 2;
    Var inner = output.args()[0], block("block"), innermost = total.args()[0];
    bool isExact = extent && *extent % vector == 0;
    auto tail = isExact ? Halide::TailStrategy::RoundUp : Halide::TailStrategy::GuardWithIf;
    Var lane("lane");
    output.split(inner, block, lane, vector, tail).vectorize(lane);
    total.compute_at(output, block).bound_extent(innermost, vector).vectorize(innermost, vector);
    std::vector<Halide::VarOrRVar> order{innermost};
    for (const Halide::RVar &variable : total.rvars(0))
      order.push_back(variable);
    total.update().reorder(order).vectorize(innermost, vector, tail);
    return success();
  }
  scheduleRows(builder, output);
  return success();
}

void registerWindowEmitters(EmitterRegistry &registry) {
  registry.add<MaxPoolOp>(&emitMaxPool);
  registry.add<AveragePoolOp>(&emitAveragePool);
  registry.add<LpPoolOp>(&emitLpPool);
  registry.add<MaxPoolIndicesOp>(&emitMaxPoolIndices);
  registry.addScheduler(KernelRoot::Window, &scheduleWindow);
}

} // namespace dlc::halide
