// SPDX-License-Identifier: Apache-2.0
#include "ir/ConstantData.h"
#include "ir/Layout.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Passes.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

#define DEBUG_TYPE "dlc-fold-constants"

namespace dlc {
#define GEN_PASS_DEF_FOLDCONSTANTS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// Reshapes share the constant's memory, whatever its size.
struct FoldReshape final : OpRewritePattern<dlc::ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::ReshapeOp op, PatternRewriter &rewriter) const override {
    auto constant = op.getX().getDefiningOp<dlc::ConstantOp>();
    auto type = llvm::cast<RankedTensorType>(op.getType());
    if (!constant || !type.hasStaticShape() || !dlc::ConstantData::get(constant.getValue()))
      return rewriter.notifyMatchFailure(op, "operand is not constant");
    rewriter.replaceOpWithNewOp<dlc::ConstantOp>(op, type, dlc::reshapeConstant(constant.getValue(), type));
    return success();
  }
};

/// A slice whose elements stand together is a view of the constant's memory, whatever its size.
struct FoldSlice final : OpRewritePattern<dlc::SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::SliceOp op, PatternRewriter &rewriter) const override {
    auto constant = op.getX().getDefiningOp<dlc::ConstantOp>();
    auto type = llvm::cast<RankedTensorType>(op.getType());
    if (!constant || !dlc::ConstantData::get(constant.getValue()))
      return rewriter.notifyMatchFailure(op, "operand is not constant");
    llvm::ArrayRef<int64_t> shape = llvm::cast<RankedTensorType>(op.getX().getType()).getShape();
    // From the back: whole dimensions, one that is cut, and then single places.
    int64_t first = 0, stride = 1;
    bool isCut = false;
    for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
      int64_t size = type.getDimSize(dim);
      if ((isCut && size != 1) || (size > 1 && op.getSteps()[dim] != 1))
        return rewriter.notifyMatchFailure(op, "the elements do not stand together");
      isCut |= size != shape[dim];
      first += op.getStarts()[dim] * stride;
      stride *= shape[dim];
    }
    if (type.getNumElements() == 0)
      return rewriter.notifyMatchFailure(op, "there are no elements");
    rewriter.replaceOpWithNewOp<dlc::ConstantOp>(op, type, dlc::sliceConstant(constant.getValue(), type, first));
    return success();
  }
};

/// Row-major strides of `operand` for walking the shape `result` that it broadcasts to (0 where it repeats).
llvm::SmallVector<int64_t> broadcastStrides(RankedTensorType operand, llvm::ArrayRef<int64_t> result) {
  llvm::SmallVector<int64_t> strides(result.size(), 0);
  int64_t stride = 1, shift = result.size() - operand.getRank();
  for (int64_t dim = operand.getRank() - 1; dim >= 0; --dim) {
    if (operand.getDimSize(dim) != 1)
      strides[shift + dim] = stride;
    stride *= operand.getDimSize(dim);
  }
  return strides;
}

/// Calls `visit(offsets)` for every element of `shape` in row-major order, with each operand's offset.
void forEachElement(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<llvm::SmallVector<int64_t>> strides,
                    llvm::function_ref<void(llvm::ArrayRef<int64_t>)> visit) {
  llvm::SmallVector<int64_t> index(shape.size(), 0), offsets(strides.size(), 0);
  if (llvm::is_contained(shape, 0))
    return;
  while (true) {
    visit(offsets);
    int64_t dim = shape.size() - 1;
    for (; dim >= 0; --dim) {
      bool wraps = ++index[dim] == shape[dim];
      for (auto [offset, stride] : llvm::zip(offsets, strides))
        offset += stride[dim] * (wraps ? 1 - shape[dim] : 1);
      if (!wraps)
        break;
      index[dim] = 0;
    }
    if (dim < 0)
      return;
  }
}

/// Transposes and broadcasts copy elements of any type.
class FoldMovement final : public RewritePattern {
public:
  FoldMovement(MLIRContext *context, int64_t limit) : RewritePattern(MatchAnyOpTypeTag(), 1, context), limit(limit) {}
  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!llvm::isa<dlc::TransposeOp, dlc::ExpandOp>(op))
      return failure();
    auto constant = dlc::ConstantData::get(op->getOperand(0));
    auto type = llvm::cast<RankedTensorType>(op->getResult(0).getType());
    if (!constant || !type.hasStaticShape() || type.getNumElements() > limit)
      return rewriter.notifyMatchFailure(op, "operand is not constant, or the result is large");
    llvm::SmallVector<int64_t> strides = broadcastStrides(constant->getType(), constant->getType().getShape());
    if (auto transpose = llvm::dyn_cast<dlc::TransposeOp>(op)) {
      llvm::SmallVector<int64_t> permuted;
      for (int64_t dim : transpose.getPermutation())
        permuted.push_back(strides[dim]);
      strides = permuted;
    } else {
      strides = broadcastStrides(constant->getType(), type.getShape());
    }
    int64_t elementBytes = dlc::getElementBytes(type.getElementType());
    std::vector<char> bytes;
    bytes.reserve(type.getNumElements() * elementBytes);
    llvm::ArrayRef<char> source = constant->getBytes();
    forEachElement(type.getShape(), {strides}, [&](llvm::ArrayRef<int64_t> offsets) {
      llvm::ArrayRef<char> element = source.slice(constant->isSplat() ? 0 : offsets[0] * elementBytes, elementBytes);
      bytes.insert(bytes.end(), element.begin(), element.end());
    });
    rewriter.replaceOpWithNewOp<dlc::ConstantOp>(op, type, dlc::makeConstant(type, bytes));
    return success();
  }

private:
  int64_t limit;
};

/// The value of `op` on doubles. f32 results are the same as with f32 arithmetic for these ops: double carries more
/// than twice its precision, so rounding twice is harmless.
std::optional<double> evaluate(Operation *op, llvm::ArrayRef<double> x) {
  return llvm::TypeSwitch<Operation *, std::optional<double>>(op)
      .Case<dlc::AddOp>([&](auto) { return x[0] + x[1]; })
      .Case<dlc::SubOp>([&](auto) { return x[0] - x[1]; })
      .Case<dlc::MulOp>([&](auto) { return x[0] * x[1]; })
      .Case<dlc::DivOp>([&](auto) { return x[0] / x[1]; })
      .Case<dlc::SqrtOp>([&](auto) { return std::sqrt(x[0]); })
      .Case<dlc::ReciprocalOp>([&](auto) { return 1 / x[0]; })
      .Case<dlc::NegOp>([&](auto) { return -x[0]; })
      .Case<dlc::AbsOp>([&](auto) { return std::abs(x[0]); })
      .Default([](Operation *) { return std::nullopt; });
}

class FoldArithmetic final : public RewritePattern {
public:
  FoldArithmetic(MLIRContext *context, int64_t limit) : RewritePattern(MatchAnyOpTypeTag(), 1, context), limit(limit) {}
  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!op->hasTrait<dlc::Elementwise>() || op->getNumOperands() > 2 || !evaluate(op, {1.0, 1.0}))
      return failure();
    auto type = llvm::cast<RankedTensorType>(op->getResult(0).getType());
    if (!type.hasStaticShape() || type.getNumElements() > limit ||
        !(type.getElementType().isF32() || type.getElementType().isF64()))
      return rewriter.notifyMatchFailure(op, "the result is large, or not f32 or f64");
    llvm::SmallVector<dlc::ConstantData> operands;
    llvm::SmallVector<llvm::SmallVector<int64_t>> strides;
    for (Value operand : op->getOperands()) {
      auto constant = dlc::ConstantData::get(operand);
      if (!constant)
        return rewriter.notifyMatchFailure(op, "an operand is not constant");
      strides.push_back(broadcastStrides(constant->getType(), type.getShape()));
      operands.push_back(std::move(*constant));
    }
    std::vector<double> values;
    forEachElement(type.getShape(), strides, [&](llvm::ArrayRef<int64_t> offsets) {
      llvm::SmallVector<double, 2> x;
      for (auto [operand, offset] : llvm::zip(operands, offsets))
        x.push_back(operand.getDouble(offset));
      values.push_back(*evaluate(op, x));
    });
    rewriter.replaceOpWithNewOp<dlc::ConstantOp>(op, type, dlc::makeConstantFromDoubles(type, values));
    return success();
  }

private:
  int64_t limit;
};

class FoldConstants final : public dlc::impl::FoldConstantsBase<FoldConstants> {
  using FoldConstantsBase::FoldConstantsBase;
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldReshape, FoldSlice>(&getContext());
    patterns.add<FoldMovement, FoldArithmetic>(&getContext(), limit.getValue());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
