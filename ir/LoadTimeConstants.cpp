// SPDX-License-Identifier: Apache-2.0
#include "ir/LoadTimeConstants.h"
#include "ir/DlcDialect.h"
#include "ir/OpsConstant.h"
#include "ir/OpsParameter.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

bool dlc::dependsOnWeightsOnly(Value value) {
  bool readsParameter = false;
  llvm::SmallPtrSet<Operation *, 8> seen;
  llvm::SmallVector<Value> pending{value};
  while (!pending.empty()) {
    Operation *op = pending.pop_back_val().getDefiningOp();
    if (!op)
      return false;
    if (!seen.insert(op).second || llvm::isa<ConstantOp>(op))
      continue;
    if (llvm::isa<LoadParameterOp>(op)) {
      readsParameter = true;
      continue;
    }
    if (!llvm::isa<DimensionOpInterface>(op))
      return false;
    llvm::append_range(pending, op->getOperands());
  }
  return readsParameter;
}

dlc::LoadTimeValues::LoadTimeValues(Block &block) {
  block.walk<WalkOrder::PreOrder>([&](Operation *op) {
    Source source = llvm::isa<LoadParameterOp>(op) ? Source::Weights : Source::Constants;
    for (Value operand : op->getOperands()) {
      Source own = sources.lookup(operand);
      source = own == Source::Run || source == Source::Run ? Source::Run : std::max(source, own);
    }
    if (source == Source::Run || !(llvm::isa<DimensionOpInterface>(op) || op->hasTrait<WeightSource>()))
      return;
    for (Value result : op->getResults())
      sources[result] = source;
  });
}

bool dlc::LoadTimeValues::isLoadTimeConstant(Value value) const {
  return value.getDefiningOp<ConstantOp>() || dependsOnWeightsOnly(value);
}

bool dlc::isLoadTimeConstant(Value value) { return value.getDefiningOp<ConstantOp>() || dependsOnWeightsOnly(value); }
