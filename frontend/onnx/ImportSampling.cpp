// SPDX-License-Identifier: Apache-2.0
// Images read at computed positions.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/IndexArithmetic.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/OpenAxes.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsComparison.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLinear.h"
#include "ir/OpsLogic.h"
#include "ir/OpsMovement.h"
#include "ir/OpsTransposition.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// Sizes of an affine grid are its number of elements.
constexpr int64_t largestGrid = int64_t{1} << 31;

/// The homogeneous coordinates of every position of a grid whose extents a run learns, x first: [positions, spatial +
/// 1].
Value createPositions(NodeImporter &node, ArrayRef<AffineExpr> extents) {
  Type type = node.getElementType(0), f64 = node.getBuilder().getF64Type();
  AffineExpr one = node.extent(1), count = one;
  bool isAligned = node.getFlag("align_corners");
  Dims all(extents);
  all.push_back(one);
  SmallVector<Value> columns;
  for (size_t dim = extents.size(); dim-- > 0;) {
    AffineExpr extent = extents[dim], last = subtractExtents(extent, one);
    count = multiplyExtents(count, extent);
    // From -1 to 1; the only position of an aligned dimension is 0.
    AffineExpr divisor = maximumExtent(isAligned ? last : extent, one);
    AffineExpr start = isAligned ? subtractExtents(node.extent(0), isLessExtent(one, extent)) : node.extent(-1);
    auto number = [&](AffineExpr value) {
      return node.cast(node.createInteger(node.getBuilder().getI64Type(), value), f64);
    };
    Value doubled = node.multiply(node.cast(node.countTo(extent), f64), node.createScalar(f64, 2));
    if (!isAligned)
      doubled = node.add(doubled, node.createScalar(f64, 1));
    Value column = node.add(node.divide(doubled, number(divisor)), number(start));
    Dims along(all.size(), one);
    along[dim] = extent;
    columns.push_back(node.expand(node.reshape(node.cast(column, type), along), all));
  }
  columns.push_back(node.expand(node.reshape(node.createScalar(type, 1), Dims(all.size(), one)), all));
  if (node.hasFailed())
    return {};
  Value positions = node.create<ConcatOp>(ValueRange(columns), node.integer(static_cast<int64_t>(extents.size())));
  return node.reshape(positions, {count, node.extent(static_cast<int64_t>(columns.size()))});
}

void importAffineGrid(NodeImporter &node) {
  if (!node.expectOperands(2, 2) || !expectElements(node, 0, ElementClass::Real))
    return;
  if (std::optional<Dims> open = getOpenAxes(node, 1);
      open && (open->size() == 4 || open->size() == 5) && node.getRank(0) == 3) {
    Dims dims{node.getDims(0)[0]}, extents;
    for (AffineExpr extent : ArrayRef(*open).drop_front(2))
      extents.push_back(atLeastZero(extent));
    llvm::append_range(dims, extents);
    dims.push_back(node.extent(static_cast<int64_t>(extents.size())));
    Value positions = createPositions(node, extents);
    node.setResult(
        0, node.reshape(node.create<MatMulOp>(positions, node.getOperand(0), false, /*transpose_rhs=*/true), dims));
    return;
  }
  std::optional<SmallVector<int64_t>> size = node.getKnownIntegers(1, "size");
  if (!size)
    return;
  auto spatial = static_cast<int64_t>(size->size()) - 2;
  bool fits = (spatial == 2 || spatial == 3) && node.getRank(0) == 3 &&
              llvm::all_of(*size, [](int64_t n) { return n >= 0 && n < largestGrid; }) &&
              countElements(ArrayRef(*size).drop_front(2)) < largestGrid;
  if (!fits) {
    if (!node.hasFailed())
      node.error() << "expects a size of 4 or 5 extents, and matrices of rank 3";
    return;
  }
  // The homogeneous coordinates of every position, x first, from -1 to 1.
  ArrayRef<int64_t> extents = ArrayRef(*size).drop_front(2);
  int64_t count = countElements(extents);
  bool isAligned = node.getFlag("align_corners");
  std::vector<double> base(count * (spatial + 1), 1.0);
  for (int64_t position = 0; position < count; ++position)
    for (int64_t dim = spatial - 1, rest = position; dim >= 0; rest /= extents[dim], --dim) {
      auto extent = static_cast<double>(extents[dim]), index = static_cast<double>(rest % extents[dim]);
      base[position * (spatial + 1) + spatial - 1 - dim] =
          isAligned ? (extents[dim] > 1 ? 2 * index / (extent - 1) - 1 : 0) : (2 * index + 1) / extent - 1;
    }
  Value positions = node.createReals(node.getElementType(0), {count, spatial + 1}, base);
  Value grid = node.create<MatMulOp>(positions, node.getOperand(0), false, /*transpose_rhs=*/true);
  Dims dims{node.getDims(0)[0]};
  for (int64_t extent : extents)
    dims.push_back(node.extent(extent));
  dims.push_back(node.extent(spatial));
  node.setResult(0, node.reshape(grid, dims));
}

enum class Padding { Zeros, Border, Reflection };

/// Reads operand 0, [N, C, spatial...], at the positions of operand 1, [N, positions..., spatial], x first.
class GridSampler {
public:
  GridSampler(NodeImporter &node, Padding padding, bool isAligned)
      : node(node), padding(padding), isAligned(isAligned), spatial(node.getRank(0) - 2), type(node.getElementType(1)),
        i64(node.getBuilder().getI64Type()) {
    // Channels last: what is read at a position is a row.
    SmallVector<int64_t> permutation{0};
    for (int64_t dim = 0; dim < spatial; ++dim)
      permutation.push_back(2 + dim);
    permutation.push_back(1);
    image = node.create<TransposeOp>(node.getOperand(0), node.integers(permutation));
    rows = mergeLeadingDims(node, image, 1 + spatial);
    for (int64_t dim = 0; dim < spatial; ++dim)
      extents.push_back(node.create<ExtentOp>(image, node.integers({1 + dim}), TypeAttr::get(type)));
  }

  /// The result of `mode` "nearest", "linear" or "cubic".
  Value sample(StringRef mode) {
    SmallVector<Value> centers;
    for (int64_t dim = 0; dim < spatial; ++dim)
      centers.push_back(locate(dim));
    if (mode == "nearest") {
      for (auto [dim, center] : llvm::enumerate(centers))
        center = pad(node.create<RoundOp>(center), dim);
      return putChannelsFirst(read(centers));
    }
    // Weights of the neighbors along each dimension, from that at the lowest index on.
    bool isCubic = mode == "cubic";
    SmallVector<SmallVector<Value>> indices(spatial), weights(spatial);
    for (auto [dim, center] : llvm::enumerate(centers)) {
      // Cubic interpolation moves its neighbors alone, as ONNX Runtime does.
      Value padded = isCubic ? center : pad(center, dim), low = node.create<FloorOp>(padded),
            fraction = node.subtract(padded, low);
      for (int64_t offset = isCubic ? -1 : 0; offset < (isCubic ? 3 : 2); ++offset) {
        indices[dim].push_back(node.add(low, number(static_cast<double>(offset))));
        weights[dim].push_back(isCubic       ? cubic(fraction, offset)
                               : offset == 0 ? node.subtract(number(1), fraction)
                                             : fraction);
      }
    }
    auto neighbors = static_cast<int64_t>(indices[0].size());
    int64_t corners = 1;
    for (int64_t dim = 0; dim < spatial; ++dim)
      corners *= neighbors;
    Value sum;
    for (int64_t corner = 0; corner < corners && !node.hasFailed(); ++corner) {
      SmallVector<Value> position;
      Value weight;
      for (int64_t dim = 0, rest = corner; dim < spatial; ++dim, rest /= neighbors) {
        position.push_back(indices[dim][rest % neighbors]);
        Value own = weights[dim][rest % neighbors];
        weight = weight ? node.multiply(weight, own) : own;
      }
      Value term = node.multiply(read(position), withChannel(node.cast(weight, node.getElementType(0))));
      sum = sum ? node.add(sum, term) : term;
    }
    return putChannelsFirst(sum);
  }

private:
  Value number(double value) { return node.createScalar(type, value); }

  /// The coordinate along `dim` in pixels.
  Value locate(int64_t dim) {
    Value which = node.createScalar(i64, static_cast<double>(spatial - 1 - dim));
    Value given = node.create<GatherOp>(node.getOperand(1), which, node.integer(spatial + 1));
    Value half = node.multiply(node.add(given, number(1)), number(0.5));
    if (isAligned)
      return node.multiply(half, node.subtract(extents[dim], number(1)));
    return node.subtract(node.multiply(half, extents[dim]), number(0.5));
  }

  Value last(int64_t dim) { return node.subtract(extents[dim], number(1)); }

  /// `at` mirrored at the borders of the image until it is inside: the centers or the edges of the outer pixels.
  Value reflect(Value at, int64_t dim) {
    double margin = isAligned ? 0 : 0.5;
    Value range = isAligned ? last(dim) : extents[dim];
    Value from = node.add(at, number(margin));
    // There and back again is one period, in which the second half is mirrored.
    Value period = node.create<MaxOp>(node.multiply(range, number(2)), number(1));
    Value turns = node.create<FloorOp>(node.divide(from, period));
    Value rest = node.subtract(from, node.multiply(turns, period));
    Value back = node.subtract(period, rest);
    Value inside = node.create<WhereOp>(node.create<GreaterOp>(rest, range), back, rest);
    return node.subtract(inside, number(margin));
  }

  /// What the padding makes of a coordinate.
  Value pad(Value at, int64_t dim) {
    if (padding == Padding::Border)
      return node.create<MinOp>(node.create<MaxOp>(at, number(0)), last(dim));
    return padding == Padding::Reflection ? reflect(at, dim) : at;
  }

  /// Keys' kernel with a = -0.75 at the distance of the neighbor `offset` from `fraction`.
  Value cubic(Value fraction, int64_t offset) {
    constexpr double a = -0.75;
    Value x = node.create<AbsOp>(node.subtract(fraction, number(static_cast<double>(offset))));
    auto polynomial = [&](ArrayRef<double> coefficients) {
      Value result = number(coefficients.front());
      for (double coefficient : coefficients.drop_front())
        result = node.add(node.multiply(result, x), number(coefficient));
      return result;
    };
    return offset == 0 || offset == 1 ? polynomial({a + 2, -(a + 3), 0, 1}) : polynomial({a, -5 * a, 8 * a, -4 * a});
  }

  /// With a dimension for the channels behind the others.
  Value withChannel(Value value) {
    Dims dims(node.getDims(value));
    dims.push_back(node.extent(1));
    return node.reshape(value, dims);
  }

  /// Rows of channels at whole positions; zeros outside, unless the padding moves what is outside.
  Value read(ArrayRef<Value> position) {
    Value flat, isInside;
    for (auto [dim, at] : llvm::enumerate(position)) {
      Value index = pad(at, dim);
      if (padding == Padding::Zeros) {
        Value fits =
            node.create<AndOp>(node.create<GreaterOrEqualOp>(at, number(0)), node.create<LessOrEqualOp>(at, last(dim)));
        isInside = isInside ? node.create<AndOp>(isInside, fits) : fits;
      }
      // Rounding of an index that was mirrored; what is outside is read somewhere and then left out.
      index = node.create<MinOp>(node.create<MaxOp>(index, number(0)), last(dim));
      Value whole = node.cast(index, i64);
      if (flat)
        flat = node.multiply(
            flat, node.create<ExtentOp>(image, node.integers({1 + static_cast<int64_t>(dim)}), TypeAttr::get(i64)));
      flat = flat ? node.add(flat, whole) : whole;
    }
    Value batch = numberAlong(node, node.getOperand(1), 0, spatial + 1);
    SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(1, 1 + spatial));
    Value pixels = node.create<ExtentOp>(image, node.integers(axes), TypeAttr::get(i64));
    flat = node.add(flat, node.multiply(batch, pixels));
    Value result = node.create<GatherOp>(rows, flat, node.integer(0));
    return isInside ? node.create<WhereOp>(withChannel(isInside), result, node.createScalar(node.getElementType(0), 0))
                    : result;
  }

  Value putChannelsFirst(Value value) {
    SmallVector<int64_t> permutation{0, spatial + 1};
    for (int64_t dim = 0; dim < spatial; ++dim)
      permutation.push_back(1 + dim);
    return node.create<TransposeOp>(value, node.integers(permutation));
  }

  NodeImporter &node;
  Padding padding;
  bool isAligned;
  int64_t spatial;
  Type type, i64;
  Value image, rows;
  SmallVector<Value> extents;
};

void importGridSample(NodeImporter &node) {
  if (!node.expectOperands(2, 2) || !expectElements(node, 1, ElementClass::Real))
    return;
  int64_t spatial = node.getRank(0) - 2;
  if (spatial < 1 || node.getRank(1) != spatial + 2 || constantDim(node.getDims(1).back()) != spatial) {
    if (!node.hasFailed())
      node.error() << "expects an image [N, C, spatial...] and a grid [N, positions..., spatial dimensions]";
    return;
  }
  std::string mode = node.getString("mode", node.getOpset() >= 20 ? "linear" : "bilinear"),
              padding = node.getString("padding_mode", "zeros");
  mode = mode == "bilinear" ? "linear" : mode == "bicubic" ? "cubic" : mode;
  std::optional<Padding> kind = llvm::StringSwitch<std::optional<Padding>>(padding)
                                    .Case("zeros", Padding::Zeros)
                                    .Case("border", Padding::Border)
                                    .Case("reflection", Padding::Reflection)
                                    .Default(std::nullopt);
  if (!kind || !llvm::is_contained({"linear", "nearest", "cubic"}, mode)) {
    node.error() << "has the mode '" << mode << "' and the padding '" << padding
                 << "'; expected nearest, linear or cubic, and zeros, border or reflection";
    return;
  }
  bool alignsCorners = node.getFlag("align_corners");
  if (!node.hasFailed())
    node.setResult(0, GridSampler(node, *kind, alignsCorners).sample(mode));
}

} // namespace

void registerSampling(OpRegistry &registry) {
  registry.add("AffineGrid", 20, importAffineGrid);
  registry.add("GridSample", 16, importGridSample);
}

} // namespace dlc::onnx_import
