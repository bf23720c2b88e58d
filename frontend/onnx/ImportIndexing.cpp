// SPDX-License-Identifier: Apache-2.0
// Ops that choose elements by indices into several dimensions, or by comparing indices with numbers.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/IndexArithmetic.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/OpenAxes.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsComparison.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLogic.h"
#include "ir/OpsShape.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

void importGatherND(NodeImporter &node) {
  if (!node.expectOperands(2, 2))
    return;
  std::optional<FlatIndices> flat = flattenTupleIndices(node, node.getInteger("batch_dims", 0));
  if (!flat)
    return;
  node.setResult(0, node.create<GatherOp>(flat->rows, flat->positions, node.integer(0)));
}

/// Every element of the result is chosen by an index of its own.
void importGatherElements(NodeImporter &node) {
  if (!node.expectOperands(2, 2))
    return;
  if (std::optional<FlatIndices> flat = flattenElementIndices(node, node.getInteger("axis", 0)))
    node.setResult(0, node.create<GatherOp>(flat->rows, flat->positions, node.integer(0)));
}

void importReverseSequence(NodeImporter &node) {
  if (!node.expectOperands(2, 2) || !expectElements(node, 1, ElementClass::Integer))
    return;
  int64_t batch = node.getInteger("batch_axis", 1), time = node.getInteger("time_axis", 0);
  if (batch == time || batch < 0 || time < 0 || batch > 1 || time > 1 || node.getRank(0) < 2 || node.getRank(1) != 1) {
    if (!node.hasFailed())
      node.error() << "expects a batch axis and a time axis that are 0 and 1 of an operand of rank 2 or more, and "
                      "lengths of rank 1";
    return;
  }
  Value x = node.getOperand(0);
  Type i64 = node.getBuilder().getI64Type();
  Value step = numberAlong(node, x, time, 2), row = numberAlong(node, x, batch, 2);
  Dims perRow{node.extent(1), node.extent(1)};
  perRow[batch] = node.getDims(0)[batch];
  Value lengths = node.reshape(node.cast(node.getOperand(1), i64), perRow);
  Value mirrored = node.subtract(node.subtract(lengths, step), node.createScalar(i64, 1));
  Value source = node.create<WhereOp>(node.create<LessOp>(step, lengths), mirrored, step);
  Value first = batch == 0 ? row : source, second = batch == 0 ? source : row;
  Value width = node.create<ExtentOp>(x, node.integers({1}), TypeAttr::get(i64));
  Value positions = node.add(node.multiply(first, width), second);
  node.setResult(0, node.create<GatherOp>(mergeLeadingDims(node, x, 2), positions, node.integer(0)));
}

void importOneHot(NodeImporter &node) {
  if (!node.expectOperands(3, 3) || !expectElements(node, 0, ElementClass::Number))
    return;
  std::optional<Dims> open = getOpenAxes(node, 1);
  if (const KnownValue *known = node.followOperand(1);
      !open && llvm::isa_and_nonnull<FloatType>(node.getElementType(1)) && (!known || !known->isConstant())) {
    // A number of classes between integers is rounded toward 0.
    AffineExpr count = node.readBack(node.cast(node.reshape(node.getOperand(1), {}), node.getBuilder().getI64Type()));
    if (!count)
      return;
    open = Dims{count};
  }
  std::optional<SmallVector<double>> depth = open ? std::nullopt : node.getKnownReals(1, "depth");
  if (!open && !depth)
    return;
  bool fits = open ? open->size() == 1 : depth->size() == 1 && depth->front() >= 0 && depth->front() <= INT32_MAX;
  if (!fits || node.getRank(2) != 1 || constantDim(node.getDims(2)[0]) != 2) {
    node.error() << "expects one depth between 0 and 2147483647 and two values";
    return;
  }
  if (open && getExtentRange(open->front()).low < 0)
    node.expectInRun(ExtentRelation::AtLeast, open->front(), node.extent(0));
  AffineExpr size = open ? atLeastZero(open->front()) : node.extent(static_cast<int64_t>(depth->front()));
  int64_t rank = node.getRank(0), axis = node.normalizeAxis(node.getInteger("axis", -1), rank + 1);
  if (node.hasFailed())
    return;
  Type i64 = node.getBuilder().getI64Type();
  Dims dims(node.getDims(0)), along(rank + 1, node.extent(1));
  dims.insert(dims.begin() + axis, node.extent(1));
  along[axis] = size;
  Value indices = node.reshape(node.cast(node.getOperand(0), i64), dims);
  Value classes = node.reshape(node.countTo(size), along);
  // A negative index counts from the end; what is outside matches no class.
  Value fromEnd = node.add(indices, node.createInteger(i64, size));
  Value isIt = node.create<OrOp>(node.create<EqualOp>(indices, classes), node.create<EqualOp>(fromEnd, classes));
  auto value = [&](int64_t number) {
    return node.create<GatherOp>(node.getOperand(2), node.createScalar(i64, static_cast<double>(number)),
                                 node.integer(0));
  };
  node.setResult(0, node.create<WhereOp>(isIt, value(1), value(0)));
}

void importTrilu(NodeImporter &node) {
  if (!node.expectOperands(1, 2) || (node.hasOperand(1) && !expectElements(node, 1, ElementClass::Integer)))
    return;
  if (node.getRank(0) < 2) {
    node.error() << "expects an operand of rank 2 or more, got rank " << node.getRank(0);
    return;
  }
  Type i64 = node.getBuilder().getI64Type();
  int64_t rank = node.getRank(0);
  Value rows = numberAlong(node, node.getOperand(0), rank - 2, rank),
        columns = numberAlong(node, node.getOperand(0), rank - 1, rank), offset = node.subtract(columns, rows);
  Value diagonal = node.createScalar(i64, 0);
  if (node.hasOperand(1))
    diagonal = node.create<ReshapeOp>(node.cast(node.getOperand(1), i64), node.integers({}));
  Value isKept = node.getFlag("upper", true) ? node.create<GreaterOrEqualOp>(offset, diagonal)
                                             : node.create<LessOrEqualOp>(offset, diagonal);
  node.setResult(0, node.create<WhereOp>(isKept, node.getOperand(0), node.createScalar(node.getElementType(0), 0)));
}

void importEyeLike(NodeImporter &node) {
  if (!node.expectOperands(1, 1))
    return;
  if (node.getRank(0) != 2) {
    node.error() << "expects an operand of rank 2, got rank " << node.getRank(0);
    return;
  }
  Type i64 = node.getBuilder().getI64Type(), type = node.getTypeAttribute("dtype", node.getElementType(0));
  Value rows = numberAlong(node, node.getOperand(0), 0, 2), columns = numberAlong(node, node.getOperand(0), 1, 2);
  Value shift = node.createScalar(i64, static_cast<double>(node.getInteger("k", 0)));
  node.setResult(0, node.cast(node.create<EqualOp>(columns, node.add(rows, shift)), type));
}

} // namespace

void registerIndexing(OpRegistry &registry) {
  registry.add("GatherElements", 11, importGatherElements);
  registry.add("GatherND", 11, importGatherND);
  registry.add("ReverseSequence", 10, importReverseSequence);
  registry.add("OneHot", 9, importOneHot);
  registry.add("Trilu", 14, importTrilu);
  registry.add("EyeLike", 9, importEyeLike);
}

} // namespace dlc::onnx_import
