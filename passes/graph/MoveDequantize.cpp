// SPDX-License-Identifier: Apache-2.0
#include "ir/ConstantData.h"
#include "ir/OpsConstant.h"
#include "ir/OpsMovement.h"
#include "ir/OpsPooling.h"
#include "ir/OpsQuantization.h"
#include "mlir/IR/PatternMatch.h"
#include "passes/Passes.h"
#include "passes/graph/RewriteGraph.h"

#define DEBUG_TYPE "dlc-move-dequantize"

namespace dlc {
#define GEN_PASS_DEF_MOVEDEQUANTIZE
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

/// Whether two scales or zero points (null: none) are the same numbers.
bool areEqual(Value a, Value b) {
  if (a == b)
    return true;
  auto first = a ? a.getDefiningOp<dlc::ConstantOp>() : dlc::ConstantOp(),
       second = b ? b.getDefiningOp<dlc::ConstantOp>() : dlc::ConstantOp();
  if (first && second)
    return first.getValue() == second.getValue();
  // None is 0.
  return (!a && dlc::getUniformConstant(b) == 0.0) || (!b && dlc::getUniformConstant(a) == 0.0);
}

/// Whether `op` gives elements of its first operand as they are, or the largest of some.
bool keepsValues(Operation *op) { return op->hasTrait<dlc::MovesElements>() || llvm::isa<dlc::MaxPoolOp>(op); }

/// A dequantization with one scale for all elements, which is positive: larger elements are larger numbers.
dlc::DequantizeOp getUniform(Value value) {
  auto dequantize = value.getDefiningOp<dlc::DequantizeOp>();
  if (!dequantize || typeOf(dequantize.getScale()).getRank() != 0 ||
      (dequantize.getZeroPoint() && typeOf(dequantize.getZeroPoint()).getRank() != 0))
    return {};
  std::optional<double> scale = dlc::getUniformConstant(dequantize.getScale());
  return scale && *scale > 0 ? dequantize : dlc::DequantizeOp();
}

Value dequantizeLike(PatternRewriter &rewriter, dlc::DequantizeOp like, RankedTensorType type, Value x) {
  return dlc::DequantizeOp::create(rewriter, like.getLoc(), type, x, like.getScale(), like.getZeroPoint());
}

/// op(dequantize(x)) -> dequantize(op(x)).
struct MoveThrough final : RewritePattern {
  explicit MoveThrough(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}
  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!keepsValues(op))
      return failure();
    dlc::DequantizeOp dequantize = getUniform(op->getOperand(0));
    if (!dequantize)
      return rewriter.notifyMatchFailure(op, "the operand is not dequantized with one positive scale");
    if (llvm::isa<dlc::MaxPoolOp>(op) && !typeOf(dequantize.getX()).getElementType().isInteger(8))
      return rewriter.notifyMatchFailure(op, "only integers of 8 bits are compared");
    auto type = typeOf(op->getResult(0));
    Operation *moved = rewriter.clone(*op);
    moved->setOperand(0, dequantize.getX());
    moved->getResult(0).setType(RankedTensorType::get(type.getShape(), typeOf(dequantize.getX()).getElementType()));
    rewriter.replaceOp(op, dequantizeLike(rewriter, dequantize, type, moved->getResult(0)));
    return success();
  }
};

/// concat(dequantize(x), dequantize(y), ...) -> dequantize(concat(x, y, ...)), of equal scales and zero points.
struct MoveThroughConcat final : OpRewritePattern<dlc::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::ConcatOp op, PatternRewriter &rewriter) const override {
    llvm::SmallVector<Value> parts;
    dlc::DequantizeOp first;
    for (Value operand : op.getOperands()) {
      dlc::DequantizeOp own = getUniform(operand);
      if (!own || (first && (!areEqual(first.getScale(), own.getScale()) ||
                             !areEqual(first.getZeroPoint(), own.getZeroPoint()) ||
                             typeOf(first.getX()).getElementType() != typeOf(own.getX()).getElementType())))
        return rewriter.notifyMatchFailure(op, "the operands are not dequantized with equal scales");
      first = first ? first : own;
      parts.push_back(own.getX());
    }
    auto type = typeOf(op.getResult());
    auto joined = dlc::ConcatOp::create(rewriter, op.getLoc(),
                                        RankedTensorType::get(type.getShape(), typeOf(first.getX()).getElementType()),
                                        parts, op.getAxisAttr());
    rewriter.replaceOp(op, dequantizeLike(rewriter, first, type, joined));
    return success();
  }
};

/// quantize(dequantize(x)) -> x, with the same scale and zero point: for integers of 8 bits or fewer, the quotient of
/// the rounded product is within half of the integer that it comes from.
struct CancelQuantize final : OpRewritePattern<dlc::QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::QuantizeOp op, PatternRewriter &rewriter) const override {
    dlc::DequantizeOp dequantize = getUniform(op.getX());
    auto integer = llvm::dyn_cast<IntegerType>(op.getTo());
    constexpr double smallest = 1e-30, largest = 1e30; // neither subnormal nor infinite, whatever x
    std::optional<double> scale = dequantize ? dlc::getUniformConstant(dequantize.getScale()) : std::nullopt;
    if (!scale || *scale < smallest || *scale > largest || !integer || integer.getWidth() > 8 ||
        typeOf(dequantize.getX()).getElementType() != integer || !typeOf(op.getX()).getElementType().isF32() ||
        !areEqual(dequantize.getScale(), op.getScale()) || !areEqual(dequantize.getZeroPoint(), op.getZeroPoint()))
      return rewriter.notifyMatchFailure(op, "the operand is not dequantized in the same way");
    rewriter.replaceOp(op, dequantize.getX());
    return success();
  }
};

class MoveDequantize final : public dlc::impl::MoveDequantizeBase<MoveDequantize> {
  void runOnOperation() override {
    // The patterns are for ops of any kind.
    if (!getOperation()->walk([](dlc::DequantizeOp) { return WalkResult::interrupt(); }).wasInterrupted())
      return;
    RewritePatternSet patterns(&getContext());
    patterns.add<MoveThrough, MoveThroughConcat, CancelQuantize>(&getContext());
    if (failed(dlc::rewriteGraph(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
