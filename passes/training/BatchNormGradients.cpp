// SPDX-License-Identifier: Apache-2.0
// Gradient rule of batch normalization, y = (x - mean) r scale + bias with r = 1 / sqrt(variance + epsilon).
//
// With statistics that do not depend on x, gradients follow one by one. In training mode mean and variance are those of
// x itself, written as reductions; then x influences y through them, too, and the three paths add up to
//   dx = scale r (dy - avg(dy) - (x - mean) r^2 avg(dy (x - mean)))
// where avg runs over the batch and space. This is written at once: as a chain of the reductions' own rules it would be
// twice the passes over memory, and a difference of large numbers.
#include "ir/OpsArithmetic.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"
#include "passes/training/GradientRules.h"

using namespace mlir;

namespace dlc {

static RankedTensorType getType(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

static Value stripReshapes(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getX();
  return value;
}

/// All dimensions but the channels'.
static llvm::SmallVector<int64_t> getBatchAxes(Value x) {
  llvm::SmallVector<int64_t> axes;
  for (int64_t dim = 0; dim < getType(x).getRank(); ++dim)
    if (dim != 1)
      axes.push_back(dim);
  return axes;
}

/// What `value` is the mean of, per channel; null if it is not such a mean.
static Value getAveraged(Value value) {
  auto reduce = stripReshapes(value).getDefiningOp<ReduceOp>();
  if (!reduce || reduce.getKind() != ReductionKind::Mean || getType(reduce.getX()).getRank() < 2 ||
      reduce.getAxes() != llvm::ArrayRef<int64_t>(getBatchAxes(reduce.getX())))
    return {};
  return reduce.getX();
}

/// Whether `value` is, per channel, the mean square of `x` minus its mean.
static bool isVariance(Value value, Value x) {
  Value squares = getAveraged(value);
  auto product = squares ? squares.getDefiningOp<MulOp>() : MulOp();
  if (!product || product.getLhs() != product.getRhs())
    return false;
  auto difference = product.getLhs().getDefiningOp<SubOp>();
  return difference && difference.getLhs() == x && getAveraged(difference.getRhs()) == x;
}

/// The number of elements of a channel's statistics: a constant if it is known.
static Value countElements(GradientBuilder &gradients, Value x) {
  double known = 1;
  llvm::SmallVector<int64_t> dynamic;
  for (int64_t dim : getBatchAxes(x)) {
    if (getType(x).isDynamicDim(dim))
      dynamic.push_back(-2 - dim);
    else
      known *= static_cast<double>(getType(x).getDimSize(dim));
  }
  Value count = gradients.scalar(known, x);
  if (dynamic.empty())
    return count;
  Value ones = gradients.create<FillOp>(x, dynamic, llvm::APFloat(1.0), getType(x).getElementType());
  auto axes = llvm::to_vector(llvm::seq<int64_t>(0, dynamic.size()));
  return gradients.multiply(gradients.create<ReduceOp>(ReductionKind::Sum, ones, axes, /*keep_dims=*/false), count);
}

static LogicalResult batchNorm(BatchNormOp op, GradientBuilder &gradients) {
  Value x = op.getX(), dy = gradients.getResultGradient();
  llvm::SmallVector<int64_t> axes = getBatchAxes(x);
  auto sum = [&](Value value) {
    return gradients.create<ReduceOp>(ReductionKind::Sum, value, axes, /*keep_dims=*/false);
  };
  // [C] as [C, 1, 1], which broadcasts to x.
  auto spread = [&](Value value) {
    llvm::SmallVector<int64_t> shape(getType(x).getRank() - 1, 1);
    shape[0] = -1;
    return shape.size() == 1 ? value : gradients.create<ReshapeOp>(value, shape);
  };
  auto mul = [&](Value a, Value b) { return gradients.multiply(a, b); };
  // A channel whose gradient is all zeros gets zeros, though its variance be 0, too.
  bool isSingular = op.getEpsilon().convertToDouble() <= 0;
  auto scale = [&](Value gradient, Value by) { return gradients.absorbZero(mul(gradient, by), gradient, isSingular); };
  Value inverse = gradients.create<ReciprocalOp>(gradients.create<SqrtOp>(
            gradients.add(op.getVariance(), gradients.scalar(op.getEpsilon().convertToDouble(), x)))),
        factor = mul(op.getScale(), inverse);
  bool isTraining = getAveraged(op.getMean()) == x && isVariance(op.getVariance(), x);
  Value total = sum(dy);
  Value product = sum(scale(dy, gradients.subtract(x, spread(op.getMean()))));
  gradients.set(2, total);
  if (gradients.wants(1))
    gradients.set(1, scale(product, inverse));
  if (!isTraining) {
    if (gradients.wants(0))
      gradients.set(0, scale(dy, spread(factor)));
    if (gradients.wants(3))
      gradients.set(3, gradients.create<NegOp>(scale(total, factor)));
    if (gradients.wants(4))
      gradients.set(4, scale(product, mul(mul(gradients.scalar(-0.5, x), factor), mul(inverse, inverse))));
    return success();
  }
  if (!gradients.wants(0))
    return success();
  // dx = factor dy - slope (x - mean) - shift. The difference is written as a sum, for a kernel of its own: one that is
  // shared with the reduction above would be stored.
  Value share = gradients.divide(factor, countElements(gradients, x)),
        slope = scale(scale(product, share), mul(inverse, inverse)), shift = scale(total, share),
        centered = gradients.add(x, spread(gradients.create<NegOp>(op.getMean())));
  Value direct = gradients.subtract(scale(dy, spread(factor)), spread(shift));
  gradients.set(0, gradients.subtract(direct, scale(spread(slope), centered)));
  return success();
}

void addBatchNormGradients(MLIRContext *context) { addGradientRule<BatchNormOp, &batchNorm>(context); }

} // namespace dlc
