// SPDX-License-Identifier: Apache-2.0
#include "backends/cuda/Product.h"
#include "ir/ExtentAlgebra.h"
#include "ir/Layout.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsLinear.h"

using llvm::Value;
using mlir::AffineExpr;

namespace dlc::cuda {
namespace {

bool isPlain(mlir::Type type) {
  auto tensor = llvm::cast<mlir::RankedTensorType>(type);
  return tensor.getElementType().isF32() && !getLayout(tensor);
}

/// Whether groups of four that begin at multiples of four do not leave `extent`.
bool isMultipleOfFour(AffineExpr extent) {
  std::optional<int64_t> known = constantDim(extent);
  return known && *known % 4 == 0;
}

AffineExpr multiplyAll(llvm::ArrayRef<AffineExpr> extents, mlir::MLIRContext *context) {
  AffineExpr product = mlir::getAffineConstantExpr(1, context);
  for (AffineExpr extent : extents)
    product = product * extent;
  return product;
}

class MatrixProduct final : public Product {
public:
  MatrixProduct(MatMulOp op, const KernelShapes &shapes) : op(op), dims(shapes.getDims(op)) {
    mlir::MLIRContext *context = op.getContext();
    left = llvm::cast<mlir::BlockArgument>(op.getLhs());
    right = llvm::cast<mlir::BlockArgument>(op.getRhs());
    result = op;
    leftDims = shapes.getDims(left);
    rightDims = shapes.getDims(right);
    depth = leftDims[leftDims.size() - (op.getTransposeLhs() ? 2 : 1)];
    columns = dims.back();
    // One matrix for all: their rows are those of one product.
    isFolded = rightDims.size() == 2 && !op.getTransposeLhs();
    size_t leading = isFolded ? 0 : dims.size() - 2;
    batch = multiplyAll(dims.take_front(leading), context);
    rows = multiplyAll(dims.slice(leading, dims.size() - 1 - leading), context);
    isLeftByDepth = !op.getTransposeLhs();
    isRightByDepth = op.getTransposeRhs();
    isLeftInFours = isMultipleOfFour(leftDims.back());
    isRightInFours = isMultipleOfFour(rightDims.back());
  }

  Element findLeft(llvm::IRBuilder<> &builder, ExtentCode &extents, Value *batch, Value *row, Value *k) override {
    if (isFolded)
      return {builder.CreateAdd(builder.CreateMul(row, extents.emit(depth)), k)};
    return find(builder, extents, leftDims, batch, row, k, op.getTransposeLhs());
  }
  Element findRight(llvm::IRBuilder<> &builder, ExtentCode &extents, Value *batch, Value *k, Value *column) override {
    return find(builder, extents, rightDims, batch, k, column, op.getTransposeRhs());
  }
  llvm::SmallVector<Value *> findResult(llvm::IRBuilder<> &, ExtentCode &extents, Value *batch, Value *row,
                                        Value *column) override {
    llvm::SmallVector<Value *> index;
    if (isFolded)
      index = extents.delinearize(row, dims.drop_back());
    else {
      index = extents.delinearize(batch, dims.drop_back(2));
      index.push_back(row);
    }
    index.push_back(column);
    return index;
  }

private:
  Element find(llvm::IRBuilder<> &builder, ExtentCode &extents, llvm::ArrayRef<AffineExpr> operandDims, Value *batch,
               Value *first, Value *second, bool isTransposed) {
    if (isTransposed)
      std::swap(first, second);
    llvm::SmallVector<Value *> index,
        outer = extents.delinearize(batch, isFolded ? dims.take_front(0) : dims.drop_back(2));
    size_t own = operandDims.size() - 2;
    // Leading dimensions broadcast.
    for (size_t dim = 0; dim < own; ++dim)
      index.push_back(constantDim(operandDims[dim]) == 1 ? builder.getInt32(0) : outer[outer.size() - own + dim]);
    index.append({first, second});
    return {extents.linearize(index, operandDims)};
  }

  MatMulOp op;
  llvm::ArrayRef<AffineExpr> dims, leftDims, rightDims;
  bool isFolded = false;
};

class ConvolutionProduct final : public Product {
public:
  ConvolutionProduct(ConvOp op, const KernelShapes &shapes)
      : op(op), dims(shapes.getDims(op)), imageDims(shapes.getDims(op.getX())), weightDims(shapes.getDims(op.getW())) {
    mlir::MLIRContext *context = op.getContext();
    left = llvm::cast<mlir::BlockArgument>(op.getW());
    right = llvm::cast<mlir::BlockArgument>(op.getX());
    result = op;
    batch = mlir::getAffineConstantExpr(op.getGroups(), context);
    rows = weightDims[0].floorDiv(op.getGroups());
    columns = dims[0] * multiplyAll(dims.drop_front(2), context);
    depth = multiplyAll(weightDims.drop_front(1), context);
    isLeftInFours = isMultipleOfFour(depth);
    auto isOne = [](int64_t number) { return number == 1; };
    isPointwise = llvm::all_of(op.getStrides(), isOne) &&
                  llvm::all_of(op.getPads(), [](int64_t pad) { return pad == 0; }) &&
                  llvm::all_of(weightDims.drop_front(2), [](AffineExpr extent) { return constantDim(extent) == 1; });
    isRightInFours = isPointwise && isMultipleOfFour(multiplyAll(imageDims.drop_front(2), context));
  }

  Element findLeft(llvm::IRBuilder<> &builder, ExtentCode &extents, Value *batch, Value *row, Value *k) override {
    Value *filter = builder.CreateAdd(builder.CreateMul(batch, extents.emit(rows)), row);
    return {builder.CreateAdd(builder.CreateMul(filter, extents.emit(depth)), k)};
  }

  Element findRight(llvm::IRBuilder<> &builder, ExtentCode &extents, Value *batch, Value *k, Value *column) override {
    llvm::SmallVector<Value *> tap = extents.delinearize(k, weightDims.drop_front(1));
    llvm::SmallVector<Value *> pixel = findPixel(extents, column);
    Value *firstChannel = builder.CreateMul(batch, extents.emit(weightDims[1]));
    llvm::SmallVector<Value *> index{pixel[0], builder.CreateAdd(firstChannel, tap[0])};
    Value *isInside = nullptr;
    for (size_t dim = 0; dim + 2 < dims.size(); ++dim) {
      auto number = [&](int64_t value) { return builder.getInt32(static_cast<uint32_t>(value)); };
      Value *at = builder.CreateAdd(builder.CreateMul(pixel[1 + dim], number(op.getStrides()[dim])),
                                    builder.CreateMul(tap[1 + dim], number(op.getDilations()[dim])));
      at = builder.CreateSub(at, number(op.getPads()[dim]));
      index.push_back(at);
      if (isPointwise)
        continue;
      Value *isIn = builder.CreateICmpULT(at, extents.emit(imageDims[2 + dim]));
      isInside = isInside ? builder.CreateAnd(isInside, isIn) : isIn;
    }
    return {extents.linearize(index, imageDims), isInside};
  }

  llvm::SmallVector<Value *> findResult(llvm::IRBuilder<> &builder, ExtentCode &extents, Value *batch, Value *row,
                                        Value *column) override {
    llvm::SmallVector<Value *> index = findPixel(extents, column);
    Value *channel = builder.CreateAdd(builder.CreateMul(batch, extents.emit(rows)), row);
    index.insert(index.begin() + 1, channel);
    return index;
  }

private:
  /// The image, and the pixel in it.
  llvm::SmallVector<Value *> findPixel(ExtentCode &extents, Value *column) {
    llvm::SmallVector<AffineExpr> pixelDims(dims.drop_front(2));
    pixelDims.insert(pixelDims.begin(), dims[0]);
    return extents.delinearize(column, pixelDims);
  }

  ConvOp op;
  llvm::ArrayRef<AffineExpr> dims, imageDims, weightDims;
  bool isPointwise = false;
};

} // namespace

std::unique_ptr<Product> Product::match(KernelFuncOp kernel, const KernelShapes &shapes) {
  mlir::Operation *op = kernel.getAnchorOp();
  if (!op || op->getNumOperands() != 2 || !isPlain(op->getResult(0).getType()))
    return nullptr;
  for (mlir::Value operand : op->getOperands())
    if (!llvm::isa<mlir::BlockArgument>(operand) || !isPlain(operand.getType()) ||
        llvm::cast<mlir::RankedTensorType>(operand.getType()).getRank() < 2)
      return nullptr;
  if (auto product = llvm::dyn_cast<MatMulOp>(op))
    return std::make_unique<MatrixProduct>(product, shapes);
  // Depthwise convolutions, products of one row, would leave most of a tile empty.
  if (auto convolution = llvm::dyn_cast<ConvOp>(op);
      convolution && (convolution.getGroups() == 1 || constantDim(shapes.getDims(convolution.getW())[1]) != 1))
    return std::make_unique<ConvolutionProduct>(convolution, shapes);
  return nullptr;
}

} // namespace dlc::cuda
