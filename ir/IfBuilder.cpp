// SPDX-License-Identifier: Apache-2.0
#include "ir/IfBuilder.h"
#include "ir/OpsControl.h"
#include "llvm/ADT/BitVector.h"

using namespace mlir;

namespace dlc {

IfBuilder::IfBuilder(OpBuilder &builder, Location location, Value condition) : builder(builder) {
  op = IfOp::create(builder, location, TypeRange(), condition, ExtentChecksAttr(), ExtentChecksAttr());
}

IfBuilder::~IfBuilder() {
  if (!op)
    return;
  builder.setInsertionPointAfter(op);
  op->erase();
}

void IfBuilder::enter(unsigned branch) { builder.createBlock(&op->getRegion(branch)); }

void IfBuilder::endBranch(ValueRange values) { EndIfOp::create(builder, op->getLoc(), values); }

void IfBuilder::setChecks(unsigned branch, ExtentChecksAttr checks) {
  if (branch == 0)
    llvm::cast<IfOp>(op).setThenChecksAttr(checks);
  else
    llvm::cast<IfOp>(op).setElseChecksAttr(checks);
}

ResultRange IfBuilder::finish(TypeRange types) {
  IfOp finished = rebuildIf(builder, llvm::cast<IfOp>(op), types);
  op->erase();
  op = nullptr;
  builder.setInsertionPointAfter(finished);
  return finished->getResults();
}

IfOp rebuildIf(OpBuilder &builder, IfOp op, TypeRange results) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(op);
  auto rebuilt =
      IfOp::create(builder, op.getLoc(), results, op.getCondition(), op.getThenChecksAttr(), op.getElseChecksAttr());
  rebuilt->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  for (auto [from, to] : llvm::zip(op->getRegions(), rebuilt->getRegions()))
    to.takeBody(from);
  return rebuilt;
}

IfOp dropUnreadResults(RewriterBase &rewriter, IfOp op) {
  llvm::BitVector unread(op->getNumResults());
  llvm::SmallVector<Value> read;
  for (OpResult result : op->getResults()) {
    if (result.use_empty())
      unread.set(result.getResultNumber());
    else
      read.push_back(result);
  }
  if (unread.none())
    return op;
  IfOp pruned = rebuildIf(rewriter, op, ValueRange(read).getTypes());
  for (unsigned branch : {0, 1})
    rewriter.modifyOpInPlace(pruned.getEnd(branch), [&]() { pruned.getEnd(branch)->eraseOperands(unread); });
  for (auto [before, after] : llvm::zip(read, pruned.getOutputs()))
    rewriter.replaceAllUsesWith(before, after);
  rewriter.eraseOp(op);
  return pruned;
}

} // namespace dlc
