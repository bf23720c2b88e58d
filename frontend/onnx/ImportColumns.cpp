// SPDX-License-Identifier: Apache-2.0
// The inverses of windows: columns back to images, and unpooling.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/IndexArithmetic.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/TensorFormula.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsMovement.h"
#include "ir/OpsSlicing.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// Whether `values` are `count` extents, each at least `minimum`; an error says what is expected if not.
bool expectExtents(NodeImporter &node, ArrayRef<int64_t> values, size_t count, int64_t minimum, StringRef what) {
  bool fits = values.size() == count &&
              llvm::all_of(values, [&](int64_t value) { return value >= minimum && value <= INT32_MAX; });
  if (!fits)
    node.error() << "expects " << count << " " << what << " of at least " << minimum;
  return fits;
}

/// Whether `values` are `count` extents that a run may have; an error says what is expected if not.
bool expectExtents(NodeImporter &node, ArrayRef<AffineExpr> values, size_t count, StringRef what) {
  SmallVector<int64_t> known;
  for (AffineExpr value : values)
    known.push_back(constantDim(value).value_or(0));
  return expectExtents(node, known, count, 0, what);
}

/// The same as importCol2Im where a run learns the extents of image or block, or of the columns: positions are
/// computed.
void setOpenCol2Im(NodeImporter &node, ArrayRef<AffineExpr> image, ArrayRef<AffineExpr> block) {
  size_t spatial = image.size();
  auto count = static_cast<int64_t>(spatial);
  SmallVector<int64_t> dilations = node.getSizes("dilations", count, 1, 1),
                       strides = node.getSizes("strides", count, 1, 1), pads = node.getSizes("pads", 2 * count, 0, 0);
  if (!node.hasFailed() && (node.getRank(0) != 3 || block.size() != spatial))
    node.error() << "expects columns of rank 3, and as many extents of a block as of an image";
  if (node.hasFailed())
    return;
  AffineExpr zero = node.extent(0), one = node.extent(1);
  Dims dims(node.getDims(0)), padded, steps;
  AffineExpr blockSize = one, windows = one, paddedSize = one;
  for (size_t dim = 0; dim < spatial; ++dim) {
    for (AffineExpr extent : {image[dim], block[dim]})
      if (getExtentRange(extent).low < 1)
        node.expectInRun(ExtentRelation::AtLeast, extent, one);
    AffineExpr extent = addExtents(atLeastZero(image[dim]), node.extent(pads[dim] + pads[spatial + dim]));
    AffineExpr reach = multiplyExtents(subtractExtents(block[dim], one), node.extent(dilations[dim]));
    AffineExpr rest = subtractExtents(subtractExtents(extent, reach), one);
    if (getExtentRange(rest).low < 0)
      node.expectInRun(ExtentRelation::AtLeast, rest, zero);
    padded.push_back(extent);
    steps.push_back(addExtents(divideExtents(atLeastZero(rest), node.extent(strides[dim])), one));
    blockSize = multiplyExtents(blockSize, maximumExtent(block[dim], one));
    windows = multiplyExtents(windows, steps.back());
    paddedSize = multiplyExtents(paddedSize, extent);
  }
  AffineExpr channels = divideExtents(dims[1], blockSize);
  node.expectInRun(ExtentRelation::Equal, dims[2], windows);
  node.expectInRun(ExtentRelation::Equal, dims[1], multiplyExtents(channels, blockSize));
  Type i64 = node.getBuilder().getI64Type();
  auto number = [&](AffineExpr value) { return Term(node, node.createInteger(i64, value)); };
  // The position in the image of each element of a block at each step of it.
  Term element = Term(node, node.countTo(blockSize)).reshape({blockSize, one}),
       column = Term(node, node.countTo(windows)).reshape({one, windows}), positions;
  AffineExpr scale = one;
  for (int64_t dim = count - 1; dim >= 0; --dim) {
    Term own = number(maximumExtent(block[dim], one)), stepCount = number(steps[dim]);
    Term elementsLeft = element / own, columnsLeft = column / stepCount;
    Term inBlock = element - elementsLeft * own, atStep = column - columnsLeft * stepCount;
    Term inPadded = inBlock * static_cast<double>(dilations[dim]) + atStep * static_cast<double>(strides[dim]);
    Term scaled = inPadded * number(scale);
    positions = positions ? positions + scaled : scaled;
    scale = multiplyExtents(scale, padded[dim]);
    element = elementsLeft;
    column = columnsLeft;
  }
  AffineExpr all = multiplyExtents(blockSize, windows);
  if (node.hasFailed())
    return;
  Value elements = node.reshape(node.getOperand(0), {dims[0], channels, all});
  Value like = node.fill(node.getElementType(0), {dims[0], channels, paddedSize}, 0);
  Value sum = node.create<ScatterAddOp>(like, positions.reshape({all}), elements, node.integer(2));
  Dims shape{dims[0], channels}, starts{zero, zero}, sizes = shape;
  for (size_t dim = 0; dim < spatial; ++dim) {
    shape.push_back(padded[dim]);
    starts.push_back(node.extent(pads[dim]));
    sizes.push_back(atLeastZero(image[dim]));
  }
  node.setResult(0, node.slice(node.reshape(sum, shape), starts, sizes, SmallVector<int64_t>(spatial + 2, 1)));
}

/// Adds up blocks, column by column, in an image with its pads, which are cut off in the end.
void importCol2Im(NodeImporter &node) {
  if (!node.expectOperands(3, 3) || !expectElements(node, 0, ElementClass::Number))
    return;
  auto isOpen = [](AffineExpr extent) { return !constantDim(extent); };
  std::optional<Dims> imageExtents = node.getKnownExtents(1, "image_shape"),
                      blockExtents = node.getKnownExtents(2, "block_shape");
  if (!imageExtents || !blockExtents)
    return;
  if (llvm::any_of(*imageExtents, isOpen) || llvm::any_of(*blockExtents, isOpen) ||
      (node.getRank(0) == 3 && llvm::any_of(node.getDims(0).drop_front(), isOpen))) {
    setOpenCol2Im(node, *imageExtents, *blockExtents);
    return;
  }
  std::optional<SmallVector<int64_t>> image = node.getKnownIntegers(1, "image_shape"),
                                      block = node.getKnownIntegers(2, "block_shape");
  if (!image || !block)
    return;
  size_t spatial = image->size();
  if (!expectExtents(node, *image, spatial, 1, "extents of an image") ||
      !expectExtents(node, *block, spatial, 1, "extents of a block"))
    return;
  auto count = static_cast<int64_t>(spatial);
  SmallVector<int64_t> dilations = node.getSizes("dilations", count, 1, 1),
                       strides = node.getSizes("strides", count, 1, 1), pads = node.getSizes("pads", 2 * count, 0, 0);
  std::optional<int64_t> rows = node.getRank(0) == 3 ? constantDim(node.getDims(0)[1]) : std::nullopt,
                         columns = rows ? constantDim(node.getDims(0)[2]) : std::nullopt;
  if (node.hasFailed())
    return;
  SmallVector<int64_t> padded, steps;
  for (size_t dim = 0; dim < spatial; ++dim) {
    padded.push_back((*image)[dim] + pads[dim] + pads[spatial + dim]);
    steps.push_back((padded[dim] - dilations[dim] * ((*block)[dim] - 1) - 1) / strides[dim] + 1);
  }
  int64_t blockSize = countElements(*block), paddedSize = countElements(padded);
  if (!columns || *rows % blockSize != 0 || llvm::any_of(steps, [](int64_t n) { return n < 1; }) ||
      countElements(steps) != *columns || paddedSize > INT32_MAX) {
    node.error() << "expects columns of rank 3, as many as there are positions of a block, of whole blocks";
    return;
  }
  SmallVector<int64_t> positions;
  for (int64_t element = 0; element < blockSize; ++element)
    for (int64_t column = 0; column < *columns; ++column) {
      int64_t position = 0, scale = 1;
      for (int64_t dim = count - 1, inBlock = element, atStep = column; dim >= 0; --dim) {
        position += scale * (inBlock % (*block)[dim] * dilations[dim] + atStep % steps[dim] * strides[dim]);
        scale *= padded[dim];
        inBlock /= (*block)[dim];
        atStep /= steps[dim];
      }
      positions.push_back(position);
    }
  Value x = node.getOperand(0);
  int64_t channels = *rows / blockSize;
  AffineExpr batch = node.getDims(0)[0];
  Value elements = node.reshape(x, {batch, node.extent(channels), node.extent(blockSize * *columns)});
  int64_t batchExtent = constantDim(batch).value_or(-2);
  Value like = node.create<FillOp>(x, node.integers({batchExtent, channels, paddedSize}), node.real(0),
                                   TypeAttr::get(node.getElementType(0)));
  Value sum = node.create<ScatterAddOp>(like, node.createIntegers(node.getBuilder().getI64Type(), positions), elements,
                                        node.integer(2));
  Dims dims{batch, node.extent(channels)};
  SmallVector<int64_t> starts{0, 0}, sizes{-1, -1};
  for (size_t dim = 0; dim < spatial; ++dim) {
    dims.push_back(node.extent(padded[dim]));
    starts.push_back(pads[dim]);
    sizes.push_back((*image)[dim]);
  }
  node.setResult(0, node.create<SliceOp>(node.reshape(sum, dims), node.integers(starts), node.integers(sizes),
                                         node.integers(SmallVector<int64_t>(spatial + 2, 1))));
}

/// Puts every element where an index says that it came from; an index counts the elements of all images together.
void importMaxUnpool(NodeImporter &node) {
  if (!node.expectOperands(2, 3) || !expectElements(node, 1, ElementClass::Integer))
    return;
  int64_t rank = node.getRank(0), spatial = rank - 2;
  if (spatial < 1 || node.getRank(1) != rank) {
    if (!node.hasFailed())
      node.error() << "expects an operand of rank 3 or more and indices of its rank";
    return;
  }
  SmallVector<int64_t> kernel = node.getSizes("kernel_shape", spatial, 1, 1),
                       strides = node.getSizes("strides", spatial, 1, 1),
                       pads = node.getSizes("pads", 2 * spatial, 0, 0);
  if (node.hasFailed())
    return;
  Dims shape(node.getDims(0));
  for (int64_t i = 0; i < spatial; ++i) {
    AffineExpr steps = addExtents(shape[i + 2], node.extent(-1));
    shape[i + 2] = addExtents(multiplyExtents(steps, node.extent(strides[i])),
                              node.extent(kernel[i] - pads[i] - pads[spatial + i]));
  }
  std::optional<Dims> whole = node.hasOperand(2) ? node.getKnownExtents(2, "output_shape") : shape;
  if (!whole || !expectExtents(node, shape, rank, "extents of the result") ||
      !expectExtents(node, *whole, rank, "extents of the result"))
    return;
  Value x = mergeLeadingDims(node, node.getOperand(0), rank);
  Value indices = node.cast(mergeLeadingDims(node, node.getOperand(1), rank), node.getBuilder().getI64Type());
  AffineExpr count = elementCount(shape, node.getContext());
  Value zeros = node.fill(node.getElementType(0), {count}, 0);
  // Overlapping windows may name one position several times, always with the same element: so the mean is that element.
  Value sum = node.create<ScatterAddOp>(zeros, indices, x, node.integer(0));
  Value ones = node.create<FillOp>(x, node.integers({-2}), node.real(1), TypeAttr::get(node.getElementType(0)));
  Value times = node.create<ScatterAddOp>(zeros, indices, ones, node.integer(0));
  Value mean = node.divide(sum, node.create<MaxOp>(times, node.createScalar(node.getElementType(0), 1)));
  Value result = node.reshape(mean, shape);
  if (*whole != shape) {
    Dims common;
    for (auto [own, wanted] : llvm::zip(shape, *whole))
      common.push_back(minimumExtent(own, wanted));
    result = node.padTo(node.cutTo(result, common), *whole);
  }
  node.setResult(0, result);
}

} // namespace

void registerColumns(OpRegistry &registry) {
  registry.add("Col2Im", 18, importCol2Im);
  registry.add("MaxUnpool", 9, importMaxUnpool);
}

} // namespace dlc::onnx_import
