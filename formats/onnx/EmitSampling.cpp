// SPDX-License-Identifier: Apache-2.0
// Regions and points of images.
#include "formats/onnx/OpEmitters.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsSampling.h"

using namespace mlir;

namespace dlc::onnx_export {

static std::string emitRoiAlign(RoiAlignOp op, GraphWriter &writer) {
  return writer.add(
      "RoiAlign", {writer.getName(op.getX()), writer.getName(op.getBoxes()), writer.getName(op.getImages())},
      {{"mode", std::string(op.getMaximum() ? "max" : "avg")},
       {"coordinate_transformation_mode", std::string(op.getHalfPixel() ? "half_pixel" : "output_half_pixel")},
       {"output_height", int64_t(op.getHeight())},
       {"output_width", int64_t(op.getWidth())},
       {"sampling_ratio", int64_t(op.getSamplingRatio())},
       {"spatial_scale", static_cast<float>(op.getSpatialScale().convertToDouble())}});
}

static std::string emitMaxRoiPool(MaxRoiPoolOp op, GraphWriter &writer) {
  return writer.add("MaxRoiPool", {writer.getName(op.getX()), writer.getName(op.getBoxes())},
                    {{"pooled_shape", std::vector<int64_t>{int64_t(op.getHeight()), int64_t(op.getWidth())}},
                     {"spatial_scale", static_cast<float>(op.getSpatialScale().convertToDouble())}});
}

// As GridSample, which takes coordinates from -1 to 1, the innermost first: pixel p of n is at (2 p + 1) / n - 1.
// Groups become images of their own.
static FailureOr<std::string> emitSamplePixels(SamplePixelsOp op, GraphWriter &writer) {
  auto x = llvm::to_vector(writer.getDims(op.getX())), positions = llvm::to_vector(writer.getDims(op.getPositions()));
  auto spatial = static_cast<int64_t>(x.size()) - 3;
  if (spatial < 2 || spatial > 3)
    return op.emitOpError("of ") << spatial << " spatial dimensions has no form in ONNX, which samples 2 or 3";
  AffineExpr images = multiplyExtents(x[0], x[1]), one = getAffineConstantExpr(1, op.getContext());
  llvm::SmallVector<AffineExpr> imageDims{images}, pointDims{images, positions[2], positions[3], positions[4]},
      gridDims{images};
  imageDims.append(x.begin() + 2, x.end());
  if (spatial == 3)
    gridDims.push_back(one);
  gridDims.append({positions[2], positions[4], positions[3]});

  Type type = getElementTypeOrSelf(op.getX());
  llvm::SmallVector<int64_t> reversed = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, spatial)));
  std::string at = writer.add("Reshape", {writer.getName(op.getPositions()), writer.makeShape(pointDims)});
  at = writer.add("Transpose", {at}, {{"perm", std::vector<int64_t>{0, 1, 3, 2}}});
  at = writer.add("Gather", {at, writer.makeInts(reversed)}, {{"axis", int64_t(3)}});
  llvm::SmallVector<AffineExpr> extents(llvm::reverse(llvm::ArrayRef(x).drop_front(3)));
  std::string sizes = writer.add("Cast", {writer.makeShape(extents)}, {{"to", int64_t(*getOnnxType(type))}});
  at = writer.add("Mul", {at, writer.makeScalar(2, type)});
  at = writer.add("Add", {at, writer.makeScalar(1, type)});
  at = writer.add("Sub", {writer.add("Div", {at, sizes}), writer.makeScalar(1, type)});
  std::string grid = writer.add("Reshape", {at, writer.makeShape(gridDims)}),
              image = writer.add("Reshape", {writer.getName(op.getX()), writer.makeShape(imageDims)});
  std::string sampled =
      writer.add("GridSample", {image, grid}, {{"mode", std::string("linear")}, {"align_corners", int64_t(0)}});
  return writer.reshape(sampled, op.getResult());
}

void registerSampling(OpEmitters &emitters) {
  emitters.add<RoiAlignOp>(emitRoiAlign);
  emitters.add<MaxRoiPoolOp>(emitMaxRoiPool);
  emitters.add<SamplePixelsOp>(emitSamplePixels);
}

} // namespace dlc::onnx_export
