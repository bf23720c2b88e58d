// SPDX-License-Identifier: Apache-2.0
// Deformable convolution: every tap of the kernel reads the image at a position of its own, between pixels. The taps
// are sampled as columns and multiplied by the weight as a matrix.
#include "frontend/onnx/ConvolutionAttributes.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/IndexArithmetic.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsLinear.h"
#include "ir/OpsSampling.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// Operands of ONNX's DeformConv.
enum { Image, Weight, Offset, Bias, Mask };

class DeformableConvolution {
public:
  DeformableConvolution(NodeImporter &node, ConvolutionAttributes attributes, ArrayRef<int64_t> pads,
                        int64_t offsetGroups)
      : node(node), attributes(std::move(attributes)), pads(pads), offsetGroups(offsetGroups),
        spatial(node.getRank(Image) - 2), type(node.getBuilder().getF32Type()) {
    if (node.getElementType(Image).isF64())
      type = node.getElementType(Image);
    taps = node.extent(1);
    for (int64_t extent : this->attributes.kernel)
      taps = multiplyExtents(taps, node.extent(extent));
    channels = *constantDim(node.getDims(Weight)[1]) * this->attributes.groups;
    llvm::append_range(window, node.getDims(Offset).drop_front(2));
    points = node.extent(1);
    for (AffineExpr extent : window)
      points = multiplyExtents(points, extent);
  }

  Value build() { return multiply(applyMask(sample())); }

private:
  Value getOperand(int64_t i) { return node.cast(node.getOperand(i), type); }

  /// Where each tap reads, in pixels: [N, offset groups, taps, spatial, result...].
  Value locate() {
    Dims dims{node.getDims(Offset)[0], node.extent(offsetGroups), taps, node.extent(spatial)};
    llvm::append_range(dims, window);
    Value positions = node.reshape(getOperand(Offset), dims);
    int64_t count = *constantDim(taps), rank = 4 + spatial;
    // Coordinate `dim` of tap `tap` of position p is stride * p[dim] + start.
    SmallVector<double> starts(count * spatial);
    for (int64_t dim = 0, inner = count; dim < spatial; ++dim) {
      inner /= attributes.kernel[dim];
      for (int64_t tap = 0; tap < count; ++tap)
        starts[tap * spatial + dim] =
            static_cast<double>(tap / inner % attributes.kernel[dim] * attributes.dilations[dim] - pads[dim]);
      SmallVector<double> strides(spatial, 0.0);
      strides[dim] = static_cast<double>(attributes.strides[dim]);
      Value windows = numberAlong(node, node.getOperand(Offset), 2 + dim, 4 + dim, rank);
      Value moved = node.multiply(node.cast(windows, type), node.createReals(type, getShape(1, spatial), strides));
      positions = node.add(positions, moved);
    }
    return node.add(positions, node.createReals(type, getShape(count, spatial), starts));
  }

  /// [taps, spatial, 1...].
  SmallVector<int64_t> getShape(int64_t count, int64_t coordinates) const {
    SmallVector<int64_t> shape{count, coordinates};
    shape.append(spatial, 1);
    return shape;
  }

  /// [N, offset groups, channels of a group, taps, points].
  Value sample() {
    ArrayRef<AffineExpr> x = node.getDims(Image);
    AffineExpr groups = node.extent(offsetGroups);
    Dims dims{x[0], groups, node.extent(channels / offsetGroups)};
    llvm::append_range(dims, x.drop_front(2));
    Value positions = node.reshape(locate(), {node.getDims(Offset)[0], groups, taps, node.extent(spatial), points});
    return node.create<SamplePixelsOp>(node.reshape(getOperand(Image), dims), positions);
  }

  Value applyMask(Value columns) {
    if (!node.hasOperand(Mask))
      return columns;
    Dims dims{node.getDims(Mask)[0], node.extent(offsetGroups), node.extent(1), taps, points};
    return node.multiply(columns, node.reshape(getOperand(Mask), dims));
  }

  /// The weight of each group as a matrix, times the columns of its channels and taps.
  Value multiply(Value columns) {
    AffineExpr batch = node.getDims(Image)[0], groups = node.extent(attributes.groups),
               depth = multiplyExtents(node.extent(channels / attributes.groups), taps);
    int64_t outputs = *constantDim(node.getDims(Weight)[0]);
    Value matrix = node.reshape(columns, {batch, groups, depth, points});
    Value weight = node.reshape(getOperand(Weight), {groups, node.extent(outputs / attributes.groups), depth});
    Dims dims{batch, node.extent(outputs)};
    llvm::append_range(dims, window);
    return node.reshape(node.create<MatMulOp>(weight, matrix, false, false), dims);
  }

  NodeImporter &node;
  ConvolutionAttributes attributes;
  SmallVector<int64_t> pads;
  int64_t offsetGroups, spatial, channels = 0;
  Type type;
  Dims window; ///< the result's spatial extents, those of the offsets
  AffineExpr taps, points;
};

/// Reports an error unless operand `i` has `channels` channels, and extents that `window` may have.
bool checkOperand(NodeImporter &node, int64_t i, StringRef what, int64_t channels, ArrayRef<AffineExpr> window) {
  Dims expected{node.getDims(Image)[0], node.extent(channels)};
  llvm::append_range(expected, window);
  ArrayRef<AffineExpr> dims = node.getDims(i);
  if (dims.size() == expected.size() && llvm::all_of_zip(dims, expected, mayBeEqual)) {
    for (auto [dim, extent] : llvm::zip(dims, expected))
      if (dim != extent)
        node.expectInRun(ExtentRelation::Equal, dim, extent);
    return true;
  }
  node.error() << "expects " << what << " with " << channels << " channels and the extents of its result";
  return false;
}

/// The extents of the result, which the attributes give; nothing after an error.
std::optional<Dims> getWindow(NodeImporter &node, const ConvolutionAttributes &attributes, ArrayRef<int64_t> pads) {
  Dims window;
  auto spatial = static_cast<int64_t>(attributes.kernel.size());
  for (int64_t dim = 0; dim < spatial && !node.hasFailed(); ++dim) {
    int64_t reach = attributes.dilations[dim] * (attributes.kernel[dim] - 1) + 1;
    AffineExpr room = addExtents(node.getDims(Image)[2 + dim], node.extent(pads[dim] + pads[dim + spatial] - reach));
    window.push_back(addExtents(divideExtents(room, node.extent(attributes.strides[dim])), node.extent(1)));
  }
  return node.hasFailed() ? std::nullopt : std::optional(window);
}

void importDeformConv(NodeImporter &node) {
  if (!node.expectOperands(3, 5) || !expectElements(node, Image, ElementClass::Real))
    return;
  for (int64_t i = 1; i < node.getNumOperands(); ++i)
    if (node.hasOperand(i) && node.getElementType(i) != node.getElementType(0)) {
      node.error() << "operands have different element types";
      return;
    }
  std::optional<ConvolutionAttributes> attributes = getConvolutionAttributes(node, Image, Weight);
  int64_t offsetGroups = node.getInteger("offset_group", 1);
  if (!attributes)
    return;
  int64_t spatial = attributes->kernel.size(), taps = 1, outputs = *constantDim(node.getDims(Weight)[0]),
          channels = *constantDim(node.getDims(Weight)[1]) * attributes->groups;
  for (int64_t extent : attributes->kernel)
    taps *= extent;
  if (offsetGroups < 1 || channels % offsetGroups != 0 || outputs % attributes->groups != 0 ||
      !mayBeEqual(node.getDims(Image)[1], node.extent(channels))) {
    node.error() << "has " << attributes->groups << " groups and " << offsetGroups << " offset groups for a weight of "
                 << outputs << " x " << channels << " channels, which does not divide or fit its operand";
    return;
  }
  SmallVector<int64_t> pads = node.getSizes("pads", 2 * spatial, 0, 0);
  std::optional<Dims> window = getWindow(node, *attributes, pads);
  if (!window || !checkOperand(node, Offset, "offsets", offsetGroups * taps * spatial, *window) ||
      (node.hasOperand(Mask) && !checkOperand(node, Mask, "a mask", offsetGroups * taps, *window)))
    return;
  if (node.hasOperand(Bias) && (node.getRank(Bias) != 1 || !mayBeEqual(node.getDims(Bias)[0], node.extent(outputs)))) {
    node.error() << "expects one bias per channel of its result";
    return;
  }
  Value result = DeformableConvolution(node, *attributes, pads, offsetGroups).build();
  if (node.hasOperand(Bias) && !node.hasFailed()) {
    Value bias = node.cast(node.getOperand(Bias), getElementTypeOrSelf(result));
    result = node.add(result, unsqueezeAround(node, bias, 0, spatial));
  }
  node.setResult(0, node.cast(result, node.getElementType(Image)));
}

} // namespace

void registerDeformConv(OpRegistry &registry) { registry.add("DeformConv", 19, importDeformConv); }

} // namespace dlc::onnx_import
