// SPDX-License-Identifier: Apache-2.0
#include "backends/cuda/Product.h"
#include "ir/ExtentAlgebra.h"
#include "ir/Layout.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsLinear.h"
#include <numeric>

using llvm::Value;
using mlir::AffineExpr;

namespace dlc::cuda {

/// The largest power of two that divides `extent`, up to what any template reads at once.
int64_t findGroup(AffineExpr extent) {
  constexpr int64_t most = 8;
  std::optional<int64_t> known = constantDim(extent);
  return known ? std::gcd(*known, most) : 1;
}

AffineExpr multiplyAll(llvm::ArrayRef<AffineExpr> extents, mlir::MLIRContext *context) {
  AffineExpr product = mlir::getAffineConstantExpr(1, context);
  for (AffineExpr extent : extents)
    product = product * extent;
  return product;
}

namespace {

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
    leftGroup = findGroup(leftDims.back());
    rightGroup = findGroup(rightDims.back());
  }

  Element findLeft(llvm::IRBuilder<> &builder, ExtentCode &extents, Value *batch, Value *row, Value *k) override {
    if (isFolded)
      return {builder.CreateAdd(builder.CreateMul(row, extents.emit(depth)), k)};
    return find(builder, extents, leftDims, batch, row, k, op.getTransposeLhs());
  }
  Element findRight(llvm::IRBuilder<> &builder, ExtentCode &extents, Value *batch, Value *k, Value *column) override {
    return find(builder, extents, rightDims, batch, k, column, op.getTransposeRhs());
  }
  Index findResult(llvm::IRBuilder<> &, ExtentCode &extents, Value *batch, Value *row, Value *column) override {
    llvm::SmallVector<Value *> index;
    if (isFolded)
      index = extents.delinearize(row, dims.drop_back());
    else {
      index = extents.delinearize(batch, dims.drop_back(2));
      index.push_back(row);
    }
    index.push_back(column);
    return {index};
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

} // namespace

/// Why a template cannot take `operands`; "" if one can.
static std::string findObstacle(mlir::OperandRange operands) {
  for (mlir::Value operand : operands) {
    auto type = llvm::cast<mlir::RankedTensorType>(operand.getType());
    mlir::Type element = type.getElementType();
    if (!element.isF32() && !element.isF16() && !element.isBF16()) {
      std::string text;
      llvm::raw_string_ostream(text) << "its elements are of type " << element;
      return text;
    }
    if (element != mlir::getElementTypeOrSelf(operands.front()))
      return "its operands differ in type";
    if (getLayout(type))
      return "its tensors are packed";
    if (!llvm::isa<mlir::BlockArgument>(operand))
      return "an operand is computed in the same kernel";
    if (type.getRank() < 2)
      return "an operand is a vector";
  }
  return "";
}

std::unique_ptr<Product> Product::match(KernelFuncOp kernel, const KernelShapes &shapes, std::string &why) {
  mlir::Operation *op = kernel.getAnchorOp();
  if (!op || !llvm::isa<MatMulOp, ConvOp, ConvTransposeOp, ConvWeightGradientOp>(op)) {
    if (op && op->hasTrait<Contraction>())
      why = ("there is no template for " + op->getName().getStringRef()).str();
    return nullptr;
  }
  why = findObstacle(op->getOperands());
  if (!why.empty())
    return nullptr;
  if (auto product = llvm::dyn_cast<MatMulOp>(op))
    return std::make_unique<MatrixProduct>(product, shapes);
  return matchConvolution(op, shapes, why);
}

} // namespace dlc::cuda
