// SPDX-License-Identifier: Apache-2.0
// Non-maximum suppression: a loop in which every class of every image takes its best box that is left, and gives up the
// boxes that overlap it; then what has been taken is found.
#include "frontend/onnx/FoundPositions.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/IndexArithmetic.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/ExtentAlgebra.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsComparison.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLogic.h"
#include "ir/OpsMovement.h"
#include "ir/OpsReduction.h"
#include "ir/OpsTransposition.h"
#include <limits>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

class Suppression {
public:
  explicit Suppression(NodeImporter &node)
      : node(node), boxes(node.getOperand(0)), scores(node.getOperand(1)), type(node.getElementType(0)),
        i64(node.getBuilder().getI64Type()) {}

  void import() {
    if (node.hasFailed())
      return;
    batch = node.getDims(0)[0];
    count = node.getDims(0)[1];
    classes = node.getDims(1)[1];
    AffineExpr steps = count;
    Value most;
    if (const KnownValue *known = node.followOperand(2); known && known->elements.size() == 1)
      steps = minimumExtent(atLeastZero(known->elements[0].expression), count);
    else if (node.hasOperand(2))
      most = getNumber(2, i64);
    else
      steps = node.extent(0);
    if (constantDim(steps) == 0) {
      node.setResult(0, node.createFilled(i64, {0, 3}, 0));
      return;
    }
    findCorners(node.getFlag("center_point_box"));
    takeBest(steps, most);
    if (node.hasFailed())
      return;
    // In the order of images, classes, and steps.
    Value positions = findTrue(node, node.create<TransposeOp>(isTaken, node.integers({1, 2, 0})));
    Value boxOf = flatten(node, node.create<TransposeOp>(taken, node.integers({1, 2, 0})));
    if (node.hasFailed())
      return;
    AffineExpr one = node.extent(1);
    Dims column{node.getDims(positions)[0], one};
    Value perClass = node.createInteger(i64, maximumExtent(steps, one)),
          classCount = node.createInteger(i64, maximumExtent(classes, one)),
          perImage = node.createInteger(i64, maximumExtent(multiplyExtents(classes, steps), one));
    SmallVector<Value> columns{node.divide(positions, perImage),
                               node.create<ModOp>(node.divide(positions, perClass), classCount, /*fmod=*/false),
                               node.create<GatherOp>(boxOf, positions, node.integer(0))};
    for (Value &value : columns)
      value = node.reshape(value, column);
    node.setResult(0, node.create<ConcatOp>(ValueRange(columns), node.integer(1)));
  }

private:
  /// One side, or the area, of every box: [image, 1, box], and as a vector.
  struct Measure {
    Value all, flat;
  };

  /// Operand `i`, of one element, as a scalar.
  Value getNumber(int64_t i, Type elementType) { return node.cast(node.reshape(node.getOperand(i), {}), elementType); }

  Measure measure(Value value) { return {node.reshape(value, {batch, node.extent(1), count}), flatten(node, value)}; }

  void findCorners(bool isCentered) {
    SmallVector<Value> column;
    for (int64_t i = 0; i < 4; ++i)
      column.push_back(node.reshape(node.sliceAlong(boxes, 2, i, 1), {batch, count}));
    Value sides[2];
    for (int64_t dim : {0, 1}) {
      Value first = column[dim], second = column[dim + 2], lowest, highest;
      if (isCentered) {
        Value half = node.multiply(second, node.createScalar(type, 0.5));
        lowest = node.subtract(first, half);
        highest = node.add(first, half);
      } else {
        lowest = node.create<MinOp>(first, second);
        highest = node.create<MaxOp>(first, second);
      }
      low[dim] = measure(lowest);
      high[dim] = measure(highest);
      sides[dim] = node.subtract(highest, lowest);
    }
    area = measure(node.multiply(sides[0], sides[1]));
  }

  /// Runs the loop; sets `taken`, the box that each class of each image takes in each step, and `isTaken`, whether
  /// there was one: both are [step, image, class].
  void takeBest(AffineExpr steps, Value most) {
    AffineExpr one = node.extent(1);
    Dims perBox{batch, classes, count}, perClass{batch, classes};
    // A score that is not a number is none.
    Value isLeft = node.create<EqualOp>(scores, scores);
    if (node.hasOperand(4))
      isLeft = node.create<AndOp>(isLeft, node.create<GreaterOp>(scores, getNumber(4, type)));
    Value limit = node.hasOperand(3) ? getNumber(3, type) : node.createScalar(type, 0);
    // What is gone is worse than the worst that is left.
    Value finite = node.create<MaxOp>(scores, node.createScalar(type, std::numeric_limits<float>::lowest()));
    Value none = node.createScalar(type, -std::numeric_limits<double>::infinity()), zero = node.createScalar(type, 0);
    Value each = numberAlong(node, boxes, 1, 2, 3);
    Value first = node.multiply(numberAlong(node, boxes, 0, 0, 2), node.createInteger(i64, count));
    std::optional<int64_t> tripCount = constantDim(steps);
    Value scanInput = tripCount ? Value() : node.countTo(steps);
    if (node.hasFailed())
      return;

    ImportState &importer = node.getImporter();
    LoopBuilder loop(node.getBuilder(), node.getLocation(), isLeft, scanInput ? ValueRange(scanInput) : ValueRange(),
                     /*isReverse=*/false, tripCount);
    Value left = loop.getLoopCarried(0), step = loop.getStep();
    importer.setDims(left, perBox);
    importer.setDims(step, {});
    if (scanInput)
      importer.setDims(loop.getScanSlice(0), {});
    Value best = node.create<ArgExtremeOp>(node.create<WhereOp>(left, finite, none), node.integer(2), node.flag(false),
                                           node.flag(false), node.flag(false));
    Value isThere = node.create<ReduceOp>(ReductionKind::Max, left, ArrayRef<int64_t>{2}, /*keep_dims=*/false);
    if (most)
      isThere = node.create<AndOp>(isThere, node.create<LessOp>(step, most));
    Value row = node.add(best, first);
    Dims perClassAndOne{batch, classes, one};
    auto own = [&](const Measure &value) {
      return node.reshape(node.create<GatherOp>(value.flat, row, node.integer(0)), perClassAndOne);
    };
    auto isPositive = [&](Value value) { return node.create<GreaterOp>(value, zero); };
    auto both = [&](Value a, Value b) { return node.create<AndOp>(a, b); };
    Value sides[2];
    for (int64_t dim : {0, 1})
      sides[dim] = node.subtract(node.create<MinOp>(high[dim].all, own(high[dim])),
                                 node.create<MaxOp>(low[dim].all, own(low[dim])));
    Value common = node.multiply(sides[0], sides[1]), ownArea = own(area);
    Value together = node.subtract(node.add(area.all, ownArea), common);
    Value overlaps = both(both(isPositive(sides[0]), isPositive(sides[1])),
                          both(both(isPositive(area.all), isPositive(ownArea)), isPositive(together)));
    overlaps = both(overlaps, node.create<GreaterOp>(node.divide(common, together), limit));
    Value isBest = node.create<EqualOp>(each, node.reshape(best, perClassAndOne));
    Value next = both(left, node.create<NotOp>(node.create<OrOp>(overlaps, isBest)));
    Value isAnyLeft = node.create<ReduceOp>(ReductionKind::Max, next, ArrayRef<int64_t>{0, 1, 2}, /*keep_dims=*/false);
    Value stop = node.create<NotOp>(isAnyLeft);
    if (node.hasFailed()) {
      loop.goOutside();
      return;
    }
    auto results = loop.finish(next, {best, isThere}, stop);
    importer.setDims(results[0], perBox);
    Dims perStep{steps, batch, classes};
    importer.setDims(taken = results[1], perStep);
    importer.setDims(isTaken = results[2], perStep);
    importer.setDims(results[3], {});
  }

  NodeImporter &node;
  Value boxes, scores, taken, isTaken;
  Type type, i64;
  AffineExpr batch, classes, count; ///< images, classes, boxes
  Measure low[2], high[2], area;
};

void importNonMaxSuppression(NodeImporter &node) {
  if (!node.expectOperands(2, 5))
    return;
  for (int64_t i : {0, 1})
    if (!expectElements(node, i, ElementClass::Real))
      return;
  if (node.hasOperand(2) && !expectElements(node, 2, ElementClass::Integer))
    return;
  bool fits = node.getRank(0) == 3 && node.getRank(1) == 3 && node.getElementType(0) == node.getElementType(1) &&
              mayBeEqual(node.getDims(0)[0], node.getDims(1)[0]) &&
              mayBeEqual(node.getDims(0)[1], node.getDims(1)[2]) && mayBeEqual(node.getDims(0)[2], node.extent(4));
  if (!fits) {
    node.error() << "expects boxes [images, boxes, 4] and scores [images, classes, boxes]";
    return;
  }
  Suppression(node).import();
}

} // namespace

void registerSuppression(OpRegistry &registry) { registry.add("NonMaxSuppression", 10, importNonMaxSuppression); }

} // namespace dlc::onnx_import
