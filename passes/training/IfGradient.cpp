// SPDX-License-Identifier: Apache-2.0
// Gradients through a choice.
//
// The backward op takes the same branch. Its branch is a copy of the forward one, followed by the reverse pass that
// differentiates it, so that nothing has to be stored which the other branch does not have; what the branch does not
// read gets zeros.
#include "ir/IfBuilder.h"
#include "ir/OpsControl.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsShape.h"
#include "mlir/IR/IRMapping.h"
#include "passes/training/ReverseMode.h"

using namespace mlir;

namespace dlc {

/// The gradient of `variable` as a tensor of its type.
static Value makeGradient(OpBuilder &builder, Location location, Value gradient, Value variable) {
  if (!gradient)
    return FillOp::create(builder, location, variable, getShapeFrom(variable), llvm::APFloat(0.0),
                          getElementTypeOrSelf(variable.getType()));
  if (gradient.getType() != variable.getType())
    return ReshapeLikeOp::create(builder, location, gradient, variable);
  return gradient;
}

FailureOr<llvm::SmallVector<Value>> differentiateIf(OpBuilder &builder, IfOp op, ValueRange read,
                                                    ValueRange resultGradients, llvm::ArrayRef<bool> isWanted,
                                                    Location askedAt) {
  llvm::SmallVector<Value> variables;
  for (auto [value, wanted] : llvm::zip(read, isWanted))
    if (wanted)
      variables.push_back(value);
  IfBuilder backward(builder, op.getLoc(), op.getCondition());
  for (unsigned branch : {0, 1}) {
    backward.enter(branch);
    IRMapping copies;
    EndIfOp end = op.getEnd(branch);
    for (Operation &forward : op->getRegion(branch).front().without_terminator())
      builder.clone(forward, copies);
    ReverseMode gradients(builder, variables, askedAt);
    for (auto [value, gradient] : llvm::zip(end.getValues(), resultGradients))
      if (Value copy = copies.lookupOrDefault(value); gradient && gradients.isInfluenced(copy))
        gradients.add(copy, gradient);
    if (failed(gradients.run()))
      return failure();
    llvm::SmallVector<Value> found;
    for (Value variable : variables)
      found.push_back(makeGradient(builder, op.getLoc(), gradients.getGradient(variable), variable));
    backward.endBranch(found);
  }
  ResultRange made = backward.finish(ValueRange(variables).getTypes());
  llvm::SmallVector<Value> results;
  for (auto [number, wanted] : llvm::enumerate(isWanted))
    results.push_back(wanted ? Value(made[llvm::count(isWanted.take_front(number), true)]) : Value());
  return results;
}

} // namespace dlc
