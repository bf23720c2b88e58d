// SPDX-License-Identifier: Apache-2.0
// What becomes of a `dlc.if` that decides nothing.
#include "ir/ConstantData.h"
#include "ir/IfBuilder.h"
#include "ir/OpsConstant.h"
#include "ir/OpsControl.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace {

/// Replaces the op by the branch that a constant condition takes.
class TakeKnownBranch final : public OpRewritePattern<dlc::IfOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::IfOp op, PatternRewriter &rewriter) const override {
    auto condition = dlc::ConstantData::get(op.getCondition());
    if (!condition)
      return rewriter.notifyMatchFailure(op, "only a run knows the condition");
    // The conditions of the branch would become those of every run, which a pattern that sees one op cannot say.
    bool isTaken = condition->getDouble(0) != 0;
    if (isTaken ? op.getThenChecks() : op.getElseChecks())
      return rewriter.notifyMatchFailure(op, "the branch has checks of its own");
    Block &branch = op->getRegion(isTaken ? 0 : 1).front();
    auto end = llvm::cast<dlc::EndIfOp>(branch.getTerminator());
    llvm::SmallVector<Value> values(end.getValues());
    rewriter.eraseOp(end);
    rewriter.inlineBlockBefore(&branch, op);
    rewriter.replaceOp(op, values);
    return success();
  }
};

class DropUnreadResults final : public OpRewritePattern<dlc::IfOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::IfOp op, PatternRewriter &rewriter) const override {
    return success(dlc::dropUnreadResults(rewriter, op) != op);
  }
};

/// A result that is the same value of the code around the op in both branches.
class ReplaceEqualResults final : public OpRewritePattern<dlc::IfOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::IfOp op, PatternRewriter &rewriter) const override {
    bool hasChanged = false;
    for (auto [onTrue, onFalse, result] :
         llvm::zip(op.getEnd(0).getValues(), op.getEnd(1).getValues(), op->getResults())) {
      if (onTrue != onFalse || onTrue.getType() != result.getType() || result.use_empty())
        continue;
      rewriter.replaceAllUsesWith(result, onTrue);
      hasChanged = true;
    }
    return success(hasChanged);
  }
};

/// Inside a branch the condition is known.
class PropagateCondition final : public OpRewritePattern<dlc::IfOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::IfOp op, PatternRewriter &rewriter) const override {
    bool hasChanged = false;
    for (unsigned branch : {0, 1}) {
      Region &region = op->getRegion(branch);
      Value known;
      for (OpOperand &use : llvm::make_early_inc_range(op.getCondition().getUses())) {
        if (!region.isAncestor(use.getOwner()->getParentRegion()))
          continue;
        if (!known) {
          rewriter.setInsertionPointToStart(&region.front());
          auto type = llvm::cast<RankedTensorType>(op.getCondition().getType());
          known = dlc::ConstantOp::create(rewriter, op.getLoc(), type, DenseElementsAttr::get(type, branch == 0));
        }
        rewriter.modifyOpInPlace(use.getOwner(), [&]() { use.set(known); });
        hasChanged = true;
      }
    }
    return success(hasChanged);
  }
};

} // namespace

void dlc::IfOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<TakeKnownBranch, DropUnreadResults, ReplaceEqualResults, PropagateCondition>(context);
}
