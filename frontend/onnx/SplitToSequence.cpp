// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/SplitToSequence.h"
#include "frontend/onnx/OpenSequence.h"
#include "ir/ExtentAlgebra.h"
#include "ir/ExtentDescription.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsTransposition.h"
#include "ir/ShapeInference.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// The parts that `split` asks for, which is left out (every element by itself), one size, or a list of sizes; nothing
/// after an error.
std::optional<SmallVector<int64_t>> getParts(NodeImporter &node, int64_t extent) {
  if (!node.hasOperand(1))
    return SmallVector<int64_t>(extent, 1);
  std::optional<SmallVector<int64_t>> parts = node.getKnownIntegers(1, "split");
  if (!parts)
    return std::nullopt;
  if (node.getRank(1) == 0) {
    int64_t size = parts->front();
    if (size < 1) {
      node.error() << "splits into parts of " << size << " elements";
      return std::nullopt;
    }
    parts->assign(extent / size, size);
    if (extent % size)
      parts->push_back(extent % size);
    return parts;
  }
  int64_t total = 0;
  for (int64_t size : *parts)
    total = size < 0 || size > extent ? extent + 1 : total + size;
  if (total == extent)
    return parts;
  node.error() << "splits " << extent << " elements into parts that do not add up to them";
  return std::nullopt;
}

/// Whether every part that `split` asks for along the extent `extent` has one element.
bool splitsIntoSingles(NodeImporter &node, AffineExpr extent) {
  if (!node.hasOperand(1))
    return true;
  if (const KnownValue *known = node.getKnown(1); known && node.getRank(1) == 0)
    return known->isConstant() && known->elements.front().asReal() == 1;
  auto filling = node.getRank(1) == 1 ? node.getOperand(1).getDefiningOp<FillOp>() : FillOp();
  return filling && normalizeExtent(node.getDims(1)[0]) == normalizeExtent(extent) &&
         filling.getValue().convertToDouble() == 1;
}

/// A sequence of the slices along dimension `axis`, whose extent only a run knows.
void splitOpenExtent(NodeImporter &node, int64_t axis) {
  Dims dims(node.getDims(0));
  if (!splitsIntoSingles(node, dims[axis])) {
    node.error()
        << "splits an extent that only a run knows into parts, which is supported for parts of one element only";
    return;
  }
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, static_cast<int64_t>(dims.size())));
  order.erase(order.begin() + axis);
  order.insert(order.begin(), axis);
  Value rows = node.getOperand(0);
  if (axis != 0)
    rows = node.create<TransposeOp>(rows, node.integers(order));
  if (node.hasOperand(1) || node.getFlag("keepdims", true)) {
    Dims kept(node.getDims(rows));
    kept.insert(kept.begin() + 1 + axis, node.extent(1));
    rows = node.reshape(rows, kept);
  }
  if (!node.hasFailed())
    setOpenSequence(node, 0, makeElement(node, rows));
}

/// Whether `split` lists sizes, as many as are known, of which some only a run knows, or the extent.
bool listsOpenSizes(NodeImporter &node, AffineExpr extent) {
  if (!node.hasOperand(1) || node.getRank(1) != 1 || !constantDim(node.getDims(1)[0]))
    return false;
  const KnownValue *known = node.getKnown(1);
  return !constantDim(extent) || !known || !known->isConstant();
}

/// A sequence of slices along dimension `axis` of the sizes that `split` lists, which follow from extents and elements
/// that a run reads.
void splitIntoOpenSizes(NodeImporter &node, int64_t axis) {
  Dims dims(node.getDims(0));
  std::optional<Dims> sizes = node.getKnownExtents(1, "split");
  Value x = node.getOperand(0);
  if (!sizes || node.hasFailed())
    return;
  SmallVector<Tensor *> elements;
  Dims starts(dims.size(), node.extent(0)), part(dims);
  for (AffineExpr size : *sizes) {
    part[axis] = size;
    elements.push_back(makeElement(node, node.slice(x, starts, part, SmallVector<int64_t>(dims.size(), 1))));
    starts[axis] = addExtents(starts[axis], size);
  }
  if (AffineExpr total = normalizeExtent(starts[axis]); total != normalizeExtent(dims[axis])) {
    if (!mayBeEqual(total, dims[axis])) {
      node.error() << "splits " << describeExtent(dims[axis], node.getImporter().getSymbolNames())
                   << " elements into parts that do not add up to them";
      return;
    }
    node.expectInRun(ExtentRelation::Equal, dims[axis], total);
  }
  node.setElements(0, std::move(elements));
}

} // namespace

void importSplitToSequence(NodeImporter &node) {
  if (!node.expectOperands(1, 2) || !node.operandsAreTensors())
    return;
  Dims dims(node.getDims(0));
  int64_t axis = node.normalizeAxis(node.getInteger("axis", 0), dims.size());
  if (node.hasFailed())
    return;
  if (listsOpenSizes(node, dims[axis])) {
    splitIntoOpenSizes(node, axis);
    return;
  }
  std::optional<int64_t> extent = constantDim(dims[axis]);
  if (!extent) {
    splitOpenExtent(node, axis);
    return;
  }
  std::optional<SmallVector<int64_t>> parts = getParts(node, *extent);
  Value x = node.getOperand(0);
  if (!parts || node.hasFailed())
    return;
  bool squeezes = !node.hasOperand(1) && !node.getFlag("keepdims", true);
  SmallVector<Tensor *> elements;
  int64_t start = 0;
  for (int64_t size : *parts) {
    Value part = node.sliceAlong(x, axis, size == 0 ? 0 : start, size);
    start += size;
    if (squeezes) {
      Dims squeezed(dims);
      squeezed.erase(squeezed.begin() + axis);
      part = node.reshape(part, squeezed);
    }
    elements.push_back(makeElement(node, part));
  }
  node.setElements(0, std::move(elements));
}

} // namespace dlc::onnx_import
