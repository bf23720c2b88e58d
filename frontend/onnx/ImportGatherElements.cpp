// SPDX-License-Identifier: Apache-2.0
// GatherElements: every element of the result is chosen by an index of its own.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsLogic.h"
#include "ir/OpsMovement.h"
#include "ir/OpsShape.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// A gather from the tensor as one row: the offset of an element is that of its index, in the dimension `axis` replaced
/// by the index itself. An index outside is moved to the nearest element, as `dlc.gather` does it.
void importGatherElements(NodeImporter &node) {
  if (!node.expectOperands(2, 2) || !expectElements(node, 1, ElementClass::Integer))
    return;
  int64_t rank = node.getRank(0), axis = node.normalizeAxis(node.getInteger("axis", 0), rank);
  if (int64_t own = node.getRank(1); !node.hasFailed() && own != rank)
    node.error() << "expects indices of the operand's rank " << rank << ", got rank " << own;
  Type i64 = node.getBuilder().getI64Type();
  Value x = node.getOperand(0), indices = node.cast(node.getOperand(1), i64);
  auto count = [&](ArrayRef<int64_t> dims) {
    return node.create<ExtentOp>(x, node.integers(dims), TypeAttr::get(i64));
  };
  Value zero = node.createScalar(i64, 0), place = zero;
  for (int64_t dim = 0; dim < rank && !node.hasFailed(); ++dim) {
    Value along;
    if (dim == axis) {
      Value extent = count({dim}), fromEnd = node.create<AddOp>(indices, extent);
      along = node.create<WhereOp>(node.create<LessOp>(indices, zero), fromEnd, indices);
      Value last = node.create<SubOp>(extent, node.createScalar(i64, 1));
      along = node.create<MaxOp>(node.create<MinOp>(along, last), zero);
    } else {
      Dims units(rank - dim, node.extent(1));
      units.front() = node.getDims(1)[dim];
      along = node.reshape(node.create<IndexOp>(indices, node.integer(dim)), units);
    }
    auto inner = llvm::to_vector(llvm::seq<int64_t>(dim + 1, rank));
    place = node.create<AddOp>(place, inner.empty() ? along : node.create<MulOp>(along, count(inner)));
  }
  Value row = node.create<ReshapeOp>(x, node.integers({-1}));
  node.setResult(0, node.create<GatherOp>(row, place, node.integer(0)));
}

} // namespace

void registerGatherElements(OpRegistry &registry) { registry.add("GatherElements", 11, importGatherElements); }

} // namespace dlc::onnx_import
