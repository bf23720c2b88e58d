// SPDX-License-Identifier: Apache-2.0
#include "ir/ConstantData.h"
#include "ir/DlcDialect.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsAttention.h"
#include "ir/OpsLinear.h"
#include "ir/OpsLogic.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsShape.h"
#include "ir/OpsTransposition.h"
#include "mlir/IR/PatternMatch.h"
#include "passes/Passes.h"
#include "passes/graph/RewriteGraph.h"
#include <cmath>

#define DEBUG_TYPE "dlc-fuse-attention"

namespace dlc {
#define GEN_PASS_DEF_FUSEATTENTION
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

/// A value that is another one times a number.
struct Scaled {
  Value value;
  double factor = 1;
};

/// Takes products with and quotients by numbers off `value`, as long as that changes no shape. Those between the scores
/// and the softmax must have no other use (`isSole`), or the scores would be computed twice.
Scaled stripScale(Value value, bool isSole) {
  Scaled scaled{value};
  while (!isSole || scaled.value.hasOneUse()) {
    Value inner;
    double factor = 1;
    if (auto mul = scaled.value.getDefiningOp<dlc::MulOp>()) {
      for (auto [number, other] : {std::pair(mul.getRhs(), mul.getLhs()), std::pair(mul.getLhs(), mul.getRhs())})
        if (auto splat = dlc::getUniformFloat(number); splat && !inner) {
          inner = other;
          factor = *splat;
        }
    } else if (auto div = scaled.value.getDefiningOp<dlc::DivOp>()) {
      if (auto splat = dlc::getUniformFloat(div.getRhs()); splat && *splat != 0) {
        inner = div.getLhs();
        factor = 1 / *splat;
      }
    }
    if (!inner || inner.getType() != scaled.value.getType())
      break;
    scaled = {inner, scaled.factor * factor};
  }
  return scaled;
}

/// What a softmax reads, taken apart.
struct Scores {
  dlc::MatMulOp product;
  double scale = 1;
  Value mask; ///< null: none
};

/// `x = scale (q k^T) [+ mask]`, or where(mask, scale (q k^T), -infinity).
FailureOr<Scores> matchScores(Value x, Operation *op, PatternRewriter &rewriter) {
  Scores scores;
  if (auto add = x.getDefiningOp<dlc::AddOp>()) {
    for (auto [sum, mask] : {std::pair(add.getLhs(), add.getRhs()), std::pair(add.getRhs(), add.getLhs())})
      if (!scores.mask && sum.getType() == x.getType() && stripScale(sum, true).value.getDefiningOp<dlc::MatMulOp>()) {
        scores.mask = mask;
        x = sum;
      }
  } else if (auto where = x.getDefiningOp<dlc::WhereOp>()) {
    std::optional<double> hidden = dlc::getUniformFloat(where.getOnFalse());
    if (!hidden || *hidden != -INFINITY || where.getOnTrue().getType() != x.getType())
      return rewriter.notifyMatchFailure(op, "what the mask hides is not minus infinity");
    scores.mask = where.getCondition();
    x = where.getOnTrue();
  }
  if (scores.mask && !x.hasOneUse())
    return rewriter.notifyMatchFailure(op, "the scores have another use");
  Scaled scaled = stripScale(x, true);
  scores.scale = scaled.factor;
  scores.product = scaled.value.getDefiningOp<dlc::MatMulOp>();
  if (!scores.product || !scaled.value.hasOneUse())
    return rewriter.notifyMatchFailure(op, "the softmax is not of a matrix product that it alone uses");
  if (scores.product.getTransposeLhs())
    return rewriter.notifyMatchFailure(op, "queries are transposed");
  return scores;
}

/// softmax(scale q k^T + mask) v, of four dimensions or (without heads) three.
struct FormAttention final : OpRewritePattern<dlc::MatMulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::MatMulOp op, PatternRewriter &rewriter) const override {
    auto softmax = op.getLhs().getDefiningOp<dlc::SoftmaxOp>();
    if (!softmax || !softmax->hasOneUse() || op.getTransposeLhs() || op.getTransposeRhs())
      return rewriter.notifyMatchFailure(op, "no product of a softmax with values");
    int64_t rank = typeOf(softmax.getX()).getRank();
    if ((rank != 3 && rank != 4) || softmax.getAxes() != llvm::ArrayRef<int64_t>{rank - 1} ||
        !softmax.getX().hasOneUse())
      return rewriter.notifyMatchFailure(op, "the softmax is not over the keys of three or four dimensions");
    FailureOr<Scores> scores = matchScores(softmax.getX(), op, rewriter);
    if (failed(scores))
      return failure();
    Scaled query = stripScale(scores->product.getLhs(), false), key = stripScale(scores->product.getRhs(), false);
    // Where the product takes [D, T], the transposition that made it is undone.
    dlc::TransposeOp transpose;
    if (!scores->product.getTransposeRhs()) {
      transpose = key.value.getDefiningOp<dlc::TransposeOp>();
      if (!transpose)
        return rewriter.notifyMatchFailure(op, "keys are stored transposed");
      Scaled inner = stripScale(transpose.getX(), false);
      key.factor *= inner.factor;
      key.value = inner.value;
    }
    Value value = op.getRhs();
    if (failed(checkTypes(op, query.value, scores->product.getRhs(), value, scores->mask, rewriter)))
      return failure();

    Location location = rewriter.getFusedLoc({scores->product.getLoc(), softmax.getLoc(), op.getLoc()});
    if (transpose) {
      llvm::SmallVector<int64_t> permutation(transpose.getPermutation());
      std::swap(permutation[rank - 1], permutation[rank - 2]);
      llvm::SmallVector<int64_t> shape;
      for (int64_t dim : permutation)
        shape.push_back(typeOf(key.value).getDimSize(dim));
      key.value =
          dlc::TransposeOp::create(rewriter, location, RankedTensorType::get(shape, typeOf(key.value).getElementType()),
                                   key.value, rewriter.getDenseI64ArrayAttr(permutation));
    }
    double scale = scores->scale * query.factor * key.factor;
    Value mask = scores->mask;
    if (mask && rank == 3 && typeOf(mask).getRank() == 3)
      mask = insertHead(mask, location, rewriter);
    if (rank == 3) {
      query.value = insertHead(query.value, location, rewriter);
      key.value = insertHead(key.value, location, rewriter);
      value = insertHead(value, location, rewriter);
    }
    llvm::SmallVector<int64_t> shape(typeOf(query.value).getShape());
    shape.back() = typeOf(value).getDimSize(3);
    Value result = dlc::AttentionOp::create(
        rewriter, location, RankedTensorType::get(shape, op.getType().getElementType()), query.value, key.value, value,
        mask, /*lengths=*/Value(), rewriter.getF64FloatAttr(scale), rewriter.getF64FloatAttr(0), /*left=*/IntegerAttr(),
        /*right=*/IntegerAttr(), rewriter.getI64IntegerAttr(0), rewriter.getBoolAttr(false));
    if (rank == 3)
      result =
          dlc::ReshapeOp::create(rewriter, location, op.getType(), result, rewriter.getDenseI64ArrayAttr({-2, -4, -5}));
    rewriter.replaceOp(op, result);
    return success();
  }

private:
  /// Whether nothing but a mask broadcasts, and head sizes are known. `transposedKey` has the shape of the product's
  /// right operand.
  static LogicalResult checkTypes(dlc::MatMulOp op, Value query, Value transposedKey, Value value, Value mask,
                                  PatternRewriter &rewriter) {
    int64_t rank = op.getType().getRank();
    for (Value operand : {query, transposedKey, value}) {
      RankedTensorType type = typeOf(operand);
      if (type.getRank() != rank || type.getShape().drop_back(2) != op.getType().getShape().drop_back(2))
        return rewriter.notifyMatchFailure(op, "samples or heads broadcast");
      if (!llvm::isa<FloatType>(type.getElementType()) || type.getEncoding())
        return rewriter.notifyMatchFailure(op, "elements are not floating-point numbers in rows");
    }
    if (typeOf(query).isDynamicDim(rank - 1) || typeOf(value).isDynamicDim(rank - 1))
      return rewriter.notifyMatchFailure(op, "head sizes are not known");
    if (mask && typeOf(mask).getRank() > rank)
      return rewriter.notifyMatchFailure(op, "the mask has more dimensions than the scores");
    return success();
  }

  /// [N, S, D] as [N, 1, S, D].
  static Value insertHead(Value x, Location location, PatternRewriter &rewriter) {
    llvm::ArrayRef<int64_t> old = typeOf(x).getShape();
    llvm::SmallVector<int64_t> shape{old[0], 1, old[1], old[2]}, encoded;
    constexpr int64_t dims[] = {0, -1, 1, 2};
    for (auto [extent, dim] : llvm::zip_equal(shape, dims))
      encoded.push_back(ShapedType::isDynamic(extent) ? -2 - dim : extent);
    return dlc::ReshapeOp::create(rewriter, location, RankedTensorType::get(shape, typeOf(x).getElementType()), x,
                                  rewriter.getDenseI64ArrayAttr(encoded));
  }
};

class FuseAttention final : public dlc::impl::FuseAttentionBase<FuseAttention> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FormAttention>(&getContext());
    if (failed(dlc::rewriteGraph(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
