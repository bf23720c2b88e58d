// SPDX-License-Identifier: Apache-2.0
#include "passes/training/ReverseMode.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsControl.h"
#include "ir/OpsCustom.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace dlc {

bool isDifferentiable(Value value) { return llvm::isa<FloatType>(getElementTypeOrSelf(value.getType())); }

ReverseMode::ReverseMode(OpBuilder &builder, ValueRange withRespectTo, Location askedAt)
    : builder(builder), askedAt(askedAt) {
  Block *block = builder.getInsertionBlock();
  end = builder.getInsertionPoint() == block->end() ? nullptr : &*builder.getInsertionPoint();
  finite.analyze(*block, end);
  for (Value value : withRespectTo)
    influenced.insert(value);
  // Ops are in an order in which operands come first.
  for (Operation &op : *block) {
    if (&op == end)
      break;
    if (llvm::any_of(getReadValues(&op), [&](Value operand) { return influenced.contains(operand); }))
      for (Value result : op.getResults())
        if (isDifferentiable(result))
          influenced.insert(result);
  }
}

llvm::SmallVector<Value> ReverseMode::getReadValues(Operation *op) {
  // A further result of a function depends on what the function reads, whatever its first result is.
  if (auto further = llvm::dyn_cast<CustomResultOp>(op))
    op = further.getFirst().getDefiningOp();
  llvm::SetVector<Value> captures;
  for (Region &region : op->getRegions())
    getUsedValuesDefinedAbove(region, captures);
  llvm::SmallVector<Value> values(op->getOperands());
  llvm::append_range(values, captures);
  return values;
}

void ReverseMode::add(Value value, Value gradient) {
  Value &sum = gradients[value];
  sum = sum ? AddOp::create(builder, gradient.getLoc(), sum, gradient).getResult() : gradient;
}

LogicalResult ReverseMode::run() {
  llvm::SmallVector<Operation *> ops;
  for (Operation &op : *builder.getInsertionBlock()) {
    if (&op == end)
      break;
    ops.push_back(&op);
  }
  // What is written on the way comes before `end`, too, and is not visited.
  for (Operation *op : llvm::reverse(ops))
    if (op->getNumResults() > 0 && failed(pass(op)))
      return failure();
  return success();
}

LogicalResult ReverseMode::pass(Operation *op) {
  // Where the function is differentiated, all of its results are.
  if (llvm::isa<CustomResultOp>(op))
    return success();
  llvm::SmallVector<Value> results(op->getResults());
  if (auto custom = llvm::dyn_cast<CustomOp>(op))
    results = getFunctionResults(custom);
  if (llvm::none_of(results, [&](Value result) { return result && gradients.contains(result); }))
    return success();
  llvm::SmallVector<Value> operands = getReadValues(op);
  llvm::SmallVector<bool> isWanted;
  for (Value operand : operands)
    isWanted.push_back(isDifferentiable(operand) && influenced.contains(operand));
  if (!llvm::is_contained(isWanted, true))
    return success();
  if (llvm::isa<LoopOp, IfOp>(op)) {
    llvm::SmallVector<Value> resultGradients;
    for (Value result : op->getResults())
      resultGradients.push_back(gradients.lookup(result));
    auto loop = llvm::dyn_cast<LoopOp>(op);
    FailureOr<llvm::SmallVector<Value>> found =
        loop ? differentiateLoop(builder, loop, operands, resultGradients, isWanted, askedAt)
             : differentiateIf(builder, llvm::cast<IfOp>(op), operands, resultGradients, isWanted, askedAt);
    if (failed(found))
      return failure();
    for (auto [operand, gradient] : llvm::zip(operands, *found))
      if (gradient)
        add(operand, gradient);
    return success();
  }
  bool isFinite = finite.contains(op->getResult(0)) &&
                  llvm::all_of(op->getOperands(), [&](Value operand) { return finite.contains(operand); });
  GradientBuilder gradient(builder, op, gradients.lookup(op->getResult(0)), isWanted, isFinite, askedAt);
  gradient.setLookUp([&](Value value) { return gradients.lookup(value); });
  auto rule = llvm::dyn_cast<GradientOpInterface>(op);
  if (!rule)
    return gradient.reportMissingRule();
  if (failed(rule.buildGradients(gradient)))
    return failure();
  for (auto [operand, value] : llvm::zip(op->getOperands(), gradient.getGradients()))
    if (value)
      add(operand, value);
  return success();
}

} // namespace dlc
