// SPDX-License-Identifier: Apache-2.0
// Conversions between layouts. The loops are scheduled as those of other ops that move elements (Movement.cpp).
#include "backends/halide/Families.h"
#include "backends/halide/KernelBuilder.h"
#include "backends/halide/Winograd.h"
#include "backends/halide/WinogradConvolution.h"
#include "ir/OpsLayout.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using Halide::Expr;
using Halide::select;

namespace dlc::halide {

template <typename OpTy> static FailureOr<TensorFunc> emitIdentity(OpTy op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) { return x.at(index); });
}

/// Row `i` of G as a choice between constants.
static Expr weightFactor(const WinogradTransform &transform, const Expr &i, int column) {
  Expr factor = Expr(transform.weight[column]);
  for (int row = 1; row < transform.m + 2; ++row)
    factor = select(i == row, Expr(transform.weight[row * 3 + column]), factor);
  return factor;
}

static FailureOr<TensorFunc> emitPack(PackOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  LayoutAttr layout = getLayout(op.getType());
  if (!layout)
    return emitIdentity(op, builder);
  if (layout.getWinograd() && !builder.isNaive() && builder.getAnchorOp() == op)
    return emitWinogradWeights(op, builder);
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Exprs source(index.begin(), index.end());
    // Blocks may reach beyond the extent; they are zero there.
    Expr isInside = Halide::Internal::const_true();
    if (layout.getInnerDims())
      for (int64_t dim : layout.getInnerDims().asArrayRef()) {
        int64_t tile = 1;
        for (auto [other, size] : llvm::zip(layout.getInnerDims().asArrayRef(), layout.getInnerTiles().asArrayRef()))
          tile *= other == dim ? size : 1;
        if (auto extent = x.staticExtent(dim); extent && *extent % tile == 0)
          continue;
        isInside = isInside && index[dim] < x.extents[dim];
        source[dim] = Halide::min(index[dim], x.extents[dim] - 1);
      }
    Expr element;
    if (layout.getWinograd()) {
      const WinogradTransform &transform = getWinogradTransform(layout.getWinograd());
      // In double, rounded once: the transform's error is then that of one rounding.
      element = Expr(0.0);
      for (int row = 0; row < 3; ++row)
        for (int column = 0; column < 3; ++column) {
          Expr weight = Halide::cast<double>(x.at({source[0], source[1], row, column}));
          element =
              element + weightFactor(transform, index[2], row) * weightFactor(transform, index[3], column) * weight;
        }
      element = Halide::cast(getValueType(op.getType().getElementType()), element);
    } else {
      element = x.at(source);
    }
    return Halide::Internal::is_const_one(isInside)
               ? element
               : select(isInside, element, Halide::Internal::make_zero(element.type()));
  });
}

void addPackingEmitters(MLIRContext *context) {
  addEmitter<PackOp, &emitPack>(context);
  addEmitter<UnpackOp, &emitIdentity<UnpackOp>>(context);
}

} // namespace dlc::halide
