// SPDX-License-Identifier: Apache-2.0
// Resizing as gathers of neighbours and sums of them, whose positions and weights are small tensors: one axis after
// another, because interpolation is separable. The numbers are those of dlc.resize, which has them as attributes.
#include "frontend/onnx/ComputedResize.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsIndexing.h"

using namespace mlir;

namespace dlc::onnx_import {

/// The product of `extent` and an f32 scalar, rounded to f32 before it is rounded down, as ONNX's shape inference does,
/// as i64, and whether it is an extent; -1 if not.
static std::pair<Term, Term> scaleExtent(NodeImporter &node, AffineExpr extent, const Term &factor) {
  Builder &builder = node.getBuilder();
  Type f64 = builder.getF64Type(), i64 = builder.getI64Type();
  Term size = (Term(node, node.createInteger(factor.getType(), extent)) * factor).cast(f64).floor();
  Term isValid = (factor > 0) & (size <= std::numeric_limits<int32_t>::max());
  return {isValid.choose(size.cast(i64), Term(node, node.createScalar(i64, -1))), isValid};
}

AffineExpr readScaledExtent(NodeImporter &node, AffineExpr extent, double factor, AffineExpr bound) {
  Term number(node, node.createScalar(node.getBuilder().getF32Type(), factor));
  Term size = scaleExtent(node, extent, number).first;
  return node.hasFailed() ? AffineExpr() : node.getImporter().readBack(size, bound, node.getLocation());
}

void scaleAxis(NodeImporter &node, const Interpolation &interpolation, const Term &factor, ComputedAxis &axis) {
  Builder &builder = node.getBuilder();
  Type f32 = builder.getF32Type(), f64 = builder.getF64Type(), i64 = builder.getI64Type();
  AffineExpr extent = node.getDims(0)[axis.dim];
  axis.scale = factor.cast(f64);
  // The product is rounded to f32 before it is rounded down, as ONNX's shape inference does.
  auto [size, isValid] = scaleExtent(node, extent, factor.cast(f32));
  axis.size = node.readBack(size);
  if (!interpolation.antialiases || node.hasFailed())
    return;
  // A result that is not empty is at least a fraction 1 / extent of the operand, so that no more can be reached.
  AffineExpr radius = node.extent(interpolation.radius()),
             most = addExtents(multiplyExtents(extent, radius), node.extent(interpolation.radius() + 1));
  Term reach = (static_cast<double>(interpolation.radius()) / axis.scale.min(axis.scale.number(1))).ceil();
  reach = reach.min(Term(node, node.createInteger(f64, most)));
  axis.reach = node.readBack(isValid.choose(reach, reach.number(0)).cast(i64), most);
}

namespace {

/// Resizes one axis after another.
class Resizer {
public:
  Resizer(NodeImporter &node, const Interpolation &interpolation)
      : node(node), interpolation(interpolation), f64(node.getBuilder().getF64Type()),
        i64(node.getBuilder().getI64Type()), rank(node.getRank(0)) {}

  Value resize(ArrayRef<ComputedAxis> axes) {
    // Interpolated values are floating point, whatever the elements are.
    Type own = node.getElementType(0), f32 = node.getBuilder().getF32Type();
    if (node.hasFailed())
      return {};
    bool isNearest = interpolation.mode == ResizeMode::Nearest,
         isCropped = interpolation.coordinateMode == "tf_crop_and_resize";
    Type computed = isNearest || own.isF64() ? own : f32;
    Term result(node, node.cast(node.getOperand(0), computed));
    for (const ComputedAxis &axis : axes) {
      AffineExpr extent = node.getDims(0)[axis.dim];
      // There is nothing to interpolate between no elements.
      AffineExpr least = minimumExtent(axis.size, node.extent(1));
      if (getExtentRange(subtractExtents(extent, least)).low < 0)
        node.expectInRun(ExtentRelation::AtLeast, extent, least);
      Term coordinate = locate(axis, extent);
      result = isNearest ? takeNearest(result, axis, extent, coordinate) : average(result, axis, extent, coordinate);
      if (isCropped)
        outside.push_back(along(axis.dim, (coordinate < 0) | (coordinate > asReal(extent) - 1)));
      if (node.hasFailed())
        return {};
    }
    for (const Term &mask : outside)
      result = mask.choose(result.number(interpolation.extrapolationValue), result);
    return node.cast(result, own);
  }

private:
  Term asReal(AffineExpr extent) { return {node, node.createInteger(f64, extent)}; }
  Term countTo(AffineExpr extent) { return Term(node, node.countTo(extent)).cast(f64); }

  /// A vector along dimension `dim` of the result.
  Term along(int64_t dim, const Term &vector) {
    return node.hasFailed() ? Term() : Term(node, unsqueezed(vector, dim));
  }
  /// `x` with its dimensions from `dim` on.
  Value unsqueezed(Value x, int64_t dim) {
    Dims dims(dim, node.extent(1));
    llvm::append_range(dims, node.getDims(x));
    dims.append(rank - 1 - dim, node.extent(1));
    return node.reshape(x, dims);
  }

  /// The coordinate in the operand of each index along the axis of the result.
  Term locate(const ComputedAxis &axis, AffineExpr extent) {
    StringRef mode = interpolation.coordinateMode;
    Term position = countTo(axis.size), input = asReal(extent), output = asReal(axis.size), scale = axis.scale;
    if (node.hasFailed())
      return {};
    Term halfPixel = (position + 0.5) / scale - 0.5, zero = input.number(0), one = input.number(1);
    if (mode == "half_pixel")
      return halfPixel;
    if (mode == "half_pixel_symmetric")
      return input * 0.5 * (1.0 - output / (scale * input)) + (position + 0.5) / scale - 0.5;
    if (mode == "pytorch_half_pixel")
      return (output > 1).choose(halfPixel, zero);
    if (mode == "tf_half_pixel_for_nn")
      return (position + 0.5) / scale;
    if (mode == "asymmetric")
      return position / scale;
    // The length before it is rounded down to whole elements: what ONNX aligns corners with.
    Term scaled = scale * input, nearest = scaled.apply<RoundOp>();
    Term length = ((scaled - nearest).abs() < 1e-5).choose(nearest, scaled);
    Term isSingle = length == 1, steps = isSingle.choose(one, length - 1);
    Term start = axis.start ? axis.start : zero, end = axis.end ? axis.end : one;
    if (mode == "align_corners")
      return isSingle.choose(zero, position * (input - 1) / steps);
    return isSingle.choose((start + end) * 0.5 * (input - 1),
                           start * (input - 1) + position * (end - start) * (input - 1) / steps);
  }

  /// Elements of `x` along the axis at `positions`, those outside moved to the nearest one.
  Term gather(const Term &x, const ComputedAxis &axis, AffineExpr extent, const Term &positions) {
    if (node.hasFailed())
      return {};
    Term inside = positions.max(positions.number(0)).min(asReal(extent) - 1);
    return {node, node.create<GatherOp>(x, inside.cast(i64), node.integer(axis.dim))};
  }

  Term takeNearest(const Term &x, const ComputedAxis &axis, AffineExpr extent, const Term &coordinate) {
    if (node.hasFailed())
      return {};
    StringRef mode = interpolation.nearestMode;
    Term position = mode == "floor"               ? coordinate.floor()
                    : mode == "ceil"              ? coordinate.ceil()
                    : mode == "round_prefer_ceil" ? (coordinate + 0.5).floor()
                                                  : (coordinate - 0.5).ceil();
    return gather(x, axis, extent, position);
  }

  /// Weight of a neighbour at `distance`.
  Term weigh(const Term &distance) {
    Term d = distance.abs(), zero = d.number(0);
    if (interpolation.mode == ResizeMode::Linear)
      return (1.0 - d).max(zero);
    double a = interpolation.cubicCoefficient;
    Term near = (d * (a + 2) - (a + 3)) * d * d + 1, far = ((d * a - 5 * a) * d + 8 * a) * d - 4 * a;
    return (d <= 1).choose(near, (d < 2).choose(far, zero));
  }

  /// A weighted sum of neighbours: of `radius` on each side, or as many as antialiasing needs.
  Term average(const Term &x, const ComputedAxis &axis, AffineExpr extent, const Term &coordinate) {
    AffineExpr one = node.extent(1), reach = axis.reach ? axis.reach : node.extent(interpolation.radius());
    AffineExpr count = multiplyExtents(reach, node.extent(2));
    // Positions and weights are [neighbour, index], so that the loop over indices is the inner one.
    Term row = coordinate.reshape({one, axis.size}),
         offset = countTo(count).reshape({count, one}) - (asReal(reach) - 1);
    // The neighbour left of the coordinate, so that the rest is in (0, 1].
    Term first = row.ceil() - 1, positions = first + offset, distance = offset - (row - first);
    if (axis.reach)
      distance = distance * axis.scale.min(axis.scale.number(1));
    Term weights = weigh(distance);
    if (interpolation.excludesOutside)
      weights = ((positions < 0) | (positions > asReal(extent) - 1)).choose(weights.number(0), weights);
    if (axis.reach || interpolation.excludesOutside)
      weights = weights / weights.sum(0, /*keepsDim=*/true);
    Term elements = gather(x, axis, extent, positions);
    if (node.hasFailed())
      return {};
    return (elements * along(axis.dim, weights.cast(x.getType()))).sum(axis.dim);
  }

  NodeImporter &node;
  const Interpolation &interpolation;
  Type f64, i64;
  int64_t rank;
  SmallVector<Term> outside; ///< masks along an axis of what has no element of the operand
};

} // namespace

Value resizeByRun(NodeImporter &node, const Interpolation &interpolation, ArrayRef<ComputedAxis> axes) {
  return Resizer(node, interpolation).resize(axes);
}

} // namespace dlc::onnx_import
