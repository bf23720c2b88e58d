// SPDX-License-Identifier: Apache-2.0
#include "passes/graph/FoldConstants.h"
#include "ir/ConstantData.h"
#include "ir/Layout.h"
#include "ir/OpsConstant.h"
#include "ir/OpsConversion.h"
#include "ir/OpsQuantization.h"
#include "ir/OpsShape.h"
#include "ir/OpsSlicing.h"
#include "ir/OpsTransposition.h"
#include "mlir/IR/PatternMatch.h"
#include "passes/Passes.h"
#include "passes/graph/RewriteGraph.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

#define DEBUG_TYPE "dlc-fold-constants"

namespace dlc {
#define GEN_PASS_DEF_FOLDCONSTANTS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

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

FailureOr<ElementsAttr> computeReshape(dlc::ReshapeOp op) {
  auto constant = op.getX().getDefiningOp<dlc::ConstantOp>();
  auto type = llvm::cast<RankedTensorType>(op.getType());
  if (!constant || !type.hasStaticShape() || !dlc::ConstantData::get(constant.getValue()))
    return failure();
  return dlc::reshapeConstant(constant.getValue(), type);
}

FailureOr<ElementsAttr> computeArithmetic(Operation *op) {
  auto function = llvm::dyn_cast<dlc::EvaluationOpInterface>(op);
  auto type = function ? llvm::cast<RankedTensorType>(op->getResult(0).getType()) : nullptr;
  if (!type || !type.hasStaticShape() || !llvm::isa<FloatType>(type.getElementType()))
    return failure();
  bool isWide = type.getElementType().isF32() || type.getElementType().isF64();
  if (!isWide && !llvm::isa<dlc::CastOp>(op))
    return failure();
  llvm::SmallVector<dlc::ConstantData, 2> operands;
  llvm::SmallVector<llvm::SmallVector<int64_t>> strides;
  for (Value operand : op->getOperands()) {
    auto constant = dlc::ConstantData::get(operand);
    if (!constant || !llvm::isa<FloatType>(constant->getType().getElementType()))
      return failure();
    strides.push_back(broadcastStrides(constant->getType(), type.getShape()));
    operands.push_back(std::move(*constant));
  }
  std::vector<double> values;
  values.reserve(type.getNumElements());
  forEachElement(type.getShape(), strides, [&](llvm::ArrayRef<int64_t> offsets) {
    double first = operands.front().getDouble(offsets.front()), last = operands.back().getDouble(offsets.back());
    values.push_back(function.evaluate(first, last));
  });
  return dlc::makeConstantFromDoubles(type, values);
}

/// A bias of i32 takes as many bytes as one of f32, and a vector of one number per channel takes few: of batch
/// normalizations, say, which then fold. Other narrow elements stay, for products to read.
FailureOr<ElementsAttr> computeDequantize(dlc::DequantizeOp op) {
  auto type = llvm::cast<RankedTensorType>(op.getType());
  Type element = getElementTypeOrSelf(op.getX());
  auto isProduct = [](Operation *user) { return user->hasTrait<dlc::Contraction>(); };
  bool isVector = llvm::isa<IntegerType>(element) && type.getRank() <= 1 && llvm::none_of(op->getUsers(), isProduct);
  if (!type.getElementType().isF32() || (!element.isInteger(32) && !isVector))
    return failure();
  FailureOr<std::vector<double>> values = dlc::evaluateConstants(op, [](llvm::ArrayRef<double> elements) {
    float difference = static_cast<float>(elements[0]);
    if (elements.size() > 2)
      difference -= static_cast<float>(elements[2]);
    return static_cast<double>(difference * static_cast<float>(elements[1]));
  });
  if (failed(values))
    return failure();
  return dlc::makeConstantFromDoubles(type, *values);
}

/// A slice whose elements are contiguous is a view of the constant's memory, whatever its size.
struct FoldSlice final : OpRewritePattern<dlc::SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::SliceOp op, PatternRewriter &rewriter) const override {
    auto constant = op.getX().getDefiningOp<dlc::ConstantOp>();
    auto type = llvm::cast<RankedTensorType>(op.getType());
    if (!constant || !dlc::ConstantData::get(constant.getValue()))
      return rewriter.notifyMatchFailure(op, "operand is not constant");
    llvm::ArrayRef<int64_t> shape = llvm::cast<RankedTensorType>(op.getX().getType()).getShape();
    // From the innermost: whole dimensions, one that is cut, and then single indices.
    int64_t first = 0, stride = 1;
    bool isCut = false;
    for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
      int64_t size = type.getDimSize(dim);
      if ((isCut && size != 1) || (size > 1 && op.getSteps()[dim] != 1))
        return rewriter.notifyMatchFailure(op, "the elements are not contiguous");
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

/// What `computeConstant` computes: reshapes whatever their size, all else up to `limit` elements.
class FoldComputed final : public RewritePattern {
public:
  FoldComputed(MLIRContext *context, int64_t limit) : RewritePattern(MatchAnyOpTypeTag(), 1, context), limit(limit) {}
  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    auto type = op->getNumResults() == 1 ? llvm::dyn_cast<RankedTensorType>(op->getResult(0).getType()) : nullptr;
    if (!type || !type.hasStaticShape() || (!llvm::isa<dlc::ReshapeOp>(op) && type.getNumElements() > limit))
      return failure();
    FailureOr<ElementsAttr> value = dlc::computeConstant(op);
    if (failed(value))
      return rewriter.notifyMatchFailure(op, "is not arithmetic on constants");
    rewriter.replaceOpWithNewOp<dlc::ConstantOp>(op, type, *value);
    return success();
  }

private:
  int64_t limit;
};

class FoldConstants final : public dlc::impl::FoldConstantsBase<FoldConstants> {
  using FoldConstantsBase::FoldConstantsBase;
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldSlice>(&getContext());
    patterns.add<FoldMovement, FoldComputed>(&getContext(), limit.getValue());
    // Ops that read constants alone, and what reads their results. Not the terminator of the function: whenever one of
    // its operands changed, the driver would check whether each of the others is constant, thousands where variables
    // are initialized.
    llvm::SetVector<Operation *> ops;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      auto isConstant = [](Value operand) { return static_cast<bool>(operand.getDefiningOp<dlc::ConstantOp>()); };
      auto mayFold = [&](Value operand) { return ops.contains(operand.getDefiningOp()); };
      bool readsConstants = op->getNumOperands() > 0 && llvm::all_of(op->getOperands(), isConstant);
      if (!op->hasTrait<OpTrait::IsTerminator>() && (readsConstants || llvm::any_of(op->getOperands(), mayFold)))
        ops.insert(op);
    });
    llvm::SmallVector<Operation *> list = ops.takeVector();
    // The driver begins with the last of its list.
    std::reverse(list.begin(), list.end());
    if (failed(applyOpPatternsGreedily(list, std::move(patterns),
                                       dlc::getGraphRewriteConfig()
                                           .setStrictness(GreedyRewriteStrictness::ExistingAndNewOps)
                                           .setScope(&getOperation().getBody()))))
      signalPassFailure();
  }
};

} // namespace

FailureOr<std::vector<double>> dlc::evaluateConstants(Operation *op,
                                                      llvm::function_ref<double(llvm::ArrayRef<double>)> evaluate) {
  auto type = llvm::cast<RankedTensorType>(op->getResult(0).getType());
  llvm::SmallVector<dlc::ConstantData, 3> operands;
  llvm::SmallVector<llvm::SmallVector<int64_t>> strides;
  for (Value operand : op->getOperands()) {
    std::optional<dlc::ConstantData> constant = dlc::ConstantData::get(operand);
    if (!constant || !type.hasStaticShape())
      return failure();
    strides.push_back(broadcastStrides(constant->getType(), type.getShape()));
    operands.push_back(std::move(*constant));
  }
  std::vector<double> values;
  values.reserve(type.getNumElements());
  llvm::SmallVector<double, 3> elements(operands.size());
  forEachElement(type.getShape(), strides, [&](llvm::ArrayRef<int64_t> offsets) {
    for (auto [element, operand, offset] : llvm::zip(elements, operands, offsets))
      element = operand.getDouble(offset);
    values.push_back(evaluate(elements));
  });
  return values;
}

FailureOr<ElementsAttr> dlc::computeConstant(Operation *op) {
  if (auto reshape = llvm::dyn_cast<ReshapeOp>(op))
    return computeReshape(reshape);
  if (auto dequantize = llvm::dyn_cast<DequantizeOp>(op))
    return computeDequantize(dequantize);
  return computeArithmetic(op);
}
