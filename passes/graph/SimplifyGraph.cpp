// SPDX-License-Identifier: Apache-2.0
#include "ir/ConstantData.h"
#include "ir/GradientBuilder.h"
#include "ir/OpsActivation.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsLinear.h"
#include "ir/OpsMovement.h"
#include "ir/OpsSelection.h"
#include "ir/OpsShape.h"
#include "mlir/IR/PatternMatch.h"
#include "passes/Passes.h"
#include "passes/graph/RewriteGraph.h"
#include <cmath>

#define DEBUG_TYPE "dlc-simplify-graph"

namespace dlc {
#define GEN_PASS_DEF_SIMPLIFYGRAPH
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// `op`'s operand that is the splat `value` (within f32 rounding) makes its other operand the result.
template <typename BinaryOp> Value getOtherOperand(BinaryOp op, double value) {
  for (auto [constant, other] : {std::pair(op.getRhs(), op.getLhs()), std::pair(op.getLhs(), op.getRhs())})
    if (auto splat = dlc::getUniformFloat(constant); splat && std::abs(*splat - value) <= 1e-6 * std::abs(value))
      return other;
  return {};
}

/// erf(x / sqrt(2)), written as a division or a multiplication; returns x.
Value matchScaledErf(Value value) {
  auto erf = value.getDefiningOp<dlc::ErfOp>();
  if (!erf)
    return {};
  if (auto div = erf.getX().getDefiningOp<dlc::DivOp>()) {
    auto divisor = dlc::getUniformFloat(div.getRhs());
    return divisor && std::abs(*divisor - M_SQRT2) < 1e-6 ? div.getLhs() : Value();
  }
  if (auto mul = erf.getX().getDefiningOp<dlc::MulOp>())
    return getOtherOperand(mul, M_SQRT1_2);
  return {};
}

/// A product with a vector as one with a matrix of one row or column, which register tiles and dot products compute.
struct MakeMatrices final : OpRewritePattern<dlc::MatMulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::MatMulOp op, PatternRewriter &rewriter) const override {
    auto isVector = [](Value x) { return llvm::cast<RankedTensorType>(x.getType()).getRank() == 1; };
    bool isRow = isVector(op.getLhs()), isColumn = isVector(op.getRhs());
    if ((!isRow && !isColumn) || (isRow && op.getTransposeLhs()) || (isColumn && op.getTransposeRhs()))
      return rewriter.notifyMatchFailure(op, "no vector");
    auto reshape = [&](Value x, llvm::ArrayRef<int64_t> shape) -> Value {
      return dlc::ReshapeOp::create(rewriter, op.getLoc(), x, shape);
    };
    Value lhs = op.getLhs(), rhs = op.getRhs();
    if (isRow)
      lhs = reshape(lhs, {1, dlc::getReshapeExtent(lhs, 0)});
    if (isColumn)
      rhs = reshape(rhs, {dlc::getReshapeExtent(rhs, 0), 1});
    Value product = dlc::MatMulOp::create(rewriter, op.getLoc(), lhs, rhs, op.getTransposeLhs(), op.getTransposeRhs());
    llvm::SmallVector<int64_t> shape = dlc::getShapeFrom(product);
    if (isColumn)
      shape.pop_back();
    if (isRow)
      shape.erase(shape.end() - (isColumn ? 1 : 2));
    Value result = reshape(product, shape);
    if (result.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "another type");
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// x * 0.5 * (1 + erf(x / sqrt(2))), in any order of the products.
struct FormGelu final : OpRewritePattern<dlc::MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::MulOp op, PatternRewriter &rewriter) const override {
    // The factors of the product, through one level of multiplication.
    llvm::SmallVector<Value, 3> factors;
    for (Value operand : op->getOperands()) {
      auto inner = operand.getDefiningOp<dlc::MulOp>();
      if (inner && factors.size() < 2 && inner->hasOneUse())
        llvm::append_range(factors, inner->getOperands());
      else
        factors.push_back(operand);
    }
    if (factors.size() != 3)
      return rewriter.notifyMatchFailure(op, "no product of three factors");
    Value x, plain;
    bool hasHalf = false;
    for (Value factor : factors) {
      auto splat = dlc::getUniformFloat(factor);
      auto add = factor.getDefiningOp<dlc::AddOp>();
      Value erf = add ? getOtherOperand(add, 1.0) : Value();
      if (splat && *splat == 0.5)
        hasHalf = true;
      else if (Value operand = erf ? matchScaledErf(erf) : Value())
        x = operand;
      else
        plain = factor;
    }
    if (!x || !hasHalf || plain != x || x.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "not the gelu of one value");
    rewriter.replaceOpWithNewOp<dlc::GeluOp>(op, op.getType(), x, rewriter.getBoolAttr(false));
    return success();
  }
};

/// x * sigmoid(x) -> swish(x).
struct FormSwish final : OpRewritePattern<dlc::MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::MulOp op, PatternRewriter &rewriter) const override {
    for (auto [a, b] : {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())})
      if (auto sigmoid = b.getDefiningOp<dlc::SigmoidOp>(); sigmoid && sigmoid.getX() == a) {
        rewriter.replaceOpWithNewOp<dlc::SwishOp>(op, op.getType(), a, rewriter.getF64FloatAttr(1.0));
        return success();
      }
    return rewriter.notifyMatchFailure(op, "no operand is the sigmoid of the other");
  }
};

/// The elements of top_k where their indices are needed, too -> those at the indices.
struct ShareSelection final : OpRewritePattern<dlc::TopKOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::TopKOp op, PatternRewriter &rewriter) const override {
    if (op.getIndices())
      return rewriter.notifyMatchFailure(op, "has indices");
    for (Operation *user : op.getX().getUsers()) {
      auto indices = llvm::dyn_cast<dlc::TopKIndicesOp>(user);
      if (!indices || indices->getBlock() != op->getBlock() || indices.getK() != op.getK() ||
          indices.getAxis() != op.getAxis() || indices.getSmallest() != op.getSmallest())
        continue;
      if (op->isBeforeInBlock(indices))
        rewriter.moveOpBefore(indices, op);
      rewriter.modifyOpInPlace(op, [&] { op.getIndicesMutable().assign(indices); });
      return success();
    }
    return rewriter.notifyMatchFailure(op, "nobody needs the indices");
  }
};

/// max(x, c) and min(x, c) with a scalar c -> clamp, which needs no memory for c.
template <typename ExtremeOp, bool isMax> struct FormClamp final : OpRewritePattern<ExtremeOp> {
  using OpRewritePattern<ExtremeOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(ExtremeOp op, PatternRewriter &rewriter) const override {
    for (auto [x, limit] : {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())}) {
      auto splat = dlc::getUniformFloat(limit);
      if (!splat || std::isnan(*splat) || x.getType() != op.getType())
        continue;
      FloatAttr value = rewriter.getF64FloatAttr(*splat);
      rewriter.template replaceOpWithNewOp<dlc::ClampOp>(op, op.getType(), x, isMax ? value : FloatAttr(),
                                                         isMax ? FloatAttr() : value);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no operand is a scalar constant");
  }
};

/// clamp(clamp(x)) and clamp(relu(x)) -> one clamp, if the outer interval reaches into the inner one.
struct MergeClamps final : OpRewritePattern<dlc::ClampOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::ClampOp op, PatternRewriter &rewriter) const override {
    double low = -INFINITY, high = INFINITY;
    Value x;
    if (auto inner = op.getX().getDefiningOp<dlc::ClampOp>()) {
      low = inner.getLow() ? inner.getLow()->convertToDouble() : low;
      high = inner.getHigh() ? inner.getHigh()->convertToDouble() : high;
      x = inner.getX();
    } else if (auto relu = op.getX().getDefiningOp<dlc::ReluOp>()) {
      low = 0;
      x = relu.getX();
    } else {
      return rewriter.notifyMatchFailure(op, "operand is not a clamp");
    }
    double outerLow = op.getLow() ? op.getLow()->convertToDouble() : -INFINITY;
    double outerHigh = op.getHigh() ? op.getHigh()->convertToDouble() : INFINITY;
    // min(max(min(max(x, l), h), L), H) is min(max(x, max(l, L)), min(h, H)) if the intervals meet.
    low = std::max(low, outerLow);
    high = std::min(high, outerHigh);
    if (low > high)
      return rewriter.notifyMatchFailure(op, "the intervals do not meet");
    auto toAttr = [&](double value) { return std::isinf(value) ? FloatAttr() : rewriter.getF64FloatAttr(value); };
    rewriter.replaceOpWithNewOp<dlc::ClampOp>(op, op.getType(), x, toAttr(low), toAttr(high));
    return success();
  }
};

/// Collects the leaves of a sum of sums that nobody else reads, in order. Fails at the first one, from the sum on, that
/// does not meet `accepts`: of a long sum, which is asked at each of its ops, few leaves are looked at then.
LogicalResult collectTerms(dlc::AddOp sum, llvm::SmallVectorImpl<Value> &terms,
                           llvm::function_ref<bool(Value)> accepts) {
  auto getInnerSum = [](Value value) {
    auto add = value.getDefiningOp<dlc::AddOp>();
    return add && add->hasOneUse() ? add : dlc::AddOp();
  };
  llvm::SmallVector<dlc::AddOp> sums{sum};
  for (size_t i = 0; i < sums.size(); ++i)
    for (Value operand : sums[i]->getOperands()) {
      if (dlc::AddOp inner = getInnerSum(operand))
        sums.push_back(inner);
      else if (!accepts(operand))
        return failure();
    }
  llvm::SmallVector<Value> pending{sum.getRhs(), sum.getLhs()};
  while (!pending.empty()) {
    Value value = pending.pop_back_val();
    if (dlc::AddOp inner = getInnerSum(value))
      pending.append({inner.getRhs(), inner.getLhs()});
    else
      terms.push_back(value);
  }
  return success();
}

/// A sum of tensors that zeros pad along one axis, each where the others are zero -> concat. The gradient of what is
/// sliced into gates or heads.
struct JoinPaddedTerms final : OpRewritePattern<dlc::AddOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::AddOp op, PatternRewriter &rewriter) const override {
    auto type = llvm::cast<RankedTensorType>(op.getType());
    llvm::SmallVector<Value> terms;
    auto isPadded = [&](Value term) {
      auto pad = term.getDefiningOp<dlc::PadOp>();
      return pad && pad.getMode() == dlc::PadMode::Constant && !pad.getValue() && term.getType() == type;
    };
    if (failed(collectTerms(op, terms, isPadded)))
      return rewriter.notifyMatchFailure(op, "a term is not padded with zeros");
    int64_t axis = -1;
    llvm::SmallVector<std::pair<int64_t, Value>> parts;
    for (Value term : terms) {
      auto pad = term.getDefiningOp<dlc::PadOp>();
      for (auto [dim, low, high] : llvm::enumerate(pad.getLow(), pad.getHigh())) {
        if (low == 0 && high == 0)
          continue;
        if (low < 0 || high < 0 || (axis >= 0 && axis != static_cast<int64_t>(dim)))
          return rewriter.notifyMatchFailure(op, "terms are cropped, or padded along several axes");
        axis = dim;
      }
      parts.push_back({axis < 0 ? 0 : pad.getLow()[axis], pad.getX()});
    }
    if (axis < 0 || type.isDynamicDim(axis))
      return rewriter.notifyMatchFailure(op, "no axis of known extent is padded");
    llvm::stable_sort(parts, [](const auto &a, const auto &b) { return a.first < b.first; });
    int64_t end = 0;
    llvm::SmallVector<Value> operands;
    for (auto [start, part] : parts) {
      if (start != end || llvm::cast<RankedTensorType>(part.getType()).isDynamicDim(axis))
        return rewriter.notifyMatchFailure(op, "terms overlap, or leave a gap");
      end += llvm::cast<RankedTensorType>(part.getType()).getDimSize(axis);
      operands.push_back(part);
    }
    if (end != type.getDimSize(axis))
      return rewriter.notifyMatchFailure(op, "terms leave a gap");
    rewriter.replaceOpWithNewOp<dlc::ConcatOp>(op, type, operands, rewriter.getI64IntegerAttr(axis));
    return success();
  }
};

class SimplifyGraph final : public dlc::impl::SimplifyGraphBase<SimplifyGraph> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<MakeMatrices, FormGelu, FormSwish, ShareSelection, FormClamp<dlc::MaxOp, true>,
                 FormClamp<dlc::MinOp, false>, MergeClamps, JoinPaddedTerms>(&getContext());
    if (failed(dlc::rewriteGraph(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
