// SPDX-License-Identifier: Apache-2.0
// Sums at positions given by indices, and the positions of what a condition holds for.
//
// The loop over the indices is outside, in their order, and each adds a row as vectors: sums have one order whatever
// the ranges are. Threads share a dimension that the indices do not select in, so no two write to one position; where
// there is none (a table of numbers), one thread does it all.
#include "backends/halide/Elementwise.h"
#include "backends/halide/Families.h"
#include "backends/halide/KernelBuilder.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsSelection.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::Var;

namespace dlc::halide {

static FailureOr<TensorFunc> emitScatterAdd(ScatterAddOp op, KernelBuilder &builder) {
  const TensorFunc &indices = builder.get(op.getIndices()), &updates = builder.get(op.getUpdates());
  int64_t axis = op.getAxis(), indexRank = indices.type.getRank();
  Expr extent = Halide::cast<int64_t>(builder.getExtents(op.getLike())[axis]);
  RankedTensorType type = op.getType();
  int64_t innermost = type.getRank() - 1;
  builder.setOutputDefinition(op, [=, &builder](Func output, const std::vector<Var> &arguments) mutable {
    Halide::Type stored = getStorageType(type.getElementType());
    output(arguments) = Halide::Internal::make_zero(stored);
    // Row-major order: the last dimension of the indices is the innermost loop.
    Halide::RDom range;
    if (indexRank > 0) {
      Halide::Region bounds;
      for (int64_t dim = indexRank; dim-- > 0;)
        bounds.emplace_back(0, indices.extents[dim]);
      range = Halide::RDom(bounds, "positions");
    }
    Exprs position = toLogical(type, Exprs(arguments.begin(), arguments.end())), index, source;
    for (int64_t dim = indexRank; dim-- > 0;)
      index.push_back(range[static_cast<int>(dim)]);
    source.append(position.begin(), position.begin() + axis);
    source.append(index.begin(), index.end());
    source.append(position.begin() + axis + 1, position.end());
    Expr chosen = Halide::cast<int64_t>(indices.at(index));
    chosen = Halide::select(chosen < Halide::cast<int64_t>(0), chosen + extent, chosen);
    position[axis] = Halide::cast<int32_t>(Halide::clamp(chosen, Halide::cast<int64_t>(0), extent - 1));
    Exprs physical = toPhysical(type, position);
    std::vector<Expr> target(physical.begin(), physical.end());
    Expr sum = fromStorage(output(target), type.getElementType()) + updates.at(source);
    output(target) = Halide::strict_float(toStorage(sum, type.getElementType()));

    Halide::Stage stage = output.update(0);
    std::vector<Halide::VarOrRVar> order;
    for (const Var &argument : arguments)
      if (argument.name() != builder.getOutputVar(axis).name())
        order.emplace_back(argument);
    for (int64_t dim = 0; dim < indexRank; ++dim)
      order.emplace_back(range[static_cast<int>(dim)]);
    stage.reorder(order);
    if (builder.isNaive())
      return;
    scheduleRows(builder, output);
    int64_t vector = builder.getSchedule().getVector();
    std::optional<int64_t> row = builder.getOutputExtent(0);
    while (row && vector > *row && vector > 1)
      vector /= 2;
    if (axis != innermost && vector > 1)
      stage.vectorize(arguments.front(), static_cast<int>(vector), Halide::TailStrategy::GuardWithIf);
  });
  // Other ops take no part in this kernel: what they would read is the output.
  return builder.define(
      op, [&](llvm::ArrayRef<Expr>) { return Halide::Internal::make_zero(getValueType(type.getElementType())); });
}

/// One pass over the vector, each step of which adds to the element before.
static FailureOr<TensorFunc> emitRunningCount(RunningCountOp op, KernelBuilder &builder) {
  const TensorFunc &mask = builder.get(op.getMask());
  builder.setOutputDefinition(op, [=, &builder](Func output, const std::vector<Var> &arguments) {
    output(arguments) = Halide::cast<int64_t>(mask.at({Expr(arguments.front())}));
    if (Halide::Internal::is_const_zero(mask.extents[0]))
      return;
    Halide::RDom range(1, mask.extents[0] - 1, "elements");
    output(range.x) += output(range.x - 1);
    if (!builder.isNaive())
      scheduleRows(builder, output);
  });
  return builder.define(op, [](llvm::ArrayRef<Expr>) { return Halide::cast<int64_t>(0); });
}

/// Each position goes to the index that the count says, once: where the count becomes larger.
static FailureOr<TensorFunc> emitTruePositions(TruePositionsOp op, KernelBuilder &builder) {
  const TensorFunc &counts = builder.get(op.getCounts());
  Expr found = builder.getExtents(op.getLike())[0];
  builder.setOutputDefinition(op, [=, &builder](Func output, const std::vector<Var> &arguments) {
    output(arguments) = Halide::cast<int64_t>(0);
    if (Halide::Internal::is_const_zero(counts.extents[0]))
      return;
    Halide::RDom range(0, counts.extents[0], "elements");
    Expr count = Halide::cast<int32_t>(counts.at({range.x}));
    Expr before = Halide::select(range.x > 0, Halide::cast<int32_t>(counts.at({Halide::max(range.x - 1, 0)})), 0);
    range.where(count > before && count <= found);
    output(Halide::clamp(count - 1, 0, found - 1)) = Halide::cast<int64_t>(range.x);
    if (!builder.isNaive())
      scheduleRows(builder, output);
  });
  return builder.define(op, [](llvm::ArrayRef<Expr>) { return Halide::cast<int64_t>(0); });
}

void addScatterEmitters(MLIRContext *context) {
  addEmitter<ScatterAddOp, &emitScatterAdd>(context);
  addEmitter<RunningCountOp, &emitRunningCount>(context);
  addEmitter<TruePositionsOp, &emitTruePositions>(context);
}

} // namespace dlc::halide
