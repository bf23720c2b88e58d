// SPDX-License-Identifier: Apache-2.0
#include "ir/LoopBuilder.h"
#include "ir/OpsControl.h"
#include "ir/OpsSize.h"

using namespace mlir;

namespace dlc {

RankedTensorType withSteps(Type slice, int64_t steps) {
  auto tensor = llvm::cast<RankedTensorType>(slice);
  llvm::SmallVector<int64_t> shape{steps};
  llvm::append_range(shape, tensor.getShape());
  return RankedTensorType::get(shape, tensor.getElementType());
}

LoopBuilder::LoopBuilder(OpBuilder &builder, Location location, ValueRange initialValues, ValueRange scanInputs,
                         bool isReverse, std::optional<int64_t> tripCount)
    : builder(builder), initialValues(initialValues) {
  llvm::SmallVector<Type> types{RankedTensorType::get({}, builder.getI64Type())};
  llvm::append_range(types, initialValues.getTypes());
  for (Type type : scanInputs.getTypes()) {
    auto tensor = llvm::cast<RankedTensorType>(type);
    types.push_back(RankedTensorType::get(tensor.getShape().drop_front(), tensor.getElementType()));
  }
  loop = LoopOp::create(builder, location, TypeRange(), ValueRange(), scanInputs, /*limit=*/Value(),
                        tripCount ? builder.getI64IntegerAttr(*tripCount) : IntegerAttr(), isReverse, /*stops=*/false);
  builder.createBlock(&loop->getRegion(0), {}, types, llvm::SmallVector<Location>(types.size(), location));
}

LoopBuilder::~LoopBuilder() {
  if (!loop)
    return;
  builder.setInsertionPointAfter(loop);
  loop->erase();
}

void LoopBuilder::setLimit(Value limit) { llvm::cast<LoopOp>(loop).getLimitMutable().assign(limit); }

Value LoopBuilder::insertLoopCarried(size_t i, Type type) {
  initialValues.insert(initialValues.begin() + i, Value());
  return getBlock().insertArgument(1 + i, type, loop->getLoc());
}

ResultRange LoopBuilder::finish(ValueRange next, ValueRange slices, Value stop) {
  assert(next.size() == initialValues.size() && "a step returns every loop-carried value");
  llvm::SmallVector<Value> returned(next);
  llvm::append_range(returned, slices);
  if (stop)
    returned.push_back(stop);
  auto op = llvm::cast<LoopOp>(loop);
  NextOp::create(builder, op.getLoc(), returned);

  llvm::SmallVector<Type> results(ValueRange(initialValues).getTypes());
  for (Type type : slices.getTypes())
    results.push_back(withSteps(type, op.getStaticStepCount()));
  op.setStops(stop != nullptr);
  if (op.mayEndEarly())
    results.push_back(RankedTensorType::get({}, builder.getI64Type()));
  LoopOp finished = rebuildLoop(builder, op, results, initialValues, op.getScanInputs());
  op.erase();
  loop = nullptr;
  builder.setInsertionPointAfter(finished);
  return finished->getResults();
}

LoopOp rebuildLoop(OpBuilder &builder, LoopOp loop, TypeRange results, ValueRange initialValues,
                   ValueRange scanInputs) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(loop);
  auto rebuilt = LoopOp::create(builder, loop.getLoc(), results, initialValues, scanInputs, loop.getLimit(),
                                loop.getTripCountAttr(), loop.getReverse(), loop.getStops());
  rebuilt->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
  rebuilt.getRegion().takeBody(loop.getRegion());
  return rebuilt;
}

bool decidesExtents(LoopOp loop) {
  return loop.getRegion().walk([](ReadbackOp) { return WalkResult::interrupt(); }).wasInterrupted();
}

} // namespace dlc
