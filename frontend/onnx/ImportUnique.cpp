// SPDX-License-Identifier: Apache-2.0
// Unique: the elements, or slices, that differ. They are sorted, so that equal ones are neighbours, and those that
// differ from the one before are found. The sort is stable: the first of equal ones is the one that comes first.
#include "frontend/onnx/FoundPositions.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/ExtentAlgebra.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsComparison.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLogic.h"
#include "ir/OpsReduction.h"
#include "ir/OpsSelection.h"
#include "ir/OpsTransposition.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// Finds what is unique among rows, [A, R], or elements, [A].
class UniqueRows {
public:
  UniqueRows(NodeImporter &node, Value rows) : node(node), rows(rows), i64(node.getBuilder().getI64Type()) {}

  /// Leaves `values`, `indices`, `inverse` and `counts`; nothing after an error.
  void find(bool isSorted) {
    Value order = sort();
    Value sorted = gather(rows, order), starts = findTrue(node, differsFromPrevious(sorted));
    if (node.hasFailed())
      return;
    AffineExpr all = node.getDims(rows)[0], found = node.getDims(starts)[0];
    // Where the group of each row is among the groups.
    Value group = node.subtract(node.create<RunningCountOp>(isNew), number(1));
    indices = gather(order, starts);
    values = gather(sorted, starts);
    Value each = node.countTo(found), next = node.add(each, number(1));
    Value last = node.createInteger(i64, subtractExtents(found, node.extent(1)));
    Value end = node.create<WhereOp>(node.create<LessOp>(each, last), gather(starts, node.create<MinOp>(next, last)),
                                     node.createInteger(i64, all));
    counts = node.subtract(end, starts);
    inverse = permute(order, group);
    if (isSorted)
      return;
    Value byIndex = node.create<TopKIndicesOp>(indices, node.integer(-1), node.integer(0), node.flag(true));
    inverse = gather(permute(byIndex, each), inverse);
    for (Value *result : {&values, &indices, &counts})
      *result = gather(*result, byIndex);
  }

  Value values, indices, inverse, counts;

private:
  Value number(double value) { return node.createScalar(i64, value); }
  Value gather(Value from, Value positions) { return node.create<GatherOp>(from, positions, node.integer(0)); }
  /// A vector with `elements[i]` at `positions[i]`, which are all of its positions.
  Value permute(Value positions, Value elements) {
    return node.create<ScatterAddOp>(positions, positions, elements, node.integer(0));
  }
  Value sortOnce(Value keys) {
    return node.create<TopKIndicesOp>(keys, node.integer(-1), node.integer(0), node.flag(true));
  }

  /// The rows' positions in their order: by the first element, then the second, and so on.
  Value sort() {
    if (node.hasFailed() || node.getDims(rows).size() == 1)
      return sortOnce(rows);
    // By the last element first: a stable sort leaves the order of those that are equal in an earlier one.
    ImportState &importer = node.getImporter();
    Dims positions{node.getDims(rows)[0]};
    Value columns = node.create<TransposeOp>(rows, node.integers({1, 0}));
    Value unsorted = node.create<IndexOp>(rows, node.integer(0));
    if (node.hasFailed())
      return {};
    LoopBuilder loop(node.getBuilder(), node.getLocation(), unsorted, columns, /*isReverse=*/true);
    Value order = loop.getLoopCarried(0), column = loop.getScanSlice(0);
    importer.setDims(order, positions);
    importer.setDims(column, positions);
    Value next = gather(order, sortOnce(gather(column, order)));
    if (node.hasFailed()) {
      loop.goOutside();
      return {};
    }
    auto results = loop.finish(next, {});
    importer.setDims(results[0], positions);
    return results[0];
  }

  /// Sets `isNew`: which of the sorted rows is not equal to the one before. All NaN are equal here.
  Value differsFromPrevious(Value sorted) {
    if (node.hasFailed())
      return {};
    Value each = node.create<IndexOp>(sorted, node.integer(0));
    Value previous = gather(sorted, node.create<MaxOp>(node.subtract(each, number(1)), number(0)));
    Value same = node.create<EqualOp>(sorted, previous);
    if (!node.hasFailed() && llvm::isa<FloatType>(getElementTypeOrSelf(sorted)))
      same = node.create<OrOp>(same, node.create<AndOp>(node.create<IsNanOp>(sorted), node.create<IsNanOp>(previous)));
    Value differs = node.create<NotOp>(same);
    if (!node.hasFailed() && node.getDims(sorted).size() == 2)
      differs = node.create<ReduceOp>(ReductionKind::Max, differs, ArrayRef<int64_t>{1}, /*keep_dims=*/false);
    return isNew = node.create<OrOp>(differs, node.create<EqualOp>(each, number(0)));
  }

  NodeImporter &node;
  Value rows, isNew;
  Type i64;
};

void importUnique(NodeImporter &node) {
  if (!node.expectOperands(1, 1))
    return;
  Value x = node.getOperand(0);
  if (!node.hasAttribute("axis")) {
    UniqueRows unique(node, flatten(node, x));
    unique.find(node.getFlag("sorted", true));
    Value results[] = {unique.values, unique.indices, unique.inverse, unique.counts};
    for (auto [i, value] : llvm::enumerate(results))
      node.setResult(static_cast<int64_t>(i), value);
    return;
  }
  int64_t rank = node.getRank(0), axis = node.normalizeAxis(node.getInteger("axis", 0), rank);
  if (node.hasFailed())
    return;
  SmallVector<int64_t> permutation{axis}, inverse;
  Dims slice;
  for (int64_t dim = 0; dim < rank; ++dim) {
    inverse.push_back(dim < axis ? dim + 1 : dim == axis ? 0 : dim);
    if (dim == axis)
      continue;
    permutation.push_back(dim);
    slice.push_back(node.getDims(0)[dim]);
  }
  Dims rows{node.getDims(0)[axis]};
  if (rank > 1)
    rows.push_back(elementCount(slice, node.getContext()));
  UniqueRows unique(node, node.reshape(node.create<TransposeOp>(x, node.integers(permutation)), rows));
  unique.find(node.getFlag("sorted", true));
  if (node.hasFailed())
    return;
  Dims dims{node.getDims(unique.values)[0]};
  llvm::append_range(dims, slice);
  node.setResult(0, node.create<TransposeOp>(node.reshape(unique.values, dims), node.integers(inverse)));
  Value others[] = {unique.indices, unique.inverse, unique.counts};
  for (auto [i, value] : llvm::enumerate(others))
    node.setResult(static_cast<int64_t>(i) + 1, value);
}

} // namespace

void registerUnique(OpRegistry &registry) { registry.add("Unique", 11, importUnique); }

} // namespace dlc::onnx_import
