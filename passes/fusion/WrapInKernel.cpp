// SPDX-License-Identifier: Apache-2.0
#include "passes/fusion/WrapInKernel.h"
#include "ir/Annotations.h"
#include "ir/ConstantData.h"
#include "ir/Layout.h"
#include "ir/Names.h"
#include "ir/OpsConstant.h"
#include "ir/OpsKernel.h"
#include "ir/OpsSize.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace dlc {

/// Whether a value is inside the kernels that read it: a shape, or a constant that is cheaper as an immediate than as
/// an input.
static bool belongsInside(Value value) {
  if (value.getDefiningOp<ShapeOp>())
    return true;
  auto constant = value.getDefiningOp<ConstantOp>();
  if (!constant || annotation::asInput.get(constant))
    return false;
  auto dense = llvm::dyn_cast<DenseElementsAttr>(constant.getValue());
  return dense && !getLayout(constant.getType()) && dense.isSplat() && dense.getNumElements() > 0;
}

/// After the layer. Ops of no layer are an optimizer's updates of a variable, or are named after their op.
static std::string makeKernelName(Operation *anchorOp, const VariableIndex &variables) {
  std::string layer = getLayerName(anchorOp->getLoc());
  if (!layer.empty())
    return layer;
  StringAttr variable = getVariableOfResult(anchorOp->getResult(0));
  if (variable && variables.getOldValue(variable))
    return (variable.getValue() + ".update").str();
  return anchorOp->getName().stripDialect().str();
}

/// Moves `ops`, of which `results` are read outside, into a kernel at the position of the last.
static KernelOp moveToKernel(llvm::ArrayRef<Operation *> ops, llvm::ArrayRef<Operation *> results, KernelKind kind,
                             Operation *anchorOp, const VariableIndex &variables) {
  Operation *last = ops.back();
  bool isCall = llvm::isa<CustomOp>(anchorOp);
  llvm::SetVector<Value> inputs, immediates;
  llvm::SmallPtrSet<Operation *, 8> inside(ops.begin(), ops.end());
  for (Operation *op : ops)
    for (Value operand : op->getOperands()) {
      if (operand.getDefiningOp() && inside.contains(operand.getDefiningOp()))
        continue;
      if (auto shape = operand.getDefiningOp<ShapeOp>())
        inputs.insert(shape.operand_begin(), shape.operand_end());
      // A function reads its operands in memory.
      bool isInside = belongsInside(operand) && (!isCall || operand.getDefiningOp<ShapeOp>());
      (isInside ? immediates : inputs).insert(operand);
    }
  llvm::SmallVector<Type> types;
  for (Operation *op : results)
    types.push_back(op->getResult(0).getType());
  OpBuilder builder(last);
  // The name of what a kernel computes (its last op's) is what layer-by-layer comparison shows.
  llvm::SmallVector<Location> locations;
  for (Operation *op : ops)
    locations.push_back(op->getLoc());
  auto kernel = KernelOp::create(builder, FusedLoc::get(builder.getContext(), locations), types,
                                 makeKernelName(anchorOp, variables), kind, inputs.getArrayRef(), ArrayAttr(),
                                 ArrayAttr(), ArrayAttr());
  Block *body = builder.createBlock(&kernel.getBody());
  IRMapping mapping;
  for (Value input : inputs)
    mapping.map(input, body->addArgument(input.getType(), input.getLoc()));
  builder.setInsertionPointToEnd(body);
  for (Value immediate : immediates)
    mapping.map(immediate, builder.clone(*immediate.getDefiningOp(), mapping)->getResult(0));
  for (Operation *op : ops)
    builder.clone(*op, mapping);
  llvm::SmallVector<Value> yielded;
  for (Operation *op : results)
    yielded.push_back(mapping.lookup(op->getResult(0)));
  YieldOp::create(builder, last->getLoc(), yielded);
  for (auto [op, result] : llvm::zip(results, kernel.getOutputs()))
    op->getResult(0).replaceUsesWithIf(result, [&](OpOperand &use) { return !inside.contains(use.getOwner()); });
  for (Operation *op : llvm::reverse(ops))
    op->erase();
  return kernel;
}

KernelOp wrapInKernel(llvm::ArrayRef<Operation *> ops, KernelKind kind, Operation *anchorOp,
                      const VariableIndex &variables) {
  llvm::SmallVector<Operation *> results{ops.back()};
  for (Operation *op : ops.drop_back())
    if (llvm::any_of(op->getUsers(), [&](Operation *user) { return !llvm::is_contained(ops, user); }))
      results.push_back(op);
  return moveToKernel(ops, results, kind, anchorOp, variables);
}

KernelOp wrapCustomOp(CustomOp op, const VariableIndex &variables) {
  // Kernels are merged and kept without their locations.
  op.setLayer(getLayerName(op.getLoc()));
  llvm::SmallVector<Operation *> ops{op};
  for (auto [number, result] : llvm::enumerate(getFunctionResults(op))) {
    if (number == 0)
      continue;
    Operation *further = result ? result.getDefiningOp() : nullptr;
    if (!further) {
      OpBuilder builder(op->getContext());
      builder.setInsertionPointAfter(ops.back());
      further = CustomResultOp::create(builder, op.getLoc(), number, op.getResult(), op->getOperands());
    }
    // They read what the function reads, so that they can be where it is.
    further->moveAfter(ops.back());
    ops.push_back(further);
  }
  return moveToKernel(ops, ops, op.getKernelKind(), op, variables);
}

KernelOp createCopyKernel(OpBuilder &builder, Location location, Value value, llvm::StringRef name) {
  OpBuilder::InsertionGuard guard(builder);
  auto kernel = KernelOp::create(builder, location, TypeRange(value.getType()), name, KernelKind::Movement, value,
                                 ArrayAttr(), ArrayAttr(), ArrayAttr());
  Block *body = builder.createBlock(&kernel.getBody());
  YieldOp::create(builder, location, body->addArgument(value.getType(), location));
  return kernel;
}

KernelKind getKernelKind(Operation *op) { return llvm::cast<KernelOpInterface>(op).getKernelKind(); }

bool needsKernel(Operation *op) {
  return op->getName().getDialectNamespace() == DlcDialect::getDialectNamespace() && op->getNumResults() == 1 &&
         !op->hasTrait<OutsideKernels>();
}

bool KernelBudget::spend(Operation *op) {
  int64_t cost = op->hasTrait<Transcendental>() ? 4 : 1;
  if (cost > left)
    return false;
  left -= cost;
  return true;
}

/// Whether `value` is the old value of a variable to which the function gives a new one, or is made from it by
/// elementwise ops of its type alone.
static bool isOldVariable(Value value, const VariableIndex &variables) {
  // No optimizer takes more steps from the old value to the new one.
  constexpr int longestUpdate = 64;
  for (int i = 0; i < longestUpdate; ++i) {
    Operation *op = value.getDefiningOp();
    if (!op)
      break;
    if (!op->hasTrait<Elementwise>())
      return false;
    auto same = llvm::find_if(op->getOperands(), [&](Value operand) { return operand.getType() == value.getType(); });
    if (same == op->operand_end())
      return false;
    value = *same;
  }
  StringAttr variable = getVariableOfArgument(value);
  return variable && variables.changes(variable);
}

/// The op that `appendFusibleUsers` appends to `last`; null if there is none.
static Operation *getFusibleUser(Operation *last, const VariableIndex &variables) {
  Value result = last->getResult(0);
  if (!result.hasOneUse())
    return nullptr;
  Operation *user = *result.user_begin();
  if (!user->hasTrait<Elementwise>() || user->getBlock() != last->getBlock())
    return nullptr;
  auto type = llvm::cast<RankedTensorType>(result.getType()),
       userType = llvm::cast<RankedTensorType>(user->getResult(0).getType());
  // The epilogue runs over the anchor op's tile, so nothing may broadcast the anchor op's result.
  if (type.getShape() != userType.getShape())
    return nullptr;
  auto orderOf = [](RankedTensorType tensor) {
    LayoutAttr layout = getLayout(tensor);
    return layout ? layout.getOrder() : DenseI64ArrayAttr();
  };
  bool isUpdate = llvm::any_of(user->getOperands(), [&](Value operand) {
    return operand != result && operand.getType() == userType && isOldVariable(operand, variables);
  });
  return !isUpdate && orderOf(type) == orderOf(userType) ? user : nullptr;
}

void appendFusibleUsers(llvm::SmallVectorImpl<Operation *> &group, const VariableIndex &variables) {
  KernelBudget budget;
  while (Operation *user = getFusibleUser(group.back(), variables)) {
    if (!budget.spend(user))
      return;
    group.push_back(user);
  }
}

} // namespace dlc
