// SPDX-License-Identifier: Apache-2.0
#include "ir/GradientBuilder.h"
#include "ir/ConstantData.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsConversion.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsLogic.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"
#include "ir/OpsTransposition.h"

using namespace mlir;

namespace dlc {

static RankedTensorType getType(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

int64_t getReshapeExtent(Value x, int64_t dim) {
  return getType(x).isDynamicDim(dim) ? -2 - dim : getType(x).getDimSize(dim);
}

llvm::SmallVector<int64_t> getShapeFrom(Value like) {
  llvm::SmallVector<int64_t> shape;
  for (int64_t dim = 0; dim < getType(like).getRank(); ++dim)
    shape.push_back(getReshapeExtent(like, dim));
  return shape;
}

GradientBuilder::GradientBuilder(OpBuilder &builder, Operation *op, Value resultGradient, llvm::ArrayRef<bool> isWanted,
                                 bool isFinite, std::optional<Location> askedAt)
    : builder(builder), op(op), resultGradient(resultGradient), isWanted(isWanted), isFinite(isFinite),
      gradients(op->getNumOperands()), askedAt(askedAt) {}

LogicalResult GradientBuilder::reportMissingRule(llvm::Twine why) {
  InFlightDiagnostic diagnostic = op->emitOpError("has no gradient rule") << why;
  if (askedAt)
    diagnostic.attachNote(askedAt)
        << "this gradient passes through it; 'dlc.stop_gradient' on its operands would let it "
           "count as a constant";
  return diagnostic;
}

Value GradientBuilder::absorbZero(Value product, Value factor, bool isSingular) {
  return isSingular || !isFinite ? create<AbsorbZeroOp>(product, factor) : product;
}

void GradientBuilder::set(unsigned operand, Value gradient) {
  if (!wants(operand))
    return;
  gradient = sumTo(gradient, getOperand(operand));
  if (Type type = getType(getOperand(operand)).getElementType(); getType(gradient).getElementType() != type)
    gradient = create<CastOp>(gradient, type);
  gradients[operand] = gradients[operand] ? create<AddOp>(gradients[operand], gradient) : gradient;
}

Value GradientBuilder::scalar(double value, Value like) {
  return createScalar(builder, op->getLoc(), value, getType(like).getElementType());
}

Value GradientBuilder::add(Value lhs, Value rhs) { return create<AddOp>(lhs, rhs); }
Value GradientBuilder::subtract(Value lhs, Value rhs) { return create<SubOp>(lhs, rhs); }
Value GradientBuilder::multiply(Value lhs, Value rhs) { return create<MulOp>(lhs, rhs); }
Value GradientBuilder::divide(Value lhs, Value rhs) { return create<DivOp>(lhs, rhs); }

Value GradientBuilder::zeros(Value like) { return fill(0, like); }

Value GradientBuilder::widen(Value x) {
  Type type = getType(x).getElementType();
  return type.isF16() || type.isBF16() ? create<CastOp>(x, builder.getF32Type()) : x;
}

Value GradientBuilder::fill(double value, Value like) {
  return create<FillOp>(like, getShapeFrom(like), llvm::APFloat(value), getType(like).getElementType());
}

Value GradientBuilder::countElements(Value x, llvm::ArrayRef<int64_t> axes) {
  return create<ExtentOp>(x, axes, getType(x).getElementType());
}

Value GradientBuilder::sumTo(Value gradient, Value operand) {
  RankedTensorType from = getType(gradient), to = getType(operand);
  int64_t lead = from.getRank() - to.getRank();
  llvm::SmallVector<int64_t> axes;
  for (int64_t dim = 0; dim < from.getRank(); ++dim)
    if (dim < lead || (to.getDimSize(dim - lead) == 1 && from.getDimSize(dim) != 1))
      axes.push_back(dim);
  if (axes.empty())
    return gradient;
  Value sum = create<ReduceOp>(ReductionKind::Sum, gradient, axes, /*keep_dims=*/lead == 0);
  return lead == 0 ? sum : reshapeLike(sum, operand);
}

Value GradientBuilder::reshapeLike(Value x, Value like) {
  RankedTensorType to = getType(like);
  // Types with several dynamic extents may agree where the extents do not; an extent of 0 hides the others.
  if (to.getNumDynamicDims() > 1 || llvm::is_contained(to.getShape(), 0))
    return create<ReshapeLikeOp>(x, like);
  if (getType(x) == to)
    return x;
  llvm::SmallVector<int64_t> shape(to.getShape());
  llvm::replace(shape, ShapedType::kDynamic, int64_t(-1));
  return create<ReshapeOp>(x, shape);
}

Value GradientBuilder::expandLike(Value x, Value like) {
  if (getType(x) == getType(like))
    return x;
  if (getType(like).hasStaticShape())
    return create<ExpandOp>(x, getType(like).getShape());
  // A sum with -0 is the other operand, whatever it is.
  return create<AddOp>(fill(-0.0, like), x);
}

Value GradientBuilder::transpose(Value x, llvm::ArrayRef<int64_t> permutation) {
  return create<TransposeOp>(x, permutation);
}

} // namespace dlc
