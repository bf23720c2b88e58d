// SPDX-License-Identifier: Apache-2.0
// Gradient rules of normalizations by statistics of the tensor itself. Means and variances are computed again: they are
// two small reductions, where keeping them would be two more results. Elements of 16 bits are computed in f32.
#include "ir/OpsElementwise.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsPooling.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"
#include "passes/training/Formula.h"
#include "passes/training/GradientRules.h"

using namespace mlir;

namespace dlc {

static RankedTensorType getType(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

static Term meanOver(const Term &x, llvm::ArrayRef<int64_t> axes, GradientBuilder &gradients) {
  return {gradients, gradients.create<ReduceOp>(ReductionKind::Mean, x, axes, /*keep_dims=*/true)};
}

namespace {
/// Zero mean (unless `rootMeanSquare`) and unit variance over `axes`.
struct Standardized {
  Standardized(const Term &x, llvm::ArrayRef<int64_t> axes, double epsilon, bool rootMeanSquare,
               GradientBuilder &gradients)
      : axes(axes.begin(), axes.end()), isCentered(!rootMeanSquare), isSingular(epsilon <= 0), gradients(gradients),
        centered(rootMeanSquare ? x : x - meanOver(x, axes, gradients)),
        inverse(1 / sqrt(meanOver(centered * centered, axes, gradients) + epsilon)), value(centered * inverse) {}

  /// dx from the gradient of `value`: what neither moves the mean nor the variance. 0 where dy is 0 in all of a row,
  /// though its variance be 0, too.
  Term pass(const Term &dy) const {
    Term along = dy - meanOver(dy.times(value, isSingular), axes, gradients).times(value, isSingular);
    return (isCentered ? along - meanOver(dy, axes, gradients) : along).times(inverse, isSingular);
  }

  llvm::SmallVector<int64_t> axes;
  bool isCentered, isSingular;
  GradientBuilder &gradients;
  Term centered, inverse, value;
};
} // namespace

static LogicalResult layerNorm(LayerNormOp op, GradientBuilder &gradients) {
  Term x(gradients, gradients.widen(op.getX())), dy(gradients, gradients.widen(gradients.getResultGradient()));
  auto axes = llvm::to_vector(llvm::seq<int64_t>(op.getAxis(), getType(x).getRank()));
  Standardized standardized(x, axes, op.getEpsilon().convertToDouble(), op.getRootMeanSquare(), gradients);
  if (gradients.wants(0))
    gradients.set(0, standardized.pass(op.getScale() ? dy * Term(gradients, gradients.widen(op.getScale())) : dy));
  if (op.getScale() && gradients.wants(1))
    gradients.set(1, dy.times(standardized.value, standardized.isSingular));
  if (op.getBias())
    gradients.set(op.getScale() ? 2 : 1, dy);
  return success();
}

// Over `[N, groups, what is in a group]`.
static LogicalResult groupNorm(GroupNormOp op, GradientBuilder &gradients) {
  Value x = gradients.widen(op.getX());
  RankedTensorType type = getType(x);
  if (type.isDynamicDim(1))
    return gradients.reportMissingRule(" for a number of channels that is only known when it runs");
  if (llvm::is_contained(type.getShape(), 0)) {
    for (unsigned operand = 0; operand < 3; ++operand)
      gradients.set(operand, gradients.zeros(op->getOperand(operand)));
    return success();
  }
  llvm::SmallVector<int64_t> groups{getReshapeExtent(x, 0), static_cast<int64_t>(op.getGroups()), -1},
      channels(type.getRank() - 1, 1);
  channels.front() = type.getDimSize(1);
  Term grouped(gradients, gradients.create<ReshapeOp>(x, groups)),
      dy(gradients, gradients.widen(gradients.getResultGradient())),
      scale(gradients, gradients.create<ReshapeOp>(gradients.widen(op.getScale()), channels));
  Standardized standardized(grouped, {2}, op.getEpsilon().convertToDouble(), false, gradients);
  if (gradients.wants(0)) {
    Term scaled(gradients, gradients.create<ReshapeOp>(dy * scale, groups));
    gradients.set(0, gradients.reshapeLike(standardized.pass(scaled), x));
  }
  llvm::SmallVector<int64_t> others{0};
  for (int64_t dim = 2; dim < type.getRank(); ++dim)
    others.push_back(dim);
  auto sumPerChannel = [&](Value value) {
    return gradients.create<ReduceOp>(ReductionKind::Sum, value, others, /*keep_dims=*/false);
  };
  if (gradients.wants(1))
    gradients.set(
        1, sumPerChannel(dy.times({gradients, gradients.reshapeLike(standardized.value, x)}, standardized.isSingular)));
  if (gradients.wants(2))
    gradients.set(2, sumPerChannel(dy));
  return success();
}

// With d = bias + alpha mean(x^2) over the window (where elements outside count as 0) and y = x d^-beta:
// dx = dy d^-beta - 2 alpha beta x mean'(dy x d^(-beta-1)), where mean' looks the other way.
static LogicalResult lrn(LrnOp op, GradientBuilder &gradients) {
  Value operand = gradients.widen(op.getX());
  RankedTensorType type = getType(operand);
  if (llvm::is_contained(type.getShape(), 0)) {
    gradients.set(0, gradients.zeros(op.getX()));
    return success();
  }
  if (type.isDynamicDim(1))
    return gradients.reportMissingRule(" for a number of channels that is only known when it runs");
  // Channels become a spatial dimension, over which windows can slide.
  llvm::SmallVector<int64_t> planes{getReshapeExtent(operand, 0), 1, type.getDimSize(1), -1};
  auto flatten = [&](Value value) { return Term(gradients, gradients.create<ReshapeOp>(value, planes)); };
  int64_t size = op.getSize(), low = (size - 1) / 2, high = size - 1 - low;
  auto mean = [&](const Term &value, int64_t before, int64_t after) {
    return Term(gradients, gradients.create<AveragePoolOp>(value, llvm::ArrayRef<int64_t>{size, 1},
                                                           llvm::ArrayRef<int64_t>{1, 1}, llvm::ArrayRef<int64_t>{1, 1},
                                                           llvm::ArrayRef<int64_t>{before, 0, after, 0},
                                                           /*ceil_mode=*/false, /*count_include_pad=*/true));
  };
  double alpha = op.getAlpha().convertToDouble(), beta = op.getBeta().convertToDouble();
  Term x = flatten(operand), dy = flatten(gradients.widen(gradients.getResultGradient()));
  Term divisor = op.getBias().convertToDouble() + alpha * mean(x * x, low, high);
  bool isSingular = op.getBias().convertToDouble() <= 0 || alpha < 0;
  Term direct = dy.times(divisor.apply<PowOp>(-beta), isSingular);
  Term across = mean(direct.absorb(direct * x / divisor, isSingular), high, low).times(x);
  gradients.set(0, gradients.reshapeLike(direct - 2 * alpha * beta * across, operand));
  return success();
}

void addStatisticsGradients(MLIRContext *context) {
  addGradientRule<LayerNormOp, &layerNorm>(context);
  addGradientRule<GroupNormOp, &groupNorm>(context);
  addGradientRule<LrnOp, &lrn>(context);
}

} // namespace dlc
