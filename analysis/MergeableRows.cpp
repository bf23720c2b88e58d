// SPDX-License-Identifier: Apache-2.0
// Matrix products over leading dimensions as products of two matrices.
#include "analysis/MergeableDims.h"
#include "ir/Layout.h"
#include "ir/OpsConstant.h"
#include "ir/OpsLinear.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace dlc {

static RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

namespace {

class MergeableRows final : public MergeableDims {
public:
  MergeableRows(KernelLikeOpInterface kernel, MatMulOp product, const KernelShapes &shapes)
      : kernel(kernel), product(product), shapes(shapes), rank(typeOf(product.getResult()).getRank()),
        rows(getAffineConstantExpr(1, kernel->getContext())) {
    for (AffineExpr dim : shapes.getDims(product.getResult()).drop_back())
      rows = rows * dim;
  }

  /// Whether the rule applies to the kernel.
  bool placeAll() {
    // Indices inside kernels have 32 bits.
    if (std::optional<int64_t> count = constantDim(rows); count && *count >= (int64_t(1) << 31))
      return false;
    Block &body = kernel.getBody().front();
    for (Operation &op : body.without_terminator())
      if (!place(&op))
        return false;
    return llvm::all_of(body.getTerminator()->getOperands(), [&](Value value) {
      auto found = dims.find(value);
      return found != dims.end() && found->second.size() == 2;
    });
  }

  DimGroups chooseGroups() const override {
    DimGroups groups(2);
    for (int64_t dim = 0; dim + 1 < rank; ++dim)
      groups[0].push_back(dim);
    groups[1].push_back(rank - 1);
    return groups;
  }

  std::string findProblem(const DimGroups &groups) const override {
    if (groups == chooseGroups())
      return "";
    return "of a product only all leading dimensions, 0 to " + std::to_string(rank - 2) +
           ", can be merged, and the columns stay";
  }

  llvm::MapVector<Value, CollapsedTensor> merge(const DimGroups &) const override {
    llvm::MapVector<Value, CollapsedTensor> tensors;
    for (const auto &[value, merged] : dims) {
      llvm::SmallVector<int64_t> shape;
      for (AffineExpr dim : merged)
        shape.push_back(constantDim(dim).value_or(ShapedType::kDynamic));
      tensors[value] = {RankedTensorType::get(shape, typeOf(value).getElementType()), merged};
    }
    return tensors;
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

  KernelLikeOpInterface kernel;
  MatMulOp product;
  const KernelShapes &shapes;
  int64_t rank;
  AffineExpr rows;
  llvm::MapVector<Value, Dims> dims;
};

} // namespace

std::unique_ptr<MergeableDims> findMergeableRows(KernelLikeOpInterface kernel, const KernelShapes &shapes) {
  auto product = llvm::dyn_cast_or_null<MatMulOp>(kernel.getAnchorOp());
  if (!product || kernel.getKind() != KernelKind::Contraction || typeOf(product.getLhs()).getRank() < 3 ||
      typeOf(product.getRhs()).getRank() != 2 || product.getTransposeLhs())
    return nullptr;
  auto rule = std::make_unique<MergeableRows>(kernel, product, shapes);
  if (!rule->placeAll())
    return nullptr;
  return rule;
}

} // namespace dlc
