// SPDX-License-Identifier: Apache-2.0
// Gradient rules of regions and points of images. What spreads gradients to pixels is the transposed map of what takes
// them; both have the same derivatives with respect to positions, because they are one form, linear in gradient and
// pixels.
#include "ir/OpsSampling.h"
#include "passes/training/GradientRules.h"

using namespace mlir;

namespace dlc {

static LogicalResult roiAlign(RoiAlignOp op, GradientBuilder &gradients) {
  if (op.getMaximum())
    return gradients.reportMissingRule(" for the largest product of each bin");
  Value dy = gradients.getResultGradient();
  if (gradients.wants(0))
    gradients.set(0,
                  gradients.create<RoiAlignGradientOp>(dy, op.getBoxes(), op.getImages(), op.getX(),
                                                       op.getSamplingRatio(), op.getSpatialScale(), op.getHalfPixel()));
  if (gradients.wants(1))
    gradients.set(1, gradients.create<RoiAlignBoxesGradientOp>(dy, op.getBoxes(), op.getImages(), op.getX(),
                                                               op.getSamplingRatio(), op.getSpatialScale(),
                                                               op.getHalfPixel()));
  return success();
}

static LogicalResult roiAlignGradient(RoiAlignGradientOp op, GradientBuilder &gradients) {
  Value dy = gradients.getResultGradient();
  auto type = llvm::cast<RankedTensorType>(op.getGradient().getType());
  if (gradients.wants(0))
    gradients.set(0, gradients.create<RoiAlignOp>(dy, op.getBoxes(), op.getImages(), type.getDimSize(2),
                                                  type.getDimSize(3), op.getSamplingRatio(), op.getSpatialScale(),
                                                  op.getHalfPixel(), /*maximum=*/false));
  if (gradients.wants(1))
    gradients.set(1, gradients.create<RoiAlignBoxesGradientOp>(op.getGradient(), op.getBoxes(), op.getImages(), dy,
                                                               op.getSamplingRatio(), op.getSpatialScale(),
                                                               op.getHalfPixel()));
  return success();
}

// Regions are rounded to pixels, so the gradient with respect to them is 0 wherever it exists.
static LogicalResult maxRoiPool(MaxRoiPoolOp op, GradientBuilder &gradients) {
  if (gradients.wants(0))
    gradients.set(0, gradients.create<MaxRoiPoolGradientOp>(gradients.getResultGradient(), op.getBoxes(), op.getX(),
                                                            op.getSpatialScale()));
  return success();
}

static LogicalResult samplePixels(SamplePixelsOp op, GradientBuilder &gradients) {
  Value dy = gradients.getResultGradient();
  if (gradients.wants(0))
    gradients.set(0, gradients.create<SamplePixelsGradientOp>(dy, op.getPositions(), op.getX()));
  if (gradients.wants(1))
    gradients.set(1, gradients.create<SamplePositionsGradientOp>(dy, op.getPositions(), op.getX()));
  return success();
}

static LogicalResult samplePixelsGradient(SamplePixelsGradientOp op, GradientBuilder &gradients) {
  Value dy = gradients.getResultGradient();
  if (gradients.wants(0))
    gradients.set(0, gradients.create<SamplePixelsOp>(dy, op.getPositions()));
  if (gradients.wants(1))
    gradients.set(1, gradients.create<SamplePositionsGradientOp>(op.getGradient(), op.getPositions(), dy));
  return success();
}

template <typename OpTy> static LogicalResult isPartOfGradient(OpTy, GradientBuilder &gradients) {
  return gradients.reportMissingRule(": it is part of a gradient");
}

void addSamplingGradients(MLIRContext *context) {
  addGradientRule<RoiAlignOp, &roiAlign>(context);
  addGradientRule<RoiAlignGradientOp, &roiAlignGradient>(context);
  addGradientRule<RoiAlignBoxesGradientOp, &isPartOfGradient<RoiAlignBoxesGradientOp>>(context);
  addGradientRule<MaxRoiPoolOp, &maxRoiPool>(context);
  addGradientRule<MaxRoiPoolGradientOp, &isPartOfGradient<MaxRoiPoolGradientOp>>(context);
  addGradientRule<SamplePixelsOp, &samplePixels>(context);
  addGradientRule<SamplePixelsGradientOp, &samplePixelsGradient>(context);
  addGradientRule<SamplePositionsGradientOp, &isPartOfGradient<SamplePositionsGradientOp>>(context);
}

} // namespace dlc
