// SPDX-License-Identifier: Apache-2.0
// Ops that arrange the same elements in another shape or order, and copy them.
#include "frontend/onnx/NodeImporter.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/OpenAxes.h"
#include "frontend/onnx/OpenBroadcast.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsMovement.h"
#include "ir/OpsTransposition.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

std::optional<SmallVector<int64_t>> getStaticShape(ArrayRef<AffineExpr> dims) {
  SmallVector<int64_t> shape;
  for (AffineExpr dim : dims) {
    std::optional<int64_t> extent = constantDim(dim);
    if (!extent)
      return std::nullopt;
    shape.push_back(*extent);
  }
  return shape;
}

/// Sets result 0 to operand 0 in the shape `dims`.
void setReshaped(NodeImporter &node, ArrayRef<AffineExpr> dims) {
  const KnownValue *known = node.getKnown(0);
  std::optional<SmallVector<int64_t>> shape = getStaticShape(dims);
  if (known && shape && countElements(*shape) == static_cast<int64_t>(known->elements.size()))
    node.setKnown(0, {known->elementType, *shape, known->elements});
  else
    node.setResult(0, node.reshape(node.getOperand(0), dims));
}

/// Extents of which a run learns whether they are -1 (what is left) or 0 (the operand's).
Dims resolveExtents(NodeImporter &node, ArrayRef<AffineExpr> requested) {
  ArrayRef<AffineExpr> source = node.getDims(0);
  AffineExpr one = node.extent(1), others = one;
  Dims target;
  SmallVector<AffineExpr> areInferred;
  for (auto [i, extent] : llvm::enumerate(requested)) {
    AffineExpr copied = extent;
    if (i < source.size() && !node.getFlag("allowzero"))
      copied = chooseExtent(isEqualExtent(extent, node.extent(0)), source[i], extent);
    areInferred.push_back(isEqualExtent(extent, node.extent(-1)));
    target.push_back(copied);
    others = multiplyExtents(others, chooseExtent(areInferred.back(), one, copied));
  }
  AffineExpr left = divideExtents(normalizeExtent(elementCount(source, node.getContext())), atLeastZero(others));
  for (auto [extent, isInferred] : llvm::zip(target, areInferred))
    extent = chooseExtent(isInferred, left, extent);
  return target;
}

/// ONNX's target shape: 0 copies an extent, -1 is what is left.
void importReshapeTo(NodeImporter &node, ArrayRef<AffineExpr> requested) {
  auto isOpen = [&](AffineExpr extent) { return node.getImporter().readsElements(extent); };
  if (!node.hasFailed() && llvm::any_of(requested, isOpen)) {
    setReshaped(node, resolveExtents(node, requested));
    return;
  }
  ArrayRef<AffineExpr> source = node.getDims(0);
  bool keepsZero = node.getFlag("allowzero");
  Dims target;
  AffineExpr others = node.extent(1);
  std::optional<size_t> inferred;
  for (auto [i, given] : llvm::enumerate(requested)) {
    AffineExpr extent = given;
    std::optional<int64_t> constant = constantDim(extent);
    if (constant == 0 && !keepsZero) {
      if (i >= source.size()) {
        node.error() << "copies extent " << i << " of an operand of rank " << source.size();
        return;
      }
      extent = source[i];
    } else if (constant == -1) {
      if (inferred) {
        node.error() << "infers more than one extent";
        return;
      }
      inferred = i;
      target.push_back(nullptr);
      continue;
    } else if (constant.value_or(0) < 0) {
      node.error() << "has the extent " << *constant;
      return;
    }
    target.push_back(extent);
    others = multiplyExtents(others, extent);
  }
  if (node.hasFailed())
    return;
  if (inferred) {
    AffineExpr total = normalizeExtent(elementCount(source, node.getContext()));
    std::optional<int64_t> totalCount = constantDim(total), otherCount = constantDim(others);
    if (otherCount == 0 || (totalCount && otherCount && *totalCount % *otherCount != 0)) {
      node.error() << "cannot infer an extent: " << (totalCount ? std::to_string(*totalCount) : "the operand's")
                   << " elements in rows of " << *otherCount;
      return;
    }
    target[*inferred] = normalizeExtent(divideExactly(total, others));
  }
  setReshaped(node, target);
}

void importReshapeAttribute(NodeImporter &node) {
  Dims shape;
  for (int64_t extent : node.getIntegers("shape").value_or(SmallVector<int64_t>()))
    shape.push_back(node.extent(extent));
  if (node.expectOperands(1, 1))
    importReshapeTo(node, shape);
}

void importReshape(NodeImporter &node) {
  if (!node.expectOperands(2, 2))
    return;
  if (std::optional<Dims> shape = node.getKnownExtents(1, "shape"))
    importReshapeTo(node, *shape);
}

void importFlatten(NodeImporter &node) {
  if (!node.expectOperands(1, 1))
    return;
  ArrayRef<AffineExpr> dims = node.getDims(0);
  int64_t axis = node.getInteger("axis", 1), rank = dims.size();
  if (axis < -rank || axis > rank) {
    node.error() << "axis " << axis << " is outside the " << rank << " dimensions";
    return;
  }
  axis = axis < 0 ? axis + rank : axis;
  setReshaped(node, {normalizeExtent(elementCount(dims.take_front(axis), node.getContext())),
                     normalizeExtent(elementCount(dims.drop_front(axis), node.getContext()))});
}

/// Axes come as an attribute before opset 13, then as an operand.
std::optional<SmallVector<int64_t>> getAxes(NodeImporter &node, int64_t rank) {
  std::optional<SmallVector<int64_t>> axes =
      node.getNumOperands() > 1 ? node.getKnownIntegers(1, "axes") : node.getIntegers("axes");
  if (!axes || node.hasFailed())
    return std::nullopt;
  axes = node.normalizeAxes(*axes, rank);
  return node.hasFailed() ? std::nullopt : axes;
}

/// Removes dimensions that only a run knows: a dimension of the result is the one that comes there when those are left
/// out.
void squeezeOpen(NodeImporter &node, ArrayRef<AffineExpr> axes) {
  Dims dims(node.getDims(0));
  int64_t rank = dims.size(), count = axes.size();
  if (count > rank) {
    node.error() << "removes " << count << " of " << rank << " dimensions";
    return;
  }
  AffineExpr one = node.extent(1);
  Dims chosen = findAxes(node, axes, rank), target(rank - count, node.extent(0));
  expectAxes(node, chosen, count);
  SmallVector<int64_t> removable;
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (constantDim(dims[dim]).value_or(1) == 1)
      removable.push_back(dim);
    if (constantDim(dims[dim]) != 1)
      node.expectInRun(ExtentRelation::Equal, chooseExtent(chosen[dim], dims[dim], one), one);
  }
  if (static_cast<int64_t>(removable.size()) <= count) {
    // There is one choice.
    target.clear();
    for (int64_t dim = 0; dim < rank; ++dim)
      if (!llvm::is_contained(removable, dim))
        target.push_back(dims[dim]);
    if (target.size() + count != dims.size()) {
      node.error() << "removes " << count << " dimensions, of which " << removable.size() << " have one element";
      return;
    }
    setReshaped(node, target);
    return;
  }
  AffineExpr next = node.extent(0);
  for (int64_t dim = 0; dim < rank; ++dim) {
    AffineExpr isKept = subtractExtents(one, chosen[dim]);
    for (auto [i, extent] : llvm::enumerate(target))
      if (static_cast<int64_t>(i) <= dim && dim <= static_cast<int64_t>(i) + count)
        extent = addExtents(extent,
                            multiplyExtents(multiplyExtents(isKept, isEqualExtent(next, node.extent(i))), dims[dim]));
    next = addExtents(next, isKept);
  }
  setReshaped(node, target);
}

void importSqueeze(NodeImporter &node) {
  if (!node.expectOperands(1, 2))
    return;
  if (node.getNumOperands() > 1)
    if (std::optional<Dims> open = getOpenAxes(node, 1)) {
      squeezeOpen(node, *open);
      return;
    }
  ArrayRef<AffineExpr> dims = node.getDims(0);
  std::optional<SmallVector<int64_t>> axes = getAxes(node, dims.size());
  Dims target;
  for (auto [i, extent] : llvm::enumerate(dims)) {
    bool isRemoved = axes ? llvm::is_contained(*axes, static_cast<int64_t>(i)) : constantDim(extent) == 1;
    if (isRemoved && constantDim(extent).value_or(1) != 1)
      node.error() << "removes dimension " << i << ", which has " << *constantDim(extent) << " elements";
    if (!isRemoved)
      target.push_back(extent);
    else if (!constantDim(extent))
      node.expectInRun(ExtentRelation::Equal, extent, node.extent(1));
  }
  if (node.hasFailed())
    return;
  setReshaped(node, target);
  // Which dimensions go where no axes are given would follow from the sizes of a run.
  for (AffineExpr extent : dims)
    if (!axes && !constantDim(extent)) {
      node.getImporter().noteKeptBySqueeze(extent);
      node.expectInRun(ExtentRelation::OtherThan, extent, node.extent(1));
    }
}

void importUnsqueeze(NodeImporter &node) {
  if (!node.expectOperands(1, 2))
    return;
  if (std::optional<Dims> axes = getOpenAxes(node, 1)) {
    int64_t rank = node.getRank(0) + static_cast<int64_t>(axes->size());
    Dims inserted = findAxes(node, *axes, rank), kept;
    for (AffineExpr isInserted : inserted)
      kept.push_back(subtractExtents(node.extent(1), isInserted));
    // What is not inserted is the operand's next dimension.
    Dims target;
    AffineExpr next = node.extent(0);
    for (int64_t dim = 0; dim < rank; ++dim) {
      AffineExpr extent = node.extent(0);
      for (auto [i, source] : llvm::enumerate(node.getDims(0)))
        extent = addExtents(extent, multiplyExtents(isEqualExtent(next, node.extent(i)), source));
      target.push_back(chooseExtent(inserted[dim], node.extent(1), extent));
      next = addExtents(next, kept[dim]);
    }
    setReshaped(node, target);
    return;
  }
  ArrayRef<AffineExpr> dims = node.getDims(0);
  std::optional<SmallVector<int64_t>> given =
      node.getNumOperands() > 1 ? node.getKnownIntegers(1, "axes") : node.getIntegers("axes");
  if (!given && !node.hasFailed())
    node.error() << "has no axes";
  if (node.hasFailed())
    return;
  int64_t rank = dims.size() + given->size();
  SmallVector<int64_t> axes = node.normalizeAxes(*given, rank);
  Dims target;
  for (int64_t i = 0, next = 0; i < rank && !node.hasFailed(); ++i)
    target.push_back(llvm::is_contained(axes, i) ? node.extent(1) : dims[next++]);
  if (!node.hasFailed())
    setReshaped(node, target);
}

/// The elements of a known value in another order, as the padding of the older exporters makes them.
void evaluateTranspose(NodeImporter &node) {
  const KnownValue &x = *node.getKnown(0);
  SmallVector<int64_t> permutation = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, x.rank())));
  if (auto given = node.getIntegers("perm"))
    permutation = *given;
  SmallVector<int64_t> shape, strides(x.rank(), 1);
  for (int64_t dim = x.rank() - 2; dim >= 0; --dim)
    strides[dim] = strides[dim + 1] * x.shape[dim + 1];
  for (int64_t &dim : permutation) {
    dim = node.normalizeAxis(dim, x.rank());
    shape.push_back(node.hasFailed() ? 0 : x.shape[dim]);
  }
  if (node.hasFailed() || shape.size() != x.shape.size())
    return;
  node.setKnown(0, pickElements(x, shape, [&](int64_t position) {
                  int64_t source = 0;
                  for (int64_t dim = static_cast<int64_t>(shape.size()) - 1; dim >= 0; --dim) {
                    source += position % shape[dim] * strides[permutation[dim]];
                    position /= shape[dim];
                  }
                  return source;
                }));
}

void importTranspose(NodeImporter &node) {
  if (!node.expectOperands(1, 1))
    return;
  int64_t rank = node.getRank(0);
  SmallVector<int64_t> permutation = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rank)));
  if (auto given = node.getIntegers("perm"))
    permutation = *given;
  for (int64_t &dim : permutation)
    dim = node.normalizeAxis(dim, rank);
  node.setResult(0, node.create<TransposeOp>(node.getOperand(0), node.integers(permutation)));
}

void importExpandTo(NodeImporter &node, ArrayRef<AffineExpr> target) {
  if (const KnownValue *known = node.getKnown(0))
    if (auto requested = getStaticShape(target))
      if (auto shape = broadcastShapes(known->shape, *requested);
          shape && countElements(*shape) <= KnownValue::maxElements &&
          llvm::all_of(*shape, [](int64_t d) { return d >= 0; })) {
        node.setKnown(
            0, pickElements(*known, *shape, [&](int64_t i) { return broadcastPosition(i, *shape, known->shape); }));
        return;
      }
  for (AffineExpr extent : target)
    if (getExtentRange(extent).high < 0) {
      node.error() << "has the extent " << *constantDim(extent);
      return;
    }
  node.setResult(0, expandOpenExtents(node, node.getOperand(0), Dims(target)));
}

void importExpand(NodeImporter &node) {
  if (!node.expectOperands(2, 2))
    return;
  std::optional<Dims> shape = node.getKnownExtents(1, "shape");
  if (!shape)
    return;
  // An extent that is 1 in a run leaves the operand's.
  ArrayRef<AffineExpr> source = node.getDims(0);
  for (size_t i = 1; i <= std::min(shape->size(), source.size()); ++i) {
    AffineExpr &extent = (*shape)[shape->size() - i], own = source[source.size() - i];
    if (constantDim(own) == 1 || constantDim(extent))
      continue;
    if (ExtentRange range = getExtentRange(extent); range.low == 0 && range.high == 1)
      extent = multiplyExtents(extent, own); // of `x[:1]`, say
  }
  importExpandTo(node, *shape);
}

/// Repeats that depend on extents: dimension n becomes 1 x n, expanded to r x n, which is one dimension again.
void setSymbolicTile(NodeImporter &node, ArrayRef<AffineExpr> repeats) {
  ArrayRef<AffineExpr> dims = node.getDims(0);
  if (repeats.size() != dims.size()) {
    node.error() << "repeats " << repeats.size() << " dimensions of an operand of rank " << dims.size();
    return;
  }
  Dims apart, expanded, whole;
  for (auto [extent, repeat] : llvm::zip(dims, repeats)) {
    AffineExpr times = atLeastZero(repeat);
    if (constantDim(times) != 1 && constantDim(extent) != 1) {
      apart.push_back(node.extent(1));
      expanded.push_back(times);
    }
    apart.push_back(extent);
    expanded.push_back(constantDim(extent) == 1 ? times : extent);
    whole.push_back(multiplyExtents(times, extent));
  }
  Value x = node.reshape(node.getOperand(0), apart);
  node.setResult(0, node.reshape(node.expand(x, expanded), whole));
}

void importTile(NodeImporter &node) {
  if (!node.expectOperands(2, 3))
    return;
  if (std::optional<Dims> repeats = node.getNumOperands() == 2 ? getOpenAxes(node, 1) : std::nullopt) {
    setSymbolicTile(node, *repeats);
    return;
  }
  auto repeats = node.getKnownIntegers(1, "repeats");
  if (repeats && node.getNumOperands() == 3) { // opset 1: how often, along which axis
    auto axis = node.getKnownIntegers(2, "axis");
    if (!axis || axis->size() != 1 || repeats->size() != 1)
      return;
    SmallVector<int64_t> all(node.getRank(0), 1);
    if (int64_t dim = node.normalizeAxis(axis->front(), all.size()); !node.hasFailed())
      all[dim] = repeats->front();
    repeats = all;
  }
  if (repeats)
    for (int64_t &repeat : *repeats)
      if (repeat < 0 || repeat > INT32_MAX) {
        node.error() << "repeats " << repeat << " times";
        return;
      }
  if (!repeats)
    return;
  // Where an extent is open, an index into a repeated dimension would be a division for each element.
  ArrayRef<AffineExpr> dims = node.getDims(0);
  bool isOpen = repeats->size() == dims.size() && llvm::any_of(llvm::zip(*repeats, dims), [](auto each) {
                  auto [repeat, dim] = each;
                  return repeat != 1 && !constantDim(dim);
                });
  if (!isOpen) {
    node.setResult(0, node.create<TileOp>(node.getOperand(0), node.integers(*repeats)));
    return;
  }
  Dims open;
  for (int64_t repeat : *repeats)
    open.push_back(node.extent(repeat));
  setSymbolicTile(node, open);
}

/// Splits channels into blocks of b x b and moves these between channels and the spatial dimensions.
void importDepthToSpace(NodeImporter &node) {
  if (!node.expectOperands(1, 1))
    return;
  ArrayRef<AffineExpr> dims = node.getDims(0);
  int64_t block = node.getInteger("blocksize", 0);
  std::string mode = node.getString("mode", "DCR");
  if (dims.size() != 4 || block < 1 || block > INT16_MAX || constantDim(dims[1]).value_or(0) % (block * block) != 0 ||
      (mode != "DCR" && mode != "CRD")) {
    node.error() << "expects a tensor of rank 4 whose channels are a multiple of the squared positive 'blocksize', and "
                    "mode DCR or CRD";
    return;
  }
  AffineExpr b = node.extent(block), depth = divideExtents(dims[1], node.extent(block * block));
  bool isDepthFirst = mode == "DCR";
  Value split = node.reshape(node.getOperand(0), isDepthFirst ? Dims{dims[0], b, b, depth, dims[2], dims[3]}
                                                              : Dims{dims[0], depth, b, b, dims[2], dims[3]});
  Value moved = node.create<TransposeOp>(
      split, node.integers(isDepthFirst ? ArrayRef<int64_t>{0, 3, 4, 1, 5, 2} : ArrayRef<int64_t>{0, 1, 4, 2, 5, 3}));
  node.setResult(0, node.reshape(moved, {dims[0], depth, multiplyExtents(dims[2], b), multiplyExtents(dims[3], b)}));
}

void importSpaceToDepth(NodeImporter &node) {
  if (!node.expectOperands(1, 1))
    return;
  ArrayRef<AffineExpr> dims = node.getDims(0);
  int64_t block = node.getInteger("blocksize", 0);
  std::string mode = node.getString("mode", "DCR"); // since opset 28
  bool isDepthFirst = mode == "DCR";
  auto dividesSpatial = [&](AffineExpr extent) { return !constantDim(extent) || *constantDim(extent) % block == 0; };
  if (block < 1 || block > INT16_MAX || dims.size() != 4 || !dividesSpatial(dims[2]) || !dividesSpatial(dims[3]) ||
      (!isDepthFirst && mode != "CRD")) {
    node.error() << "expects a tensor of rank 4 whose height and width are multiples of the positive 'blocksize', "
                    "and mode DCR or CRD";
    return;
  }
  AffineExpr b = node.extent(block), rows = divideExtents(dims[2], b), columns = divideExtents(dims[3], b);
  Value split = node.reshape(node.getOperand(0), {dims[0], dims[1], rows, b, columns, b});
  Value moved = node.create<TransposeOp>(
      split, node.integers(isDepthFirst ? ArrayRef<int64_t>{0, 3, 5, 1, 2, 4} : ArrayRef<int64_t>{0, 1, 3, 5, 2, 4}));
  node.setResult(0,
                 node.reshape(moved, {dims[0], multiplyExtents(dims[1], node.extent(block * block)), rows, columns}));
}

} // namespace

void registerMovement(OpRegistry &registry) {
  registry.add("Reshape", 1, importReshapeAttribute);
  registry.add("Reshape", 5, importReshape);
  registry.add("Flatten", 1, importFlatten);
  registry.add("Squeeze", 1, importSqueeze);
  registry.add("Unsqueeze", 1, importUnsqueeze);
  registry.add("Transpose", 1, importTranspose);
  registry.addEvaluator("Transpose", 1, evaluateTranspose);
  registry.add("Expand", 8, importExpand);
  registry.add("Tile", 1, importTile);
  registry.add("DepthToSpace", 1, importDepthToSpace);
  registry.add("SpaceToDepth", 1, importSpaceToDepth);
}

} // namespace dlc::onnx_import
