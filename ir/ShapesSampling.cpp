// SPDX-License-Identifier: Apache-2.0
// Shape functions of regions and points of images, and what their loops cost.
#include "ir/ExtentRequirements.h"
#include "ir/OpsSampling.h"

using namespace mlir;

namespace dlc {

/// A point between four pixels: four reads, four products and sums, and a share of the arithmetic of its coordinates,
/// which the channels share.
constexpr int64_t operationsPerPoint = 16;
/// Points per dimension of a bin where only a run knows, and pixels of a part.
constexpr int64_t typicalPoints = 2, typicalPixels = 16;

/// [R, C, height, width] for images [N, C, H, W] and regions of `columns` numbers.
static LogicalResult inferRegions(std::optional<Location> location, const Dims &images, const Dims &regions,
                                  int64_t columns, int64_t height, int64_t width, Dims &result) {
  if (images.size() != 4 || regions.size() != 2)
    return emitOptionalError(location, "expects images [N, C, H, W] and regions [R, ", columns, "], got ranks ",
                             images.size(), " and ", regions.size());
  if (!requireEqual(regions[1], getAffineConstantExpr(columns, regions[1].getContext())))
    return emitOptionalError(location, "regions have ", *constantDim(regions[1]), " numbers each, expected ", columns);
  if (height < 1 || width < 1)
    return emitOptionalError(location, "the height and width of the result are positive");
  MLIRContext *context = images[0].getContext();
  result = {regions[0], images[1], getAffineConstantExpr(height, context), getAffineConstantExpr(width, context)};
  return success();
}

static LogicalResult checkImages(std::optional<Location> location, const Dims &regions, const Dims &images) {
  if (images.size() != 1)
    return emitOptionalError(location, "the images of regions have rank 1, got rank ", images.size());
  if (!requireEqual(regions[0], images[0]))
    return emitOptionalError(location, "there are ", *constantDim(images[0]), " images for ", *constantDim(regions[0]),
                             " regions");
  return success();
}

static LogicalResult checkSamplingRatio(std::optional<Location> location, uint64_t ratio) {
  if (static_cast<int64_t>(ratio) < 0)
    return emitOptionalError(location, "the sampling ratio is not negative");
  return success();
}

LogicalResult RoiAlignOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                     Dims &result) {
  if (failed(checkSamplingRatio(location, adaptor.getSamplingRatio())) ||
      failed(inferRegions(location, dims[0], dims[1], 4, adaptor.getHeight(), adaptor.getWidth(), result)))
    return failure();
  return checkImages(location, dims[1], dims[2]);
}

/// Checks the gradient of what regions of `columns` numbers take of the images `x`.
static LogicalResult checkRegionGradient(std::optional<Location> location, const Dims &gradient, const Dims &regions,
                                         const Dims &x, int64_t columns) {
  Dims pooled;
  if (gradient.size() != 4)
    return emitOptionalError(location, "expects a gradient of rank 4");
  if (failed(inferRegions(location, x, regions, columns, 1, 1, pooled)))
    return failure();
  if (!requireEqual(gradient[0], pooled[0]) || !requireEqual(gradient[1], pooled[1]))
    return emitOptionalError(location, "the gradient does not fit the regions and channels");
  return success();
}

/// Of the gradient, the boxes, their images, and the tensor that these are regions of.
static LogicalResult checkRoiAlignGradient(std::optional<Location> location, uint64_t samplingRatio,
                                           llvm::ArrayRef<Dims> dims) {
  if (failed(checkSamplingRatio(location, samplingRatio)) ||
      failed(checkRegionGradient(location, dims[0], dims[1], dims[3], 4)))
    return failure();
  return checkImages(location, dims[1], dims[2]);
}

LogicalResult RoiAlignGradientOp::inferShape(std::optional<Location> location, Adaptor adaptor,
                                             llvm::ArrayRef<Dims> dims, Dims &result) {
  result = dims[3];
  return checkRoiAlignGradient(location, adaptor.getSamplingRatio(), dims);
}

LogicalResult RoiAlignBoxesGradientOp::inferShape(std::optional<Location> location, Adaptor adaptor,
                                                  llvm::ArrayRef<Dims> dims, Dims &result) {
  result = dims[1];
  return checkRoiAlignGradient(location, adaptor.getSamplingRatio(), dims);
}

LogicalResult MaxRoiPoolOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                       Dims &result) {
  return inferRegions(location, dims[0], dims[1], 5, adaptor.getHeight(), adaptor.getWidth(), result);
}

LogicalResult MaxRoiPoolGradientOp::inferShape(std::optional<Location> location, Adaptor, llvm::ArrayRef<Dims> dims,
                                               Dims &result) {
  result = dims[2];
  return checkRegionGradient(location, dims[0], dims[1], dims[2], 5);
}

/// [N, G, C, T, P] for images `x`, [N, G, C, D1, ..., DS], and positions, [N, G, T, S, P].
static LogicalResult inferSamples(std::optional<Location> location, const Dims &x, const Dims &positions,
                                  Dims &result) {
  if (x.size() < 4 || positions.size() != 5)
    return emitOptionalError(location, "expects images [N, G, C, D...] and positions [N, G, T, S, P], got ranks ",
                             x.size(), " and ", positions.size());
  if (!requireEqual(x[0], positions[0]) || !requireEqual(x[1], positions[1]))
    return emitOptionalError(location, "the positions do not fit the images and groups");
  auto spatial = static_cast<int64_t>(x.size()) - 3;
  if (constantDim(positions[3]) != spatial)
    return emitOptionalError(location, "expects ", spatial, " coordinates per position");
  result = {x[0], x[1], x[2], positions[2], positions[4]};
  return success();
}

static LogicalResult checkSampleGradient(std::optional<Location> location, llvm::ArrayRef<Dims> dims) {
  Dims samples;
  if (failed(inferSamples(location, dims[2], dims[1], samples)))
    return failure();
  if (dims[0].size() != samples.size() || !llvm::all_of_zip(dims[0], samples, requireEqual))
    return emitOptionalError(location, "the gradient does not fit the images and positions");
  return success();
}

LogicalResult SamplePixelsOp::inferShape(std::optional<Location> location, Adaptor, llvm::ArrayRef<Dims> dims,
                                         Dims &result) {
  return inferSamples(location, dims[0], dims[1], result);
}

LogicalResult SamplePixelsGradientOp::inferShape(std::optional<Location> location, Adaptor, llvm::ArrayRef<Dims> dims,
                                                 Dims &result) {
  result = dims[2];
  return checkSampleGradient(location, dims);
}

LogicalResult SamplePositionsGradientOp::inferShape(std::optional<Location> location, Adaptor,
                                                    llvm::ArrayRef<Dims> dims, Dims &result) {
  result = dims[1];
  return checkSampleGradient(location, dims);
}

static int64_t getOperationsPerBin(int64_t samplingRatio) {
  int64_t points = samplingRatio > 0 ? std::min<int64_t>(samplingRatio, 1 << 12) : typicalPoints;
  return operationsPerPoint * points * points;
}

/// The product of extents of `value` that are known.
static int64_t countKnown(Value value, llvm::ArrayRef<int64_t> dims) {
  llvm::ArrayRef<int64_t> shape = llvm::cast<RankedTensorType>(value.getType()).getShape();
  int64_t count = 1;
  for (int64_t dim : dims)
    if (!ShapedType::isDynamic(shape[dim]))
      count *= std::min<int64_t>(shape[dim], 1 << 12);
  return count;
}

int64_t RoiAlignOp::getParallelRank() { return 2; }
int64_t RoiAlignOp::getScalarOperations() { return getOperationsPerBin(getSamplingRatio()); }

int64_t RoiAlignGradientOp::getParallelRank() { return 2; }
/// As much as for the result, for about as many elements.
int64_t RoiAlignGradientOp::getScalarOperations() { return getOperationsPerBin(getSamplingRatio()); }

int64_t RoiAlignBoxesGradientOp::getParallelRank() { return 1; }
int64_t RoiAlignBoxesGradientOp::getScalarOperations() {
  return getOperationsPerBin(getSamplingRatio()) * countKnown(getGradient(), {1, 2, 3});
}

int64_t MaxRoiPoolOp::getParallelRank() { return 2; }
int64_t MaxRoiPoolOp::getScalarOperations() { return 4 * typicalPixels; }

int64_t MaxRoiPoolGradientOp::getParallelRank() { return 2; }
int64_t MaxRoiPoolGradientOp::getScalarOperations() { return 4 * typicalPixels; }

int64_t SamplePixelsOp::getParallelRank() { return 4; }
int64_t SamplePixelsOp::getScalarOperations() { return operationsPerPoint; }

int64_t SamplePixelsGradientOp::getParallelRank() { return 3; }
/// Each pixel is read by about as many points as a position of a result has taps.
int64_t SamplePixelsGradientOp::getScalarOperations() { return operationsPerPoint * countKnown(getPositions(), {2}); }

int64_t SamplePositionsGradientOp::getParallelRank() { return 3; }
int64_t SamplePositionsGradientOp::getScalarOperations() { return operationsPerPoint * countKnown(getX(), {2}); }

} // namespace dlc
