// SPDX-License-Identifier: Apache-2.0
#include "ir/ConstantData.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsConstant.h"
#include "ir/OpsConversion.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsLinear.h"
#include "ir/OpsQuantization.h"
#include "ir/OpsShape.h"
#include "mlir/IR/PatternMatch.h"
#include "passes/Passes.h"
#include "passes/graph/FoldConstants.h"
#include "passes/graph/RewriteGraph.h"

#define DEBUG_TYPE "dlc-form-integer-products"

namespace dlc {
#define GEN_PASS_DEF_FORMINTEGERPRODUCTS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

bool isSingle(Value value) { return typeOf(value).hasStaticShape() && typeOf(value).getNumElements() == 1; }

/// Whether all elements of a constant are 0.
bool isZero(Value value) { return dlc::getUniformConstant(value) == 0.0; }

/// `x - zeroPoint` of constants, if it fits i8: weights stay as small as they were. What does not is computed when a
/// library is loaded. Null for what is neither.
Value computeDifference(PatternRewriter &rewriter, Value x, Value zeroPoint) {
  RankedTensorType type = RankedTensorType::get(typeOf(x).getShape(), rewriter.getI8Type());
  auto center = dlc::CenterOp::create(rewriter, x.getLoc(), x, zeroPoint);
  FailureOr<std::vector<double>> values =
      dlc::evaluateConstants(center, [](llvm::ArrayRef<double> elements) { return elements[0] - elements[1]; });
  rewriter.eraseOp(center);
  if (failed(values))
    return {};
  std::vector<char> bytes;
  bytes.reserve(values->size());
  for (double value : *values) {
    if (value < INT8_MIN || value > INT8_MAX)
      return {};
    bytes.push_back(static_cast<char>(static_cast<int8_t>(value)));
  }
  return dlc::ConstantOp::create(rewriter, x.getLoc(), type, dlc::makeConstant(type, bytes));
}

/// `x - zeroPoint` as a factor: `x` itself where the zero point is none or 0.
Value subtractZeroPoint(PatternRewriter &rewriter, Value x, Value zeroPoint) {
  if (!zeroPoint || isZero(zeroPoint))
    return x;
  if (Value difference = computeDifference(rewriter, x, zeroPoint))
    return difference;
  return dlc::CenterOp::create(rewriter, x.getLoc(), x, zeroPoint);
}

/// The largest magnitude of a factor's elements.
int64_t getBound(Value factor) {
  auto type = llvm::cast<IntegerType>(typeOf(factor).getElementType());
  // What was centred is the difference of two bytes.
  unsigned width = std::min(type.getWidth(), 8u);
  return type.isUnsigned() || type.getWidth() > 8 ? (1 << width) - 1 : 1 << (width - 1);
}

/// The same of what `subtractZeroPoint` will make of a dequantized tensor.
int64_t getBound(dlc::DequantizeOp dequantize) {
  Value zeroPoint = dequantize.getZeroPoint();
  return !zeroPoint || isZero(zeroPoint) ? getBound(dequantize.getX()) : UINT8_MAX;
}

/// Whether a sum of `depth` products of two factors fits i32 whatever they are.
bool fitsSum(dlc::DequantizeOp lhs, dlc::DequantizeOp rhs, int64_t depth) {
  return !ShapedType::isDynamic(depth) && getBound(lhs) * getBound(rhs) * depth <= INT32_MAX;
}

/// What a factor of a product dequantizes; null if these are not integers of 8 bits or fewer.
dlc::DequantizeOp getDequantized(Value factor) {
  auto dequantize = factor.getDefiningOp<dlc::DequantizeOp>();
  auto type = dequantize ? llvm::dyn_cast<IntegerType>(typeOf(dequantize.getX()).getElementType()) : IntegerType();
  return type && type.getWidth() <= 8 && typeOf(factor).getElementType().isF32() ? dequantize : dlc::DequantizeOp();
}

/// sum, in i32, times both scales, which broadcast to it.
Value scaleSum(PatternRewriter &rewriter, Location location, Value sum, Value lhsScale, Value rhsScale) {
  Value scale = dlc::computeOrCreate<dlc::MulOp>(rewriter, location, lhsScale, rhsScale),
        real = dlc::CastOp::create(rewriter, location, sum, rewriter.getF32Type());
  return dlc::MulOp::create(rewriter, location, real, scale);
}

/// A scale with one number as one of rank 0.
Value flatten(PatternRewriter &rewriter, Value scale) {
  return isSingle(scale) && typeOf(scale).getRank() > 0
             ? dlc::computeOrCreate<dlc::ReshapeOp>(rewriter, scale.getLoc(), scale, llvm::ArrayRef<int64_t>())
             : scale;
}

/// matmul(dequantize(a), dequantize(b)) -> cast(matmul(a, b)) * scales, where all terms of a sum have the same scales.
/// Nothing is created before it is known that it will be used: the driver would take it away, and start again.
struct TurnMatMul final : OpRewritePattern<dlc::MatMulOp> {
  using OpRewritePattern::OpRewritePattern;

  /// Whether all terms of a sum have the same scale of the left rows: [..., M, 1] is the result's column.
  static bool hasRowScale(dlc::MatMulOp op, Value scale) {
    RankedTensorType type = typeOf(scale), x = typeOf(op.getLhs());
    return isSingle(scale) || (!op.getTransposeLhs() && x.getRank() >= 2 && typeOf(op.getRhs()).getRank() >= 2 &&
                               type.getRank() >= 2 && type.getShape().back() == 1);
  }
  /// The same of the right columns.
  static bool hasColumnScale(dlc::MatMulOp op, Value scale) {
    RankedTensorType type = typeOf(scale), x = typeOf(op.getRhs());
    int64_t columnDim = op.getTransposeRhs() ? 2 : 1;
    return isSingle(scale) ||
           (x.getRank() == 2 && type.hasStaticShape() && type.getNumElements() == x.getDimSize(2 - columnDim) &&
            type.getRank() >= columnDim && type.getDimSize(type.getRank() - columnDim) == type.getNumElements());
  }

  LogicalResult matchAndRewrite(dlc::MatMulOp op, PatternRewriter &rewriter) const override {
    dlc::DequantizeOp lhs = getDequantized(op.getLhs()), rhs = getDequantized(op.getRhs());
    if (!lhs || !rhs)
      return rewriter.notifyMatchFailure(op, "a factor is not dequantized from integers of 8 bits");
    if (!hasRowScale(op, lhs.getScale()) || !hasColumnScale(op, rhs.getScale()))
      return rewriter.notifyMatchFailure(op, "terms of a sum differ in their scales");
    RankedTensorType x = typeOf(lhs.getX());
    if (!fitsSum(lhs, rhs, x.getDimSize(x.getRank() > 1 && op.getTransposeLhs() ? x.getRank() - 2 : x.getRank() - 1)))
      return rewriter.notifyMatchFailure(op, "a sum may not fit 32 bits");
    Value rowScale = flatten(rewriter, lhs.getScale()), columnScale = flatten(rewriter, rhs.getScale());
    if (!isSingle(columnScale))
      columnScale = dlc::computeOrCreate<dlc::ReshapeOp>(rewriter, columnScale.getLoc(), columnScale,
                                                         llvm::ArrayRef<int64_t>{typeOf(columnScale).getNumElements()});
    Value a = subtractZeroPoint(rewriter, lhs.getX(), lhs.getZeroPoint()),
          b = subtractZeroPoint(rewriter, rhs.getX(), rhs.getZeroPoint());
    Value sum = dlc::MatMulOp::create(rewriter, op.getLoc(), a, b, op.getTransposeLhs(), op.getTransposeRhs());
    rewriter.replaceOp(op, scaleSum(rewriter, op.getLoc(), sum, rowScale, columnScale));
    return success();
  }
};

/// conv(dequantize(x), dequantize(w)) -> cast(conv(x, w)) * scales, with one scale of x and one per output channel.
struct TurnConvolution final : OpRewritePattern<dlc::ConvOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::ConvOp op, PatternRewriter &rewriter) const override {
    dlc::DequantizeOp x = getDequantized(op.getX()), w = getDequantized(op.getW());
    if (!x || !w)
      return rewriter.notifyMatchFailure(op, "an operand is not dequantized from integers of 8 bits");
    RankedTensorType weight = typeOf(op.getW()), scale = typeOf(w.getScale());
    bool isPerChannel = weight.hasStaticShape() && scale.hasStaticShape() && scale.getRank() == weight.getRank() &&
                        scale.getNumElements() == weight.getDimSize(0) && scale.getDimSize(0) == weight.getDimSize(0);
    if (!isSingle(x.getScale()) || (!isSingle(w.getScale()) && !isPerChannel))
      return rewriter.notifyMatchFailure(op, "terms of a sum differ in their scales");
    if (!weight.hasStaticShape() ||
        !fitsSum(x, w, weight.getNumElements() / std::max<int64_t>(weight.getDimSize(0), 1)))
      return rewriter.notifyMatchFailure(op, "a sum may not fit 32 bits");
    Value factor = flatten(rewriter, w.getScale());
    if (!isSingle(factor)) {
      llvm::SmallVector<int64_t> shape(weight.getRank() - 1, 1);
      shape[0] = weight.getDimSize(0);
      factor = dlc::computeOrCreate<dlc::ReshapeOp>(rewriter, w.getLoc(), factor, shape);
    }
    Value a = subtractZeroPoint(rewriter, x.getX(), x.getZeroPoint()),
          b = subtractZeroPoint(rewriter, w.getX(), w.getZeroPoint());
    Value sum = dlc::ConvOp::create(rewriter, op.getLoc(), a, b, op.getStridesAttr(), op.getDilationsAttr(),
                                    op.getPadsAttr(), op.getGroupsAttr());
    rewriter.replaceOp(op, scaleSum(rewriter, op.getLoc(), sum, flatten(rewriter, x.getScale()), factor));
    return success();
  }
};

/// A centred factor without its zero point, where that is 0 or constants are subtracted at once; null if it stays.
Value simplifyFactor(PatternRewriter &rewriter, Value factor) {
  auto center = factor.getDefiningOp<dlc::CenterOp>();
  if (!center)
    return {};
  return isZero(center.getZeroPoint()) ? center.getX()
                                       : computeDifference(rewriter, center.getX(), center.getZeroPoint());
}

/// Factors that are constant, or whose zero point is 0, are not centred in every run.
template <typename Op> struct SimplifyFactors final : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    bool isChanged = false;
    for (OpOperand &operand : op->getOpOperands()) {
      Value factor = simplifyFactor(rewriter, operand.get());
      if (!factor)
        continue;
      rewriter.modifyOpInPlace(op, [&] { operand.set(factor); });
      isChanged = true;
    }
    return success(isChanged);
  }
};

class FormIntegerProducts final : public dlc::impl::FormIntegerProductsBase<FormIntegerProducts> {
  using FormIntegerProductsBase::FormIntegerProductsBase;
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SimplifyFactors<dlc::MatMulOp>, SimplifyFactors<dlc::ConvOp>>(&getContext());
    if (turnReal)
      patterns.add<TurnMatMul, TurnConvolution>(&getContext());
    if (failed(dlc::rewriteGraph(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
