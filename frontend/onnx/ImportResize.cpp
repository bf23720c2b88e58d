// SPDX-License-Identifier: Apache-2.0
// Resize and the Upsample ops that preceded it.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsMovement.h"
#include <cmath>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// What dlc.resize takes, one entry per dimension of the operand.
struct Resizing {
  SmallVector<int64_t> sizes; ///< -1: unscaled, -2: what `computed` has
  SmallVector<double> scales, roi;
  Dims computed; ///< extents that depend on symbols; null elsewhere
  std::string coordinateMode = "half_pixel", nearestMode = "round_prefer_floor";
};

void setResized(NodeImporter &node, StringRef modeName, const Resizing &resizing) {
  // "cubic" and "linear" of every rank; the first opset calls linear interpolation of images bilinear.
  std::optional<ResizeMode> mode = modeName == "bilinear" ? ResizeMode::Linear : symbolizeResizeMode(modeName);
  if (!mode && !node.hasFailed())
    node.error() << "mode '" << modeName << "' is not one of nearest, linear and cubic";
  if (node.hasFailed())
    return;
  Builder &builder = node.getBuilder();
  Value like;
  if (llvm::is_contained(resizing.sizes, -2)) {
    Dims dims;
    for (auto [own, computed, size] : llvm::zip(node.getDims(0), resizing.computed, resizing.sizes))
      dims.push_back(size == -2 ? computed : size == -1 ? own : node.extent(size));
    like = node.createShape(dims);
  }
  node.setResult(0, node.create<ResizeOp>(
                        node.getOperand(0), like, node.integers(resizing.sizes),
                        builder.getDenseF64ArrayAttr(resizing.scales), builder.getDenseF64ArrayAttr(resizing.roi),
                        ResizeModeAttr::get(node.getContext(), *mode), builder.getStringAttr(resizing.coordinateMode),
                        builder.getStringAttr(resizing.nearestMode), node.real(node.getReal("cubic_coeff_a", -0.75)),
                        node.flag(node.getFlag("exclude_outside")), node.flag(node.getFlag("antialias")),
                        node.real(node.getReal("extrapolation_value", 0))));
}

/// Sizes computed from scales: floor(extent * scale).
void scaleSizes(NodeImporter &node, Resizing &resizing) {
  for (auto [extent, scale] : llvm::zip(node.getDims(0), resizing.scales)) {
    double size = std::floor(constantDim(extent).value_or(0) * scale);
    if (!(scale > 0) || !(size <= INT32_MAX)) {
      node.error() << "scales a dimension by " << scale;
      return;
    }
    resizing.computed.push_back(nullptr);
    if (constantDim(extent) || scale == 1) {
      resizing.sizes.push_back(scale == 1 ? -1 : static_cast<int64_t>(size));
      continue;
    }
    // A scale in f32 is a fraction with a power of two below.
    double numerator = scale;
    int64_t divisor = 1;
    for (; numerator != std::floor(numerator) && divisor < (int64_t(1) << 30); divisor *= 2)
      numerator *= 2;
    if (numerator != std::floor(numerator) || numerator > INT32_MAX) {
      node.error() << "scales an extent that only a run knows by " << scale << ", which is not supported";
      return;
    }
    resizing.sizes.push_back(-2);
    resizing.computed.back() =
        divideExtents(multiplyExtents(extent, node.extent(static_cast<int64_t>(numerator))), node.extent(divisor));
  }
}

void importScaled(NodeImporter &node, std::optional<SmallVector<double>> scales) {
  if (!scales || node.hasFailed())
    return;
  if (static_cast<int64_t>(scales->size()) != node.getRank(0)) {
    node.error() << "has " << scales->size() << " scales for " << node.getRank(0) << " dimensions";
    return;
  }
  Resizing resizing;
  resizing.scales = *scales;
  resizing.coordinateMode = "asymmetric";
  resizing.nearestMode = "floor";
  scaleSizes(node, resizing);
  setResized(node, node.getString("mode", "nearest"), resizing);
}

void importUpsampleOfOpset1(NodeImporter &node) {
  if (node.expectOperands(1, 1))
    importScaled(node, SmallVector<double>{1, 1, node.getReal("height_scale", 1), node.getReal("width_scale", 1)});
}
void importUpsampleAttribute(NodeImporter &node) {
  if (node.expectOperands(1, 1))
    importScaled(node, node.getReals("scales").value_or(SmallVector<double>()));
}
void importScalesOperand(NodeImporter &node) {
  if (node.expectOperands(2, 2))
    importScaled(node, node.getKnownReals(1, "scales"));
}

void importResize(NodeImporter &node) {
  if (!node.expectOperands(1, 4))
    return;
  ArrayRef<AffineExpr> dims = node.getDims(0);
  int64_t rank = dims.size();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (auto given = node.getIntegers("axes")) {
    node.normalizeAxes(*given, rank); // reports repeated ones
    axes.clear();
    for (int64_t axis : *given)
      axes.push_back(node.normalizeAxis(axis, rank));
  }
  Resizing resizing;
  resizing.scales.assign(rank, 1);
  resizing.coordinateMode = node.getString("coordinate_transformation_mode", "half_pixel");
  resizing.nearestMode = node.getString("nearest_mode", "round_prefer_floor");
  static constexpr StringRef coordinateModes[] = {"half_pixel",          "half_pixel_symmetric", "pytorch_half_pixel",
                                                  "align_corners",       "asymmetric",           "tf_crop_and_resize",
                                                  "tf_half_pixel_for_nn"};
  static constexpr StringRef nearestModes[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
  if (!llvm::is_contained(coordinateModes, resizing.coordinateMode))
    node.error() << "coordinate_transformation_mode '" << resizing.coordinateMode << "' is not supported";
  if (!llvm::is_contained(nearestModes, resizing.nearestMode))
    node.error() << "nearest_mode '" << resizing.nearestMode << "' is not supported";
  bool hasScales = node.hasOperand(2) && constantDim(elementCount(node.getDims(2), node.getContext())) != 0;
  if (hasScales == node.hasOperand(3) && !node.hasFailed())
    node.error() << "expects either scales or sizes";
  if (node.hasFailed())
    return;

  if (resizing.coordinateMode == "tf_crop_and_resize") {
    auto roi = node.getKnownReals(1, "roi");
    if (roi && roi->size() != 2 * axes.size())
      node.error() << "has a region of " << roi->size() << " numbers for " << axes.size() << " dimensions";
    if (node.hasFailed())
      return;
    resizing.roi.assign(2 * rank, 0);
    std::fill(resizing.roi.begin() + rank, resizing.roi.end(), 1);
    for (auto [i, axis] : llvm::enumerate(axes)) {
      resizing.roi[axis] = (*roi)[i];
      resizing.roi[axis + rank] = (*roi)[i + axes.size()];
    }
  }
  if (hasScales) {
    auto scales = node.getKnownReals(2, "scales");
    if (scales && scales->size() != axes.size())
      node.error() << "has " << scales->size() << " scales for " << axes.size() << " dimensions";
    if (node.hasFailed())
      return;
    for (auto [axis, scale] : llvm::zip(axes, *scales))
      resizing.scales[axis] = scale;
    scaleSizes(node, resizing);
    setResized(node, node.getString("mode", "nearest"), resizing);
    return;
  }

  std::string policy = node.getString("keep_aspect_ratio_policy", "stretch");
  // With a policy, the result's shape does not tell the sizes that were asked for.
  auto sizes = node.getKnownExtents(3, policy == "stretch" ? "sizes" : "sizes of an aspect ratio policy");
  if (sizes && sizes->size() != axes.size())
    node.error() << "has " << sizes->size() << " sizes for " << axes.size() << " dimensions";
  if (policy != "stretch" && policy != "not_larger" && policy != "not_smaller")
    node.error() << "keep_aspect_ratio_policy '" << policy << "' is not supported";
  if (node.hasFailed())
    return;
  resizing.sizes.assign(rank, -1);
  std::optional<double> common; // the one scale of a policy that keeps the aspect ratio
  for (auto [axis, size] : llvm::zip(axes, *sizes)) {
    std::optional<int64_t> target = constantDim(size), extent = constantDim(dims[axis]);
    if (size == dims[axis] && policy == "stretch")
      continue;
    if (policy == "stretch" && (!target || !extent) && extent.value_or(1) > 0 && target.value_or(1) > 0) {
      resizing.computed.resize(rank);
      resizing.computed[axis] = size;
      resizing.sizes[axis] = -2;
      resizing.scales[axis] = 0;
      continue;
    }
    if (!target || !extent || *extent < 1 || *target < 1 || *target > INT32_MAX) {
      node.error() << "resizes dimension " << axis
                   << " from or to an empty extent, or keeps the aspect ratio of one that only a run knows";
      return;
    }
    resizing.sizes[axis] = *target;
    resizing.scales[axis] = static_cast<double>(*target) / static_cast<double>(*extent);
    double scale = resizing.scales[axis];
    common = !common ? scale : policy == "not_larger" ? std::min(*common, scale) : std::max(*common, scale);
  }
  if (policy != "stretch" && common)
    for (int64_t axis : axes) {
      resizing.scales[axis] = *common;
      // Halves are rounded up.
      resizing.sizes[axis] = static_cast<int64_t>(std::floor(*common * *constantDim(dims[axis]) + 0.5));
    }
  setResized(node, node.getString("mode", "nearest"), resizing);
}

} // namespace

void registerResize(OpRegistry &registry) {
  registry.add("Upsample", 1, importUpsampleOfOpset1);
  registry.add("Upsample", 7, importUpsampleAttribute);
  registry.add("Upsample", 9, importScalesOperand);
  registry.add("Resize", 10, importScalesOperand);
  registry.add("Resize", 11, importResize);
}

} // namespace dlc::onnx_import
