// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/RowGeometry.h"
#include "llvm/ADT/STLExtras.h"

using Halide::Expr;
using Halide::Var;

namespace dlc::halide {

RowGeometry::RowGeometry(const TensorFunc &tensor, llvm::ArrayRef<int64_t> axes) : tensor(tensor) {
  LayoutAttr layout = getLayout(tensor.type);
  for (int64_t position = tensor.type.getRank() - 1; position >= 0; --position) {
    int64_t dim = layout ? layout.getOrder()[position] : position;
    bool isReduced = llvm::is_contained(axes, dim);
    (isReduced ? reducedDims : outerDims).push_back(dim);
    // Dimensions of extent 1 have no particular position.
    bool isFirst = reducedDims.size() + outerDims.size() == 1;
    if (isFirst)
      innermostIsReduced = isReduced;
  }
  for (int64_t dim : outerDims)
    outer.emplace_back("d" + std::to_string(dim));
}

std::vector<Expr> RowGeometry::outerIndexOf(llvm::ArrayRef<Expr> index, bool hasReduced) const {
  std::vector<Expr> coordinates;
  for (int64_t dim : outerDims) {
    int64_t position = dim;
    if (!hasReduced)
      position -= llvm::count_if(reducedDims, [&](int64_t reduced) { return reduced < dim; });
    coordinates.push_back(index[position]);
  }
  return coordinates;
}

Exprs RowGeometry::indexOf(llvm::ArrayRef<Expr> reduced) const {
  Exprs index(tensor.type.getRank());
  for (auto [dim, variable] : llvm::zip(outerDims, outer))
    index[dim] = variable;
  for (auto [dim, coordinate] : llvm::zip(reducedDims, reduced))
    index[dim] = coordinate;
  return index;
}

ReducedBox RowGeometry::makeBox(const std::function<Expr(llvm::ArrayRef<Expr>)> &element) const {
  ReducedBox box;
  for (int64_t dim : reducedDims)
    box.extents.push_back(tensor.extents[dim]);
  // A reduction over no dimension has one element.
  if (box.extents.empty())
    box.extents.push_back(1);
  box.element = [this, element](llvm::ArrayRef<Expr> coordinates) {
    return element(indexOf(coordinates.take_front(reducedDims.size())));
  };
  return box;
}

int RowGeometry::chooseVector(const KernelBuilder &builder) const {
  return static_cast<int>(std::max<int64_t>(builder.getSchedule().getVector(), 1));
}

int RowGeometry::chooseLanes(const KernelBuilder &builder) const {
  if (builder.isNaive() || !innermostIsReduced)
    return 1;
  return halide::chooseLanes(innermostExtent(), chooseVector(builder), builder.getSchedule().getTile("unroll", 4));
}

} // namespace dlc::halide
