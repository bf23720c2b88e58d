// SPDX-License-Identifier: Apache-2.0
#include "ir/ControlFlow.h"
#include "ir/DlcDialect.h"
#include "ir/OpsControl.h"

using namespace mlir;

namespace dlc {

Block::BlockArgListType LoopOp::getRegionIterArgs() {
  Block::BlockArgListType arguments = getBody()->getArguments();
  // Verifiers ask of steps with too few arguments or results, too.
  return arguments.drop_front(std::min<size_t>(1, arguments.size())).take_front(getInitialValues().size());
}
llvm::SmallVector<Region *> LoopOp::getLoopRegions() { return {&getRegion()}; }
llvm::MutableArrayRef<OpOperand> LoopOp::getInitsMutable() { return getInitialValuesMutable(); }
std::optional<llvm::MutableArrayRef<OpOperand>> LoopOp::getYieldedValuesMutable() {
  return llvm::MutableArrayRef<OpOperand>(getNext().getValuesMutable()).take_front(getInitialValues().size());
}
std::optional<ResultRange> LoopOp::getLoopResults() { return getFinalValues(); }

OperandRange LoopOp::getEntrySuccessorOperands(RegionSuccessor) { return getInitialValues(); }
void LoopOp::getSuccessorRegions(RegionBranchPoint, llvm::SmallVectorImpl<RegionSuccessor> &regions) {
  regions.push_back(RegionSuccessor(&getRegion(), getRegionIterArgs()));
  regions.push_back(RegionSuccessor(getOperation(), getFinalValues()));
}
void NextOp::build(OpBuilder &, OperationState &) {}
MutableOperandRange NextOp::getMutableSuccessorOperands(RegionSuccessor) {
  auto loop = llvm::cast<LoopOp>(getOperation()->getParentOp());
  return getValuesMutable().slice(0, std::min<size_t>(loop.getInitialValues().size(), getValues().size()));
}

NextOp LoopOp::getNext() { return llvm::cast<NextOp>(getBody()->getTerminator()); }
OperandRange LoopOp::getNextValues() { return getNext().getValues().take_front(getInitialValues().size()); }
OperandRange LoopOp::getOutputSlices() {
  return getNext().getValues().drop_front(getInitialValues().size()).drop_back(getStops() ? 1 : 0);
}
Value LoopOp::getStop() { return getStops() ? getNext().getValues().back() : Value(); }
ResultRange LoopOp::getFinalValues() { return getOutputs().take_front(getInitialValues().size()); }
ResultRange LoopOp::getScanOutputs() {
  return getOutputs().drop_front(getInitialValues().size()).drop_back(mayEndEarly() ? 1 : 0);
}
Value LoopOp::getStepCount() { return mayEndEarly() ? Value(getOutputs().back()) : Value(); }
int64_t LoopOp::getStaticStepCount() {
  if (getTripCount())
    return *getTripCount();
  for (Type type : getScanInputs().getTypes())
    if (auto tensor = llvm::cast<RankedTensorType>(type); !tensor.isDynamicDim(0))
      return tensor.getDimSize(0);
  return ShapedType::kDynamic;
}

void IfOp::getSuccessorRegions(RegionBranchPoint point, llvm::SmallVectorImpl<RegionSuccessor> &regions) {
  if (!point.isParent()) {
    regions.push_back(RegionSuccessor(getOperation(), getResults()));
    return;
  }
  for (Region &branch : getOperation()->getRegions())
    regions.push_back(RegionSuccessor(&branch));
}
void EndIfOp::build(OpBuilder &, OperationState &) {}
MutableOperandRange EndIfOp::getMutableSuccessorOperands(RegionSuccessor) { return getValuesMutable(); }
EndIfOp IfOp::getEnd(unsigned branch) {
  return llvm::cast<EndIfOp>(getOperation()->getRegion(branch).front().getTerminator());
}

llvm::SmallVector<Block *> getGraphBlocks(func::FuncOp function) {
  llvm::SmallVector<Block *> blocks;
  if (function.isExternal())
    return blocks;
  function.walk([&](RegionBranchOpInterface op) {
    for (Region &region : op->getRegions())
      blocks.push_back(&region.front());
  });
  blocks.push_back(&function.getBody().front());
  return blocks;
}

Operation *getOutermostControlFlow(Operation *op) {
  Operation *outermost = nullptr;
  for (auto around = op->getParentOfType<RegionBranchOpInterface>(); around;
       around = around->getParentOfType<RegionBranchOpInterface>())
    outermost = around;
  return outermost;
}

ResultRange OutlinedLoopOp::getFinalValues() { return getOutputs().take_front(getInitialValues().size()); }
ResultRange OutlinedLoopOp::getScanOutputs() {
  return getOutputs().drop_front(getInitialValues().size()).drop_back(mayEndEarly() ? 1 : 0);
}
Value OutlinedLoopOp::getStepCount() { return mayEndEarly() ? Value(getOutputs().back()) : Value(); }

} // namespace dlc
