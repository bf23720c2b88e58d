// SPDX-License-Identifier: Apache-2.0
// Resize and the Upsample ops that preceded it.
#include "frontend/onnx/ComputedResize.h"
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

/// "cubic" and "linear" of every rank; the first opset calls linear interpolation of images bilinear.
std::optional<ResizeMode> getMode(NodeImporter &node) {
  std::string name = node.getString("mode", "nearest");
  std::optional<ResizeMode> mode = name == "bilinear" ? ResizeMode::Linear : symbolizeResizeMode(name);
  if (!mode && !node.hasFailed())
    node.error() << "mode '" << name << "' is not one of nearest, linear and cubic";
  return node.hasFailed() ? std::nullopt : mode;
}

void setResized(NodeImporter &node, const Resizing &resizing) {
  std::optional<ResizeMode> mode = getMode(node);
  if (!mode)
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

/// The interpolation of a node whose modes have been checked; nothing after an error.
std::optional<Interpolation> getInterpolation(NodeImporter &node, const Resizing &resizing) {
  std::optional<ResizeMode> mode = getMode(node);
  if (!mode)
    return std::nullopt;
  return Interpolation{*mode,
                       resizing.coordinateMode,
                       resizing.nearestMode,
                       node.getReal("cubic_coeff_a", -0.75),
                       node.getReal("extrapolation_value", 0),
                       node.getFlag("exclude_outside"),
                       node.getFlag("antialias") && *mode != ResizeMode::Nearest};
}

/// Sizes computed from scales: floor(extent * scale), where the product is rounded to f32 as in ONNX's shape inference.
void scaleSizes(NodeImporter &node, Resizing &resizing) {
  for (auto [extent, scale] : llvm::zip(node.getDims(0), resizing.scales)) {
    double size = std::floor(static_cast<float>(constantDim(extent).value_or(0)) * static_cast<float>(scale));
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
    AffineExpr &computed = resizing.computed.back();
    computed =
        divideExtents(multiplyExtents(extent, node.extent(static_cast<int64_t>(numerator))), node.extent(divisor));
    // An extent of up to 2^16 times a number of 8 bits is exact; of others, data has to tell what they are rounded to.
    if (numerator >= 256)
      if (AffineExpr rounded = readScaledExtent(node, extent, scale, addExtents(computed, node.extent(1))))
        computed = rounded;
  }
}

/// The elements of operand `i`, a tensor of rank 1, that are known: all, or what a concatenation joins.
SmallVector<std::optional<double>> getPartlyKnown(NodeImporter &node, int64_t i, size_t count) {
  SmallVector<std::optional<double>> elements;
  const onnx::NodeProto *producer = node.getTensor(i)->producer;
  auto append = [&](const KnownValue *known, int64_t size) {
    for (int64_t j = 0; j < size; ++j)
      elements.push_back(known && known->elements[j].isConstant() ? std::optional(known->elements[j].asReal())
                                                                  : std::nullopt);
  };
  if (const KnownValue *known = node.followOperand(i)) {
    append(known, known->elements.size());
  } else if (producer && producer->op_type() == "Concat" && producer->domain().empty()) {
    for (const std::string &name : producer->input()) {
      Tensor *part = node.getScope().lookup(name);
      std::optional<int64_t> size = part && part->dims.size() == 1 ? constantDim(part->dims[0]) : std::nullopt;
      if (!size)
        return SmallVector<std::optional<double>>(count);
      append(node.getImporter().mayBeReplaced(*part) ? nullptr : node.getImporter().getKnown(*part), *size);
    }
  }
  elements.resize(count);
  return elements;
}

/// Elements of operand `i`, an operand of `count` elements called `what`, as numbers of a run. Empty after an error.
SmallVector<Term> getNumbers(NodeImporter &node, int64_t i, size_t count, StringRef what) {
  if (node.hasFailed() || !expectElements(node, i, ElementClass::Real))
    return {};
  if (node.getRank(i) != 1 || !mayBeEqual(node.getDims(i)[0], node.extent(count))) {
    node.error() << "expects " << count << " numbers as '" << what << "'";
    return {};
  }
  Term vector(node, node.getOperand(i));
  SmallVector<Term> numbers;
  for (size_t j = 0; j < count; ++j)
    numbers.push_back(vector.at(j));
  return node.hasFailed() ? SmallVector<Term>() : numbers;
}

/// Resizes `axes` by factors of which some are computed in a run, with the region in `roi`: starts, then ends, empty
/// for the whole.
void setScaledByRun(NodeImporter &node, int64_t operand, ArrayRef<int64_t> axes, const Resizing &resizing,
                    ArrayRef<Term> roi) {
  std::optional<Interpolation> interpolation = getInterpolation(node, resizing);
  SmallVector<Term> factors = getNumbers(node, operand, axes.size(), "scales");
  if (!interpolation || node.hasFailed())
    return;
  SmallVector<std::optional<double>> known = getPartlyKnown(node, operand, axes.size());
  SmallVector<ComputedAxis> computed;
  for (size_t i = 0; i < axes.size() && !node.hasFailed(); ++i) {
    if (known[i] == 1 && roi.empty())
      continue;
    ComputedAxis axis{axes[i], {}, {}, {}, {}, {}};
    if (!roi.empty()) {
      axis.start = roi[i];
      axis.end = roi[i + axes.size()];
    }
    scaleAxis(node, *interpolation, factors[i], axis);
    if (known[i] == 1)
      axis.size = node.getDims(0)[axes[i]];
    computed.push_back(axis);
  }
  if (!node.hasFailed())
    node.setResult(0, resizeByRun(node, *interpolation, computed));
}

/// Resizes `axes` to `sizes` where the region, how far antialiasing reaches, or the common scale of a policy that keeps
/// the aspect ratio follows from extents or elements of a run.
void setSizedByRun(NodeImporter &node, ArrayRef<int64_t> axes, ArrayRef<AffineExpr> sizes, StringRef policy,
                   const Resizing &resizing, ArrayRef<Term> roi) {
  std::optional<Interpolation> interpolation = getInterpolation(node, resizing);
  if (!interpolation)
    return;
  ArrayRef<AffineExpr> dims = node.getDims(0);
  AffineExpr one = node.extent(1), two = node.extent(2), radius = node.extent(interpolation->radius());
  Type f64 = node.getBuilder().getF64Type();
  Term common; // scale of all axes
  SmallVector<ComputedAxis> computed;
  for (size_t i = 0; i < axes.size() && !node.hasFailed(); ++i) {
    AffineExpr own = dims[axes[i]];
    ComputedAxis axis{axes[i], sizes[i], {}, {}, {}, {}};
    Term scale = Term(node, node.createInteger(f64, sizes[i])) / Term(node, node.createInteger(f64, own));
    axis.scale = scale;
    if (interpolation->antialiases)
      axis.reach = maximumExtent(divideExtentsUp(multiplyExtents(own, radius), maximumExtent(sizes[i], one)), radius);
    if (!roi.empty()) {
      axis.start = roi[i];
      axis.end = roi[i + axes.size()];
    }
    if (policy != "stretch") {
      // No image has a scale.
      for (AffineExpr extent : {own, sizes[i]})
        if (getExtentRange(extent).low < 1)
          node.expectInRun(ExtentRelation::AtLeast, extent, one);
      common = !common ? scale : policy == "not_larger" ? common.min(scale) : common.max(scale);
    } else if (getExtentRange(sizes[i]).low < 0) {
      node.expectInRun(ExtentRelation::AtLeast, sizes[i], node.extent(0));
    }
    if (policy == "stretch" && sizes[i] == own && roi.empty())
      continue;
    computed.push_back(axis);
  }
  if (policy != "stretch")
    for (ComputedAxis &axis : computed) {
      // round(extent * smallest of size / extent), halves up: the smallest of the rounded products.
      AffineExpr size, reach;
      bool takesLess = policy == "not_larger";
      for (auto [other, target] : llvm::zip(axes, sizes)) {
        AffineExpr from = maximumExtent(dims[other], one), to = maximumExtent(target, one);
        AffineExpr product = multiplyExtents(multiplyExtents(to, dims[axis.dim]), two);
        AffineExpr rounded = divideExtents(addExtents(product, from), multiplyExtents(from, two));
        AffineExpr reached = maximumExtent(divideExtentsUp(multiplyExtents(from, radius), to), radius);
        size = !size ? rounded : takesLess ? minimumExtent(size, rounded) : maximumExtent(size, rounded);
        reach = !reach ? reached : takesLess ? maximumExtent(reach, reached) : minimumExtent(reach, reached);
      }
      axis.size = size;
      axis.scale = common;
      if (interpolation->antialiases)
        axis.reach = reach;
    }
  if (!node.hasFailed())
    node.setResult(0, resizeByRun(node, *interpolation, computed));
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
  if (!node.hasFailed())
    setResized(node, resizing);
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
  if (!node.expectOperands(2, 2))
    return;
  const KnownValue *known = node.getKnown(1);
  if (known && known->isConstant()) {
    importScaled(node, node.getKnownReals(1, "scales"));
    return;
  }
  Resizing resizing;
  resizing.coordinateMode = "asymmetric";
  resizing.nearestMode = "floor";
  setScaledByRun(node, 1, llvm::to_vector(llvm::seq<int64_t>(0, node.getRank(0))), resizing, {});
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

  auto isComputed = [&](int64_t i) {
    const KnownValue *known = node.getKnown(i);
    return !known || !known->isConstant();
  };
  bool isCropped = resizing.coordinateMode == "tf_crop_and_resize", isCroppedByRun = isCropped && isComputed(1);
  SmallVector<Term> region;
  if (isCropped && (isCroppedByRun || isComputed(hasScales ? 2 : 3)))
    region = getNumbers(node, 1, 2 * axes.size(), "roi");
  for (Term &number : region)
    number = number.cast(node.getBuilder().getF64Type());
  if (node.hasFailed())
    return;
  if (hasScales && (isCroppedByRun || isComputed(2))) {
    setScaledByRun(node, 2, axes, resizing, region);
    return;
  }
  if (isCropped && region.empty()) {
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
    if (!node.hasFailed())
      setResized(node, resizing);
    return;
  }

  std::string policy = node.getString("keep_aspect_ratio_policy", "stretch");
  auto sizes = node.getKnownExtents(3, "sizes");
  if (sizes && sizes->size() != axes.size())
    node.error() << "has " << sizes->size() << " sizes for " << axes.size() << " dimensions";
  if (policy != "stretch" && policy != "not_larger" && policy != "not_smaller")
    node.error() << "keep_aspect_ratio_policy '" << policy << "' is not supported";
  if (node.hasFailed())
    return;
  bool isSymbolic = false;
  for (auto [axis, size] : llvm::zip(axes, *sizes))
    isSymbolic |= !constantDim(size) || !constantDim(dims[axis]);
  if (!region.empty() || (isSymbolic && (policy != "stretch" || node.getFlag("antialias")))) {
    setSizedByRun(node, axes, *sizes, policy, resizing, region);
    return;
  }
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
      node.error() << "resizes dimension " << axis << " from or to an empty extent";
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
  setResized(node, resizing);
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
