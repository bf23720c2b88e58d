// SPDX-License-Identifier: Apache-2.0
// Gradient rules of ops that choose elements, and of interpolation.
#include "ir/OpsComparison.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsLinear.h"
#include "ir/OpsLogic.h"
#include "ir/OpsMovement.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsReduction.h"
#include "ir/OpsSelection.h"
#include "ir/OpsShape.h"
#include "passes/training/GradientRules.h"

using namespace mlir;

namespace dlc {

static RankedTensorType getType(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

/// The indices 0, 1, ... of dimension `dim` of `x`, with `before` and `after` dimensions of extent 1 around.
static Value positionsAlong(Value x, int64_t dim, int64_t before, int64_t after, GradientBuilder &gradients) {
  Value positions = gradients.create<IndexOp>(x, dim);
  llvm::SmallVector<int64_t> shape(before + 1 + after, 1);
  shape[before] = getReshapeExtent(positions, 0);
  return gradients.create<ReshapeOp>(positions, shape);
}

// Each of the k gradients goes to the one position of its row that it was taken from.
static LogicalResult topK(TopKOp op, GradientBuilder &gradients) {
  Value x = op.getX(), dy = gradients.getResultGradient();
  int64_t axis = op.getAxis(), rank = getType(x).getRank();
  Value chosen = gradients.create<TopKIndicesOp>(x, op.getK(), op.getAxis(), op.getSmallest());
  llvm::SmallVector<int64_t> shape = getShapeFrom(dy);
  shape.insert(shape.begin() + axis + 1, 1);
  auto spread = [&](Value value) { return gradients.create<ReshapeOp>(value, shape); };
  Value isHere =
      gradients.create<EqualOp>(spread(chosen), positionsAlong(x, axis, /*before=*/0, rank - 1 - axis, gradients));
  Value spreadOut = gradients.create<WhereOp>(isHere, spread(dy), gradients.scalar(0, dy));
  gradients.set(0, gradients.create<ReduceOp>(ReductionKind::Sum, spreadOut, llvm::ArrayRef<int64_t>{axis},
                                              /*keep_dims=*/false));
  return success();
}

// Interpolation is a matrix for each dimension; resizing the identity gives it, whatever the mode is. The gradient goes
// through the transposed ones.
static LogicalResult resize(ResizeOp op, GradientBuilder &gradients) {
  Value x = op.getX(), gradient = gradients.widen(gradients.getResultGradient());
  int64_t rank = getType(x).getRank();
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (op.getSizes()[dim] == -1)
      continue;
    Value isDiagonal =
        gradients.create<EqualOp>(positionsAlong(x, dim, 0, 1, gradients), positionsAlong(x, dim, 1, 0, gradients));
    Value identity =
        gradients.create<WhereOp>(isDiagonal, gradients.scalar(1, gradient), gradients.scalar(0, gradient));
    llvm::SmallVector<double> region;
    if (!op.getRoi().empty())
      region = {op.getRoi()[dim], 0, op.getRoi()[rank + dim], 1};
    Value like;
    if (op.getSizes()[dim] == -2)
      like = gradients.create<FillOp>(op.getResult(), llvm::ArrayRef<int64_t>{-2 - dim, 1}, llvm::APFloat(0.0),
                                      getType(gradient).getElementType());
    Value matrix = gradients.create<ResizeOp>(
        identity, like, llvm::ArrayRef<int64_t>{op.getSizes()[dim], -1}, llvm::ArrayRef<double>{op.getScales()[dim], 1},
        llvm::ArrayRef<double>(region), op.getMode(), op.getCoordinateMode(), op.getNearestMode(),
        op.getCubicCoefficient(), op.getExcludeOutside(), op.getAntialias(), llvm::APFloat(0.0));
    std::string indices = llvm::StringRef("abcdefghijklmnopqrstuvw").take_front(rank).str(), source = indices;
    source[dim] = 'z';
    std::string equation = source + ",z" + indices[dim] + "->" + indices;
    gradient = gradients.create<EinsumOp>(ValueRange{gradient, matrix}, gradients.builder.getStringAttr(equation));
  }
  gradients.set(0, gradient);
  return success();
}

void addSelectionGradients(MLIRContext *context) {
  addGradientRule<TopKOp, &topK>(context);
  addGradientRule<ResizeOp, &resize>(context);
  addGradientRule<HardmaxOp, &hasZeroGradient<HardmaxOp>>(context);
  addGradientRule<RandomUniformOp, &hasZeroGradient<RandomUniformOp>>(context);
}

} // namespace dlc
