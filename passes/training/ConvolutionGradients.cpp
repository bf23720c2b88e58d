// SPDX-License-Identifier: Apache-2.0
// Gradient rules of convolutions. A transposed convolution is by definition the gradient of a convolution with respect
// to its input and the other way round; weights have an op of their own.
#include "ir/OpsConvolution.h"
#include "passes/training/GradientRules.h"

using namespace mlir;

namespace dlc {

static llvm::ArrayRef<int64_t> getSpatial(Value value) {
  return llvm::cast<RankedTensorType>(value.getType()).getShape().drop_front(2);
}

/// How many elements at the end of each spatial dimension of `x` no window of `op` reaches.
template <typename OpTy>
static FailureOr<llvm::SmallVector<int64_t>> getUnreached(OpTy op, Value x, llvm::ArrayRef<int64_t> kernel,
                                                          GradientBuilder &gradients) {
  llvm::SmallVector<int64_t> rest;
  for (size_t i = 0; i < kernel.size(); ++i) {
    int64_t extent = getSpatial(x)[i], stride = op.getStrides()[i];
    if (ShapedType::isDynamic(extent) && stride > 1)
      return gradients.reportMissingRule(
          " for a stride of " + llvm::Twine(stride) +
          " over a spatial dimension that is not known at compile time; give the input a "
          "fixed size");
    int64_t reach = op.getDilations()[i] * (kernel[i] - 1) + 1;
    rest.push_back(stride == 1 ? 0 : (extent + op.getPads()[i] + op.getPads()[i + kernel.size()] - reach) % stride);
  }
  return rest;
}

static LogicalResult conv(ConvOp op, GradientBuilder &gradients) {
  Value x = op.getX(), w = op.getW(), dy = gradients.getResultGradient();
  if (gradients.wants(0)) {
    FailureOr<llvm::SmallVector<int64_t>> rest = getUnreached(op, x, getSpatial(w), gradients);
    if (failed(rest))
      return failure();
    gradients.set(0, gradients.create<ConvTransposeOp>(dy, w, op.getStrides(), op.getDilations(), op.getPads(), *rest,
                                                       op.getGroups()));
  }
  if (gradients.wants(1))
    gradients.set(1, gradients.create<ConvWeightGradientOp>(x, dy, getSpatial(w), op.getStrides(), op.getDilations(),
                                                            op.getPads(), op.getGroups()));
  return success();
}

static LogicalResult convTranspose(ConvTransposeOp op, GradientBuilder &gradients) {
  Value x = op.getX(), w = op.getW(), dy = gradients.getResultGradient();
  // Positions that output_padding adds are beyond all windows.
  llvm::SmallVector<int64_t> pads(op.getPads());
  size_t spatial = op.getStrides().size();
  for (size_t i = 0; i < spatial; ++i)
    pads[i + spatial] -= op.getOutputPadding()[i];
  if (gradients.wants(0))
    gradients.set(0, gradients.create<ConvOp>(dy, w, op.getStrides(), op.getDilations(), pads, op.getGroups()));
  if (gradients.wants(1))
    gradients.set(1, gradients.create<ConvWeightGradientOp>(dy, x, getSpatial(w), op.getStrides(), op.getDilations(),
                                                            pads, op.getGroups()));
  return success();
}

// Linear in both operands: a convolution with the roles of x and y swapped.
static LogicalResult convWeightGradient(ConvWeightGradientOp op, GradientBuilder &gradients) {
  Value x = op.getX(), dy = op.getYGradient(), dw = gradients.getResultGradient();
  if (gradients.wants(0)) {
    FailureOr<llvm::SmallVector<int64_t>> rest = getUnreached(op, x, op.getKernel(), gradients);
    if (failed(rest))
      return failure();
    gradients.set(0, gradients.create<ConvTransposeOp>(dy, dw, op.getStrides(), op.getDilations(), op.getPads(), *rest,
                                                       op.getGroups()));
  }
  if (gradients.wants(1))
    gradients.set(1, gradients.create<ConvOp>(x, dw, op.getStrides(), op.getDilations(), op.getPads(), op.getGroups()));
  return success();
}

void addConvolutionGradients(MLIRContext *context) {
  addGradientRule<ConvOp, &conv>(context);
  addGradientRule<ConvTransposeOp, &convTranspose>(context);
  addGradientRule<ConvWeightGradientOp, &convWeightGradient>(context);
}

} // namespace dlc
