// SPDX-License-Identifier: Apache-2.0
// Pooling windows.
//
// Small windows (up to 16 elements) are written out as one expression: each element is read at an index clamped into
// the operand, and a comparison replaces it where the window hangs over the edge. Halide takes both away in the part of
// the loops where no window does. Larger windows are loops around an accumulator. Vectors run along the innermost
// dimension: channels in channels-last tensors, where all comparisons are then scalar; positions of the result in
// row-major ones.
#include "backends/halide/Elementwise.h"
#include "backends/halide/Families.h"
#include "backends/halide/IntegerMath.h"
#include "backends/halide/KernelBuilder.h"
#include "backends/halide/Math.h"
#include "backends/halide/ReductionStages.h"
#include "backends/halide/Windows.h"
#include "ir/OpsPooling.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::select;
using Halide::Var;

namespace dlc::halide {

/// Combines `element(x)` of all elements of each window.
static TensorFunc combineWindows(Operation *op, const Windows &windows, KernelBuilder &builder,
                                 const Combiner &combiner, llvm::function_ref<Expr(const Expr &)> element,
                                 llvm::function_ref<Expr(const Expr &total, llvm::ArrayRef<Expr> index)> finish) {
  Value result = op->getResult(0);
  // `element` need not keep the identity, so the choice comes after it.
  auto readElement = [&](llvm::ArrayRef<Expr> position) {
    if (!windows.mayLeave)
      return element(windows.x.at(position));
    Exprs clamped(position.begin(), position.begin() + 2);
    for (size_t i = 0; i < windows.rank(); ++i)
      clamped.push_back(Halide::clamp(Halide::likely(position[2 + i]), 0, windows.x.extents[2 + i] - 1));
    return select(windows.isInside(position), Halide::likely(element(windows.x.at(clamped))), combiner.identity);
  };
  if (windows.size() <= writtenOutSize || op != builder.getAnchorOp())
    return builder.define(result, [&](llvm::ArrayRef<Expr> index) {
      Expr total;
      windows.forEach([&](llvm::ArrayRef<Expr> offset) {
        Expr value = readElement(windows.position(index, offset));
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
  total(arguments) = Halide::strict_float(combiner.combine(before, readElement(windows.position(index, offset))));
  builder.addStage(op, "total", total);
  return builder.define(result, [&](llvm::ArrayRef<Expr> position) { return finish(initial.at(position), position); });
}

static FailureOr<TensorFunc> emitMaxPool(MaxPoolOp op, KernelBuilder &builder) {
  Windows windows = makeWindows(op, builder);
  Combiner combiner = makeExtreme(getValueType(windows.x.type.getElementType()), /*minimum=*/false);
  return combineWindows(
      op, windows, builder, combiner, [](const Expr &x) { return x; },
      [](const Expr &total, llvm::ArrayRef<Expr>) { return total; });
}

static FailureOr<TensorFunc> emitAveragePool(AveragePoolOp op, KernelBuilder &builder) {
  Windows windows = makeWindows(op, builder);
  Halide::Type type = getValueType(windows.x.type.getElementType());
  bool includesPad = op.getCountIncludePad();
  auto finish = [&](const Expr &total, llvm::ArrayRef<Expr> index) {
    Expr count = countDivisor(windows, index, includesPad, op.getCeilMode());
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

/// For each window the number that `numberOf` gives the first largest of its elements, called with the element's
/// position in x and its number in the window.
static TensorFunc findLargest(Operation *op, const Windows &windows, KernelBuilder &builder, Halide::Type numberType,
                              llvm::function_ref<Expr(llvm::ArrayRef<Expr> position, size_t number)> numberOf) {
  Halide::Type type = getValueType(windows.x.type.getElementType());
  Expr lowest = makeExtreme(type, /*minimum=*/false).identity;
  auto isBetter = [&](const Expr &value, const Expr &best) {
    Expr better = value > best;
    return type.is_float() ? better || (Halide::is_nan(value) && !Halide::is_nan(best)) : better;
  };
  llvm::SmallVector<llvm::SmallVector<Expr>> offsets;
  windows.forEach([&](llvm::ArrayRef<Expr> offset) { offsets.emplace_back(offset.begin(), offset.end()); });
  return builder.define(op->getResult(0), [&](llvm::ArrayRef<Expr> index) {
    // The best of the elements from `number` on and what came before. A number of -1 is none yet: then even the lowest
    // value counts.
    std::function<Expr(size_t, const Expr &, const Expr &)> search = [&](size_t number, const Expr &best,
                                                                         const Expr &bestNumber) {
      if (number == offsets.size())
        return bestNumber;
      Exprs position = windows.position(index, offsets[number]);
      Expr inside = windows.mayLeave ? windows.isInside(position) : Halide::Internal::const_true();
      return math::bind(windows.read(position, lowest), [&](const Expr &value) {
        Expr replaces = bestNumber < Halide::Internal::make_zero(numberType) || isBetter(value, best);
        return math::bind(inside && replaces, [&](const Expr &isChosen) {
          return math::bind(select(isChosen, value, best), [&](const Expr &nextBest) {
            return math::bind(select(isChosen, numberOf(position, number), bestNumber),
                              [&](const Expr &nextNumber) { return search(number + 1, nextBest, nextNumber); });
          });
        });
      });
    };
    return search(0, lowest, Halide::Internal::make_const(numberType, -1));
  });
}

static FailureOr<TensorFunc> emitMaxPoolIndices(MaxPoolIndicesOp op, KernelBuilder &builder) {
  Windows windows = makeWindows(op, builder);
  const TensorFunc &x = windows.x;
  return findLargest(op, windows, builder, Halide::Int(64), [&](llvm::ArrayRef<Expr> position, size_t) {
    // Spatial dimensions in the order asked for, from the slowest.
    Expr linear =
        Halide::cast<int64_t>(position[0]) * Halide::cast<int64_t>(x.extents[1]) + Halide::cast<int64_t>(position[1]);
    for (size_t i = 0; i < windows.rank(); ++i) {
      size_t dim = 2 + (op.getColumnMajor() ? windows.rank() - 1 - i : i);
      linear = linear * Halide::cast<int64_t>(x.extents[dim]) + Halide::cast<int64_t>(position[dim]);
    }
    return linear;
  });
}

static FailureOr<TensorFunc> emitMaxPoolOffsets(MaxPoolOffsetsOp op, KernelBuilder &builder) {
  Windows windows = makeWindows(op, builder);
  return findLargest(op, windows, builder, Halide::Int(32),
                     [](llvm::ArrayRef<Expr>, size_t number) { return Expr(static_cast<int>(number)); });
}

LogicalResult scheduleWindow(KernelBuilder &builder) {
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

void addWindowEmitters(MLIRContext *context) {
  addEmitter<MaxPoolOp, &emitMaxPool>(context);
  addEmitter<AveragePoolOp, &emitAveragePool>(context);
  addEmitter<LpPoolOp, &emitLpPool>(context);
  addEmitter<MaxPoolIndicesOp, &emitMaxPoolIndices>(context);
  addEmitter<MaxPoolOffsetsOp, &emitMaxPoolOffsets>(context);
  addEmitter<MaxPoolGradientOp, &emitMaxPoolGradient>(context);
  addEmitter<SpreadWindowsOp, &emitSpreadWindows>(context);
}

} // namespace dlc::halide
