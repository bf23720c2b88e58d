// SPDX-License-Identifier: Apache-2.0
#include "ir/LoadTimeConstants.h"
#include "ir/DlcDialect.h"
#include "ir/OpsConstant.h"
#include "ir/OpsParameter.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

using dlc::LoadTimeSource;

LoadTimeSource dlc::findLoadTimeSource(Value value) {
  LoadTimeSource source = LoadTimeSource::Constants;
  llvm::SmallPtrSet<Operation *, 8> seen;
  llvm::SmallVector<Value> pending{value};
  while (!pending.empty()) {
    Operation *op = pending.pop_back_val().getDefiningOp();
    if (!op)
      return LoadTimeSource::Run;
    if (!seen.insert(op).second || llvm::isa<ConstantOp>(op))
      continue;
    if (llvm::isa<LoadParameterOp>(op)) {
      source = LoadTimeSource::Weights;
      continue;
    }
    if (!llvm::isa<DimensionOpInterface>(op))
      return LoadTimeSource::Run;
    llvm::append_range(pending, op->getOperands());
  }
  return source;
}

dlc::LoadTimeValues::LoadTimeValues(Block &block) {
  block.walk<WalkOrder::PreOrder>([&](Operation *op) {
    LoadTimeSource source = llvm::isa<LoadParameterOp>(op) ? LoadTimeSource::Weights : LoadTimeSource::Constants;
    for (Value operand : op->getOperands()) {
      LoadTimeSource own = sources.lookup(operand);
      source =
          own == LoadTimeSource::Run || source == LoadTimeSource::Run ? LoadTimeSource::Run : std::max(source, own);
    }
    if (source == LoadTimeSource::Run || !(llvm::isa<DimensionOpInterface>(op) || op->hasTrait<WeightSource>()))
      return;
    for (Value result : op->getResults())
      sources[result] = source;
  });
}
