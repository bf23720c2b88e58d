// SPDX-License-Identifier: Apache-2.0
#include "ir/LoopBuilder.h"
#include "ir/Names.h"
#include "ir/OpsConstant.h"
#include "ir/OpsControl.h"
#include "ir/OpsSize.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace dlc {

/// `FUNCTION.NAME` as an identifier, with a number appended if the module already has such a function.
static std::string makeStepName(func::FuncOp function, llvm::StringRef name) {
  std::string base = (function.getName() + ".").str();
  for (char c : name)
    base += llvm::isAlnum(c) || c == '.' ? c : '_';
  return makeSymbolName(function->getParentOp(), base);
}

LoopBuilder::LoopBuilder(OpBuilder &builder, Location location, llvm::StringRef name, ValueRange carried,
                         ValueRange scanned, bool isReverse, std::optional<int64_t> tripCount)
    : builder(builder), outside(builder.saveInsertionPoint()), location(location), carried(carried), scanned(scanned),
      isReverse(isReverse), tripCount(tripCount) {
  llvm::SmallVector<Type> types{RankedTensorType::get({}, builder.getI64Type())};
  llvm::append_range(types, carried.getTypes());
  for (Type type : scanned.getTypes()) {
    auto tensor = llvm::cast<RankedTensorType>(type);
    types.push_back(RankedTensorType::get(tensor.getShape().drop_front(), tensor.getElementType()));
  }
  auto function = llvm::cast<func::FuncOp>(outside.getBlock()->getParentOp());
  std::string stepName = makeStepName(function, name);
  builder.setInsertionPoint(function);
  body = func::FuncOp::create(builder, location, stepName, builder.getFunctionType(types, {}));
  body.setPrivate();
  builder.setInsertionPointToEnd(body.addEntryBlock());
}

LoopBuilder::~LoopBuilder() {
  if (!body)
    return;
  builder.restoreInsertionPoint(outside);
  body.erase();
}

/// Collects `value` and what it depends on, operands before users, if that is only constants, parameters and ops
/// without side effects; fails otherwise.
static LogicalResult collectConstantWork(Value value, llvm::SetVector<Operation *> &work) {
  llvm::SmallVector<Value> pending{value};
  llvm::SmallPtrSet<Operation *, 8> entered;
  while (!pending.empty()) {
    Operation *op = pending.back().getDefiningOp();
    if (!op)
      return failure();
    bool isSource = llvm::isa<ConstantOp, LoadParameterOp>(op);
    if (!isSource && !(llvm::isa<DimensionOpInterface>(op) && op->getNumOperands() > 0 && isMemoryEffectFree(op)))
      return failure();
    if (!isSource && entered.insert(op).second) {
      llvm::append_range(pending, llvm::reverse(op->getOperands()));
      continue;
    }
    work.insert(op);
    pending.pop_back();
  }
  return success();
}

Value LoopBuilder::bring(Value outer) {
  if (Value known = brought.lookup(outer))
    return known;
  // A shape has no memory that a loop could bring; its operands have.
  if (auto shape = outer.getDefiningOp<ShapeOp>()) {
    IRMapping mapping;
    for (Value operand : shape.getOperands())
      mapping.map(operand, bring(operand));
    return brought[outer] = builder.clone(*shape, mapping)->getResult(0);
  }
  llvm::SetVector<Operation *> work;
  if (failed(collectConstantWork(outer, work))) {
    invariants.push_back(outer);
    return brought[outer] = body.getBody().front().addArgument(outer.getType(), outer.getLoc());
  }
  for (Operation *op : work) {
    Value &inner = brought[op->getResult(0)];
    if (inner)
      continue;
    IRMapping mapping;
    for (Value operand : op->getOperands())
      mapping.map(operand, brought.lookup(operand));
    inner = builder.clone(*op, mapping)->getResult(0);
  }
  return brought.lookup(outer);
}

ResultRange LoopBuilder::finish(ValueRange next, ValueRange stacked) {
  llvm::SmallVector<Value> returned(next);
  llvm::append_range(returned, stacked);
  func::ReturnOp::create(builder, location, returned);
  body.setType(builder.getFunctionType(body.getBody().front().getArgumentTypes(), ValueRange(returned).getTypes()));

  int64_t steps = tripCount.value_or(ShapedType::kDynamic);
  for (Value value : scanned)
    if (int64_t own = llvm::cast<RankedTensorType>(value.getType()).getDimSize(0); !ShapedType::isDynamic(own))
      steps = own;
  llvm::SmallVector<Type> results(ValueRange(carried).getTypes());
  for (Type type : stacked.getTypes()) {
    auto tensor = llvm::cast<RankedTensorType>(type);
    llvm::SmallVector<int64_t> shape{steps};
    llvm::append_range(shape, tensor.getShape());
    results.push_back(RankedTensorType::get(shape, tensor.getElementType()));
  }
  builder.restoreInsertionPoint(outside);
  auto loop = LoopOp::create(builder, location, results, body.getName(), carried, scanned, invariants,
                             tripCount ? builder.getI64IntegerAttr(*tripCount) : IntegerAttr(), isReverse);
  body = nullptr;
  return loop->getResults();
}

} // namespace dlc
