// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/TensorFunc.h"

using namespace mlir;
using Halide::Expr;

namespace dlc::halide {

namespace {
/// A physical dimension without its extent: which part of which logical dimension it is.
struct Part {
  int64_t logical;
  int64_t divisor; ///< the elements that one step of this dimension covers
  int64_t tile;    ///< 0: the outermost part of its dimension
};
} // namespace

/// The physical dimensions of a layout, innermost first.
static llvm::SmallVector<Part> getParts(RankedTensorType type) {
  LayoutAttr layout = getLayout(type);
  llvm::SmallVector<Part> parts;
  llvm::SmallVector<int64_t> covered(type.getRank(), 1);
  if (layout && layout.getInnerDims())
    for (int64_t i = layout.getInnerDims().size() - 1; i >= 0; --i) {
      int64_t dim = layout.getInnerDims()[i], tile = layout.getInnerTiles()[i];
      parts.push_back({dim, covered[dim], tile});
      covered[dim] *= tile;
    }
  for (int64_t position = type.getRank() - 1; position >= 0; --position) {
    int64_t dim = layout ? layout.getOrder()[position] : position;
    parts.push_back({dim, covered[dim], 0});
  }
  return parts;
}

Exprs toPhysical(RankedTensorType type, llvm::ArrayRef<Expr> index) {
  Exprs physical;
  for (const Part &part : getParts(type)) {
    Expr coordinate = index[part.logical];
    if (part.divisor > 1)
      coordinate = coordinate / static_cast<int>(part.divisor);
    if (part.tile)
      coordinate = coordinate % static_cast<int>(part.tile);
    physical.push_back(coordinate);
  }
  return physical;
}

Exprs toLogical(RankedTensorType type, llvm::ArrayRef<Expr> index) {
  Exprs logical(type.getRank());
  for (auto [part, coordinate] : llvm::zip(getParts(type), index)) {
    Expr share = part.divisor > 1 ? coordinate * static_cast<int>(part.divisor) : coordinate;
    Expr &sum = logical[part.logical];
    sum = sum.defined() ? share + sum : share;
  }
  return logical;
}

Expr TensorFunc::at(llvm::ArrayRef<Expr> index) const {
  assert(index.size() == static_cast<size_t>(type.getRank()) && "one coordinate a logical dimension");
  assert((!getLayout(type) || !getLayout(type).getWinograd()) && "transformed weights have no element at an index");
  Exprs physical = toPhysical(type, index);
  return func(std::vector<Expr>(physical.begin(), physical.end()));
}

Expr TensorFunc::atBroadcast(llvm::ArrayRef<Expr> index) const {
  size_t rank = type.getRank();
  assert(index.size() >= rank && "a tensor broadcasts to at least its own rank");
  Exprs own;
  for (size_t dim = 0; dim < rank; ++dim)
    own.push_back(type.getDimSize(dim) == 1 ? Expr(0) : index[index.size() - rank + dim]);
  return at(own);
}

std::optional<int64_t> TensorFunc::staticExtent(int64_t dim) const {
  if (type.isDynamicDim(dim))
    return std::nullopt;
  return type.getDimSize(dim);
}

} // namespace dlc::halide
