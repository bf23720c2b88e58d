// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/PaddedRead.h"

using Halide::Expr;
using Halide::RDom;

namespace dlc::halide {

Expr readPadded(const TensorFunc &x, llvm::ArrayRef<Expr> index, llvm::ArrayRef<int64_t> padLow,
                llvm::ArrayRef<int64_t> padHigh) {
  LayoutAttr layout = getLayout(x.type);
  Exprs safe(index.begin(), index.end());
  Expr isInside;
  auto require = [&](Expr condition) { isInside = isInside.defined() ? isInside && condition : condition; };
  for (size_t i = 0; i < padLow.size(); ++i) {
    size_t dim = i + 2;
    int64_t haloLow = layout && layout.getHaloLow() ? layout.getHaloLow()[dim] : 0;
    int64_t haloHigh = layout && layout.getHaloHigh() ? layout.getHaloHigh()[dim] : 0;
    Expr position = index[dim], last = x.extents[dim] - 1;
    if (padLow[i] > haloLow) {
      require(position >= 0);
      safe[dim] = Halide::max(safe[dim], 0);
    }
    if (padHigh[i] > haloHigh) {
      require(position <= last);
      safe[dim] = Halide::min(safe[dim], last);
    }
  }
  Expr element = x.at(safe);
  return isInside.defined() ? Halide::select(isInside, element, Halide::Internal::make_zero(element.type())) : element;
}

RDom makeDomain(llvm::ArrayRef<Expr> extents) {
  Halide::Region region;
  for (const Expr &extent : extents)
    region.emplace_back(0, extent);
  return RDom(region);
}

} // namespace dlc::halide
