// SPDX-License-Identifier: Apache-2.0
// Gradient rules of pools. Every element gathers from the windows that cover it, in a fixed order: nothing is
// scattered.
#include "ir/OpsComparison.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLogic.h"
#include "ir/OpsPooling.h"
#include "ir/OpsShape.h"
#include "passes/training/GradientRules.h"

using namespace mlir;

namespace dlc {

static LogicalResult maxPool(MaxPoolOp op, GradientBuilder &gradients) {
  Value offsets = gradients.create<MaxPoolOffsetsOp>(op.getX(), op.getKernel(), op.getStrides(), op.getDilations(),
                                                     op.getPads(), op.getCeilMode());
  gradients.set(0, gradients.create<MaxPoolGradientOp>(gradients.getResultGradient(), offsets, op.getX(),
                                                       op.getKernel(), op.getStrides(), op.getDilations(), op.getPads(),
                                                       op.getCeilMode()));
  return success();
}

template <typename OpTy>
static Value spread(OpTy op, GradientBuilder &gradients, Value dy, Value x, WindowDivisor divisor) {
  return gradients.create<SpreadWindowsOp>(dy, x, divisor, op.getKernel(), op.getStrides(), op.getDilations(),
                                           op.getPads(), op.getCeilMode());
}

static LogicalResult averagePool(AveragePoolOp op, GradientBuilder &gradients) {
  gradients.set(0, spread(op, gradients, gradients.getResultGradient(), op.getX(),
                          op.getCountIncludePad() ? WindowDivisor::Padded : WindowDivisor::Inside));
  return success();
}

// y = (sum |x|^p)^(1/p) gives dx = sign(x) |x|^(p-1) sum(dy y^(1-p)) over the windows; 0 where y is 0.
static LogicalResult lpPool(LpPoolOp op, GradientBuilder &gradients) {
  Value x = op.getX(), y = op.getResult(), dy = gradients.getResultGradient();
  int64_t p = op.getP();
  if (p == 1) {
    gradients.set(0,
                  gradients.multiply(gradients.create<SignOp>(x), spread(op, gradients, dy, x, WindowDivisor::None)));
    return success();
  }
  auto power = [&](Value base) {
    return p == 2 ? base : gradients.create<PowOp>(base, gradients.scalar(static_cast<double>(p - 1), base));
  };
  Value zero = gradients.scalar(0, y), isPositive = gradients.create<GreaterOp>(y, zero),
        divisor = power(gradients.create<WhereOp>(isPositive, y, gradients.scalar(1, y))),
        share = gradients.create<WhereOp>(isPositive, gradients.divide(dy, divisor), zero),
        sum = spread(op, gradients, share, x, WindowDivisor::None);
  Value slope = p == 2 ? x : gradients.multiply(gradients.create<SignOp>(x), power(gradients.create<AbsOp>(x)));
  gradients.set(0, gradients.multiply(slope, sum));
  return success();
}

// What spreads windows and what sums them are each other's transpose, so gradients of these gradients are pools again.

static LogicalResult maxPoolGradient(MaxPoolGradientOp op, GradientBuilder &gradients) {
  // Each window asks for the gradient of the element that it chose.
  Value flat = gradients.create<ReshapeOp>(gradients.getResultGradient(), llvm::ArrayRef<int64_t>{-1});
  Value positions = gradients.create<MaxPoolIndicesOp>(op.getX(), op.getKernel(), op.getStrides(), op.getDilations(),
                                                       op.getPads(), op.getCeilMode(), /*column_major=*/false);
  gradients.set(0, gradients.create<GatherOp>(flat, positions, /*axis=*/0));
  return success();
}

static LogicalResult spreadWindows(SpreadWindowsOp op, GradientBuilder &gradients) {
  Value dx = gradients.getResultGradient();
  Value means = gradients.create<AveragePoolOp>(dx, op.getKernel(), op.getStrides(), op.getDilations(), op.getPads(),
                                                op.getCeilMode(), op.getDivisor() == WindowDivisor::Padded);
  if (op.getDivisor() == WindowDivisor::None) {
    Value counts = gradients.create<LpPoolOp>(gradients.fill(1, dx), op.getKernel(), op.getStrides(), op.getDilations(),
                                              op.getPads(), op.getCeilMode(), /*p=*/1);
    means = gradients.multiply(means, counts);
  }
  gradients.set(0, means);
  return success();
}

void addPoolingGradients(MLIRContext *context) {
  addGradientRule<MaxPoolOp, &maxPool>(context);
  addGradientRule<AveragePoolOp, &averagePool>(context);
  addGradientRule<LpPoolOp, &lpPool>(context);
  addGradientRule<MaxPoolGradientOp, &maxPoolGradient>(context);
  addGradientRule<SpreadWindowsOp, &spreadWindows>(context);
}

} // namespace dlc
