// SPDX-License-Identifier: Apache-2.0
// Tensors that are put together of others. As a kernel's result each part is written at its position in a loop of its
// own; anywhere else an element is chosen by its index.
#include "backends/halide/Families.h"
#include "backends/halide/KernelBuilder.h"
#include "ir/OpsMovement.h"
#include "ir/OpsSlicing.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::select;
using Halide::Var;

namespace dlc::halide {

/// Loops over one operand of a concatenation, innermost dimension as vectors.
static void schedulePart(KernelBuilder &builder, Halide::Stage stage, const std::vector<Var> &arguments, int64_t axis,
                         const Halide::RVar &along, const TensorFunc &part) {
  if (builder.isNaive())
    return;
  std::vector<Halide::VarOrRVar> order;
  for (const Var &argument : arguments)
    if (argument.name() == builder.getOutputVar(axis).name())
      order.push_back(along);
    else
      order.push_back(argument);
  stage.reorder(order);
  int64_t innermost = getLayout(builder.getOutputType())
                          ? getLayout(builder.getOutputType()).getOrder().asArrayRef().back()
                          : builder.getOutputType().getRank() - 1;
  std::optional<int64_t> extent =
      innermost == builder.getSchedule().getSplit() ? std::nullopt : part.staticExtent(innermost);
  int64_t vector = builder.getSchedule().getVector();
  while (extent && vector > 1 && vector > *extent)
    vector /= 2;
  if (vector <= 1)
    return;
  // No element is written twice, which Halide does not see through the loop over a part.
  stage.allow_race_conditions();
  stage.vectorize(order.front(), static_cast<int>(vector), Halide::TailStrategy::GuardWithIf);
}

static FailureOr<TensorFunc> emitConcat(ConcatOp op, KernelBuilder &builder) {
  int64_t axis = op.getAxis();
  llvm::SmallVector<const TensorFunc *> parts;
  llvm::SmallVector<Expr> starts;
  Expr start = 0;
  for (Value operand : op.getOperands()) {
    parts.push_back(&builder.get(operand));
    starts.push_back(start);
    start = Halide::Internal::simplify(start + parts.back()->extents[axis]);
  }
  // As the kernel's result: one loop per operand. Anywhere else: a select by index.
  LayoutAttr layout = getLayout(op.getType());
  if (!layout || !layout.getInnerDims() || layout.getInnerDims().empty())
    builder.setOutputDefinition(
        op, [op, axis, parts, starts, &builder](Func output, const std::vector<Var> &arguments) mutable {
          RankedTensorType type = op.getType();
          Halide::Type stored = getStorageType(type.getElementType());
          output(arguments) = Halide::undef(stored);
          for (size_t i = 0; i < parts.size(); ++i) {
            Halide::RDom range(0, parts[i]->extents[axis], "part" + std::to_string(i));
            Exprs index = toLogical(type, Exprs(arguments.begin(), arguments.end()));
            index[axis] = range.x;
            Expr element = toStorage(parts[i]->at(index), type.getElementType());
            index[axis] = range.x + starts[i];
            Exprs position = toPhysical(type, index);
            output(std::vector<Expr>(position.begin(), position.end())) = element;
            schedulePart(builder, output.update(static_cast<int>(i)), arguments, axis, range.x, *parts[i]);
          }
        });
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Expr element;
    for (int64_t i = static_cast<int64_t>(parts.size()) - 1; i >= 0; --i) {
      Exprs own(index.begin(), index.end());
      own[axis] = Halide::clamp(index[axis] - starts[i], 0, Halide::max(parts[i]->extents[axis] - 1, 0));
      Expr part = parts[i]->at(own);
      element = element.defined() ? select(index[axis] < starts[i + 1], part, element) : part;
    }
    return element;
  });
}

static FailureOr<TensorFunc> emitUpdateSlice(UpdateSliceOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX()), &update = builder.get(op.getUpdate());
  int64_t axis = op.getAxis();
  Expr count = update.extents[axis];
  Expr last = x.extents[axis] - count;
  Expr position = Halide::cast<int32_t>(
      Halide::clamp(builder.get(op.getPosition()).at({}), Halide::cast<int64_t>(0), Halide::cast<int64_t>(last)));
  if (op.getInPlace()) {
    // The result's memory holds `x` already: the loops run over the update alone.
    builder.setOutputDefinition(
        op, [op, axis, update, position, count, &builder](Func output, const std::vector<Var> &arguments) mutable {
          RankedTensorType type = op.getType();
          output(arguments) = Halide::undef(getStorageType(type.getElementType()));
          Halide::RDom range(0, count, "rows");
          Exprs index = toLogical(type, Exprs(arguments.begin(), arguments.end()));
          index[axis] = range.x;
          Expr element = toStorage(update.at(index), type.getElementType());
          index[axis] = range.x + position;
          Exprs target = toPhysical(type, index);
          output(std::vector<Expr>(target.begin(), target.end())) = element;
          schedulePart(builder, output.update(0), arguments, axis, range.x, update);
        });
  }
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    if (update.staticExtent(axis) == 0)
      return x.at(index);
    Exprs own(index.begin(), index.end());
    Expr offset = index[axis] - position;
    own[axis] = Halide::clamp(offset, 0, Halide::max(count - 1, 0));
    return select(offset >= 0 && offset < count, update.at(own), x.at(index));
  });
}

void addConcatenationEmitters(MLIRContext *context) {
  addEmitter<ConcatOp, &emitConcat>(context);
  addEmitter<UpdateSliceOp, &emitUpdateSlice>(context);
}

} // namespace dlc::halide
