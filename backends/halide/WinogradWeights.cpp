// SPDX-License-Identifier: Apache-2.0
// Weights g as G g G^T, blocks of output channels innermost. A block's taps of one input channel are gathered once into
// vectors, then transformed along columns and along rows, all in registers and on the stack: some 20 cycles for a pair
// of channels, about what storing the 36 numbers (m = 4) takes. In double, rounded once: the transform's error is then
// that of one rounding.
#include "backends/halide/Winograd.h"
#include "backends/halide/WinogradConvolution.h"
#include "ir/OpsLayout.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::Var;

namespace dlc::halide {

FailureOr<TensorFunc> emitWinogradWeights(PackOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  LayoutAttr layout = getLayout(op.getType());
  const WinogradTransform &f = getWinogradTransform(layout.getWinograd());
  int block = static_cast<int>(layout.getInnerTiles()[0]), blocked = static_cast<int>(layout.getInnerDims()[0]);
  assert(op.getType().getDimSize(blocked) % block == 0 && "Winograd's algorithm is for whole blocks");
  // Channel in its block, the other channel, column, row, block.
  Var c("c"), other("other"), i("i"), j("j"), number("number");
  Func taps("taps"), columns("columns");
  auto indexOf = [&](const Expr &row, const Expr &column) {
    Exprs index{other, other, row, column};
    index[blocked] = number * block + c;
    return index;
  };
  taps(c, other, i, j, number) = Halide::cast<double>(x.at(indexOf(j, i)));
  columns(c, other, i, j, number) = transform(f.weight, 3, i, [&](int tap) { return taps(c, other, tap, j, number); });
  TensorFunc result = builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Expr channel = index[blocked];
    Expr element = transform(f.weight, 3, index[2], [&](int tap) {
      return columns(channel % block, index[1 - blocked], index[3], tap, channel / block);
    });
    return Halide::cast(getValueType(op.getType().getElementType()), element);
  });
  builder.setScheduler(op, [taps, columns, f, block](KernelBuilder &at) mutable {
    Func out = at.getOutput();
    std::vector<Var> arguments = out.args();
    int lanes = static_cast<int>(at.getSchedule().getVector());
    // Physical order: channel in the block, other channel, column, row, block.
    Var inBlock = arguments[0], input = arguments[1], column = arguments[2], row = arguments[3], blocks = arguments[4];
    out.reorder({inBlock, column, row, input, blocks}).vectorize(inBlock, lanes).unroll(column).unroll(row);
    out.bound(inBlock, 0, block);
    for (Func stage : {taps, columns}) {
      std::vector<Var> own = stage.args();
      stage.compute_at(out, input).bound_extent(own[0], block).vectorize(own[0], lanes);
      stage.reorder({own[0], own[2], own[3], own[1], own[4]}).unroll(own[2]).unroll(own[3]);
    }
    return success();
  });
  return result;
}

} // namespace dlc::halide
