// SPDX-License-Identifier: Apache-2.0
#include "passes/schedule/CollapseProduct.h"
#include "ir/Layout.h"
#include "ir/OpsConstant.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLinear.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace dlc {

static RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

namespace {

class ProductRows {
public:
  ProductRows(KernelFuncOp kernel, MatMulOp product, const KernelShapes &shapes)
      : kernel(kernel), product(product), shapes(shapes), rank(typeOf(product.getResult()).getRank()),
        rows(getAffineConstantExpr(1, kernel.getContext())) {
    for (AffineExpr dim : shapes.getDims(product.getResult()).drop_back())
      rows = rows * dim;
  }

  bool run() {
    // Indices inside kernels have 32 bits.
    if (std::optional<int64_t> count = constantDim(rows); count && *count >= (int64_t(1) << 31))
      return false;
    for (Operation &op : kernel.getBody().front().without_terminator())
      if (!place(&op))
        return false;
    for (Value value : kernel.getYieldedValues())
      if (dims.find(value) == dims.end() || dims.find(value)->second.size() != 2)
        return false;
    rewrite();
    return true;
  }

private:
  /// What replaces the dimensions of `value`: rows and columns, or columns alone.
  bool place(Value value) {
    RankedTensorType type = typeOf(value);
    llvm::ArrayRef<AffineExpr> own = shapes.getDims(value);
    if (getLayout(type))
      return false;
    llvm::ArrayRef<AffineExpr> all = shapes.getDims(product.getResult());
    bool hasRows = type.getRank() == rank, hasNone = true;
    for (size_t dim = 0; dim + 1 < own.size(); ++dim) {
      std::optional<int64_t> extent = constantDim(own[dim]);
      hasNone &= extent == 1;
      // Two dynamic extents that meet are equal.
      hasRows = hasRows && (own[dim] == all[dim] || (!extent && !constantDim(all[dim])));
    }
    if (!hasRows && !hasNone)
      return false;
    Dims &merged = dims[value];
    merged.clear();
    if (hasRows)
      merged = {rows, own.back()};
    else if (!own.empty())
      merged = {own.back()};
    return true;
  }

  bool place(Operation *op) {
    if (op == product) {
      // The right operand stays as it is.
      return llvm::isa<BlockArgument>(product.getLhs()) && product.getLhs() != product.getRhs() &&
             place(product.getLhs()) && dims[product.getLhs()].size() == 2 && place(product.getResult());
    }
    if (auto constant = llvm::dyn_cast<ConstantOp>(op))
      return llvm::isa<SplatElementsAttr>(constant.getValue()) && place(constant.getResult());
    return op->hasTrait<Elementwise>() && !llvm::is_contained(op->getOperands(), product.getRhs()) &&
           llvm::all_of(op->getOperands(), [&](Value operand) { return place(operand); }) && place(op->getResult(0));
  }

  void rewrite() {
    MLIRContext *context = kernel.getContext();
    unsigned symbols = kernel.getSymbols() ? kernel.getSymbols()->size() : 0;
    llvm::SmallVector<Attribute> inputDims;
    for (BlockArgument argument : kernel.getBody().getArguments()) {
      auto found = dims.find(argument);
      llvm::ArrayRef<AffineExpr> own = found == dims.end() ? shapes.getDims(argument) : found->second;
      inputDims.push_back(AffineMapAttr::get(AffineMap::get(0, symbols, own, context)));
    }
    for (auto &[value, merged] : dims) {
      llvm::SmallVector<int64_t> shape;
      for (AffineExpr dim : merged)
        shape.push_back(constantDim(dim).value_or(ShapedType::kDynamic));
      auto type = RankedTensorType::get(shape, typeOf(value).getElementType());
      value.setType(type);
      if (auto constant = value.getDefiningOp<ConstantOp>())
        constant.setValueAttr(llvm::cast<SplatElementsAttr>(constant.getValue()).resizeSplat(type));
    }
    kernel.setInputDimsAttr(ArrayAttr::get(context, inputDims));
  }

  KernelFuncOp kernel;
  MatMulOp product;
  const KernelShapes &shapes;
  int64_t rank;
  AffineExpr rows;
  llvm::MapVector<Value, Dims> dims;
};

} // namespace

bool collapseProduct(KernelFuncOp kernel, const KernelShapes &shapes) {
  auto product = llvm::dyn_cast_or_null<MatMulOp>(kernel.getRootOp());
  if (!product || kernel.getRoot() != KernelRoot::Contraction || typeOf(product.getLhs()).getRank() < 3 ||
      typeOf(product.getRhs()).getRank() != 2 || product.getTransposeLhs())
    return false;
  return ProductRows(kernel, product, shapes).run();
}

} // namespace dlc
