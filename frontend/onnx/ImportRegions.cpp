// SPDX-License-Identifier: Apache-2.0
// Regions of interest of images.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/OpsSampling.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// Operand `i` in an element type that regions are computed in: f32 instead of narrower ones.
Value getWideOperand(NodeImporter &node, int64_t i) {
  Type type = node.getElementType(i);
  return !node.hasFailed() && type.getIntOrFloatBitWidth() < 32
             ? node.cast(node.getOperand(i), node.getBuilder().getF32Type())
             : node.getOperand(i);
}

bool checkSize(NodeImporter &node, StringRef what, int64_t value, int64_t least) {
  if (value >= least && value <= INT32_MAX)
    return !node.hasFailed();
  if (!node.hasFailed())
    node.error() << "attribute '" << what << "' is " << value << ", expected " << least << " to 2147483647";
  return false;
}

void importRoiAlign(NodeImporter &node) {
  if (!node.expectOperands(3, 3) || !expectElements(node, 0, ElementClass::Real) ||
      !expectElements(node, 1, ElementClass::Real))
    return;
  if (!node.getElementType(2).isInteger(64)) {
    node.error() << "expects images as i64, one per region";
    return;
  }
  std::string mode = node.getString("mode", "avg"),
              coordinates = node.getString("coordinate_transformation_mode",
                                           node.getOpset() >= 16 ? "half_pixel" : "output_half_pixel");
  if ((mode != "avg" && mode != "max") || (coordinates != "half_pixel" && coordinates != "output_half_pixel")) {
    node.error() << "has the mode '" << mode << "' and the coordinates '" << coordinates
                 << "'; expected avg or max, and half_pixel or output_half_pixel";
    return;
  }
  int64_t height = node.getInteger("output_height", 1), width = node.getInteger("output_width", 1),
          ratio = node.getInteger("sampling_ratio", 0);
  double scale = node.getReal("spatial_scale", 1);
  if (!checkSize(node, "output_height", height, 1) || !checkSize(node, "output_width", width, 1) ||
      !checkSize(node, "sampling_ratio", ratio, 0))
    return;
  Value result =
      node.create<RoiAlignOp>(getWideOperand(node, 0), getWideOperand(node, 1), node.getOperand(2), height, width,
                              ratio, llvm::APFloat(scale), coordinates == "half_pixel", mode == "max");
  node.setResult(0, node.cast(result, node.getElementType(0)));
}

void importMaxRoiPool(NodeImporter &node) {
  if (!node.expectOperands(2, 2) || !expectElements(node, 0, ElementClass::Real) ||
      !expectElements(node, 1, ElementClass::Real))
    return;
  std::optional<SmallVector<int64_t>> shape = node.getIntegers("pooled_shape");
  if (!shape || shape->size() != 2) {
    if (!node.hasFailed())
      node.error() << "needs the attribute 'pooled_shape' of two extents";
    return;
  }
  double scale = node.getReal("spatial_scale", 1);
  if (!checkSize(node, "pooled_shape", (*shape)[0], 1) || !checkSize(node, "pooled_shape", (*shape)[1], 1))
    return;
  Value result = node.create<MaxRoiPoolOp>(getWideOperand(node, 0), getWideOperand(node, 1), (*shape)[0], (*shape)[1],
                                           llvm::APFloat(scale));
  node.setResult(0, node.cast(result, node.getElementType(0)));
}

} // namespace

void registerRegions(OpRegistry &registry) {
  registry.add("RoiAlign", 10, importRoiAlign);
  registry.add("MaxRoiPool", 1, importMaxRoiPool);
}

} // namespace dlc::onnx_import
