// SPDX-License-Identifier: Apache-2.0
#include "ir/GradientBuilder.h"

using namespace mlir;

namespace dlc {

static RankedTensorType getType(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

llvm::SmallVector<int64_t> getShapeFrom(Value like) {
  llvm::SmallVector<int64_t> shape;
  for (auto [dim, extent] : llvm::enumerate(getType(like).getShape()))
    shape.push_back(ShapedType::isDynamic(extent) ? -2 - static_cast<int64_t>(dim) : extent);
  return shape;
}

GradientBuilder::GradientBuilder(OpBuilder &builder, Operation *op, Value resultGradient, llvm::ArrayRef<bool> isWanted)
    : builder(builder), op(op), resultGradient(resultGradient), isWanted(isWanted), gradients(op->getNumOperands()) {}

void GradientBuilder::set(unsigned operand, Value gradient) {
  if (!wants(operand))
    return;
  gradient = sumTo(gradient, getOperand(operand));
  gradients[operand] = gradients[operand] ? create<AddOp>(gradients[operand], gradient) : gradient;
}

Value GradientBuilder::scalar(double value, Value like) {
  auto elementType = llvm::cast<FloatType>(getType(like).getElementType());
  auto type = RankedTensorType::get({}, elementType);
  return ConstantOp::create(builder, op->getLoc(), type,
                            DenseElementsAttr::get(type, builder.getFloatAttr(elementType, value).getValue()));
}

Value GradientBuilder::zeros(Value like) {
  return create<FillOp>(like, getShapeFrom(like), llvm::APFloat(0.0), getType(like).getElementType());
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
  RankedTensorType from = getType(x), to = getType(like);
  if (from == to)
    return x;
  llvm::SmallVector<int64_t> shape(to.getShape());
  for (int64_t &extent : shape)
    if (ShapedType::isDynamic(extent))
      extent = -1;
  return create<ReshapeOp>(x, shape);
}

Value GradientBuilder::expandLike(Value x, Value like) {
  if (getType(x) == getType(like))
    return x;
  if (getType(like).hasStaticShape())
    return create<ExpandOp>(x, getType(like).getShape());
  return create<AddOp>(zeros(like), x);
}

Value GradientBuilder::transpose(Value x, llvm::ArrayRef<int64_t> permutation) {
  return create<TransposeOp>(x, permutation);
}

} // namespace dlc
