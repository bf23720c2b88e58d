// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/LoopSteps.h"
#include "frontend/onnx/LoopCounter.h"
#include "frontend/onnx/TensorFormula.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsLogic.h"
#include <limits>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// As many steps as there are where nothing limits them.
constexpr int64_t unlimited = std::numeric_limits<int64_t>::max();

/// Lets the loop have `extent` steps.
void takeExtent(NodeImporter &node, LoopSteps &steps, AffineExpr extent) {
  steps.count.reset();
  steps.extent = normalizeExtent(extent);
  steps.scanInput = node.countTo(steps.extent);
}

/// Lets the loop have as many steps as its limit, or none where its condition does not hold before the first step: the
/// run reads the number when it is computed.
void readSteps(NodeImporter &node, LoopSteps &steps, bool starts) {
  Term limit(node, steps.limit), none = limit.number(0);
  limit = limit.max(none).min(limit.number(std::numeric_limits<int32_t>::max()));
  if (!starts)
    limit = Term(node, node.reshape(node.getOperand(1), {})).choose(limit, none);
  AffineExpr count = node.readBack(limit, steps.extent);
  steps.limit = {};
  if (count)
    takeExtent(node, steps, count);
}

} // namespace

std::optional<int64_t> getConstantOperand(NodeImporter &node, int64_t i) {
  const KnownValue *known = node.getKnown(i);
  if (!known || !known->isConstant())
    return std::nullopt;
  return static_cast<int64_t>(constantDim(known->elements.front().expression).value_or(0));
}

bool isInGraph(NodeImporter &node) {
  return llvm::isa<mlir::func::FuncOp>(node.getBuilder().getInsertionBlock()->getParentOp());
}

LoopSteps countSteps(NodeImporter &node, const onnx::GraphProto &body, ArrayRef<Tensor *> loopCarried,
                     bool needsExtent) {
  LoopSteps steps{unlimited, {}, {}, {}};
  Builder &builder = node.getBuilder();
  std::optional<int64_t> most = node.hasOperand(0) ? getConstantOperand(node, 0) : unlimited,
                         starts = node.hasOperand(1) ? getConstantOperand(node, 1) : 1;
  // Elements that a run reads before it starts are at most 2^31 - 1, so they are asked for where extents depend on
  // them.
  const KnownValue *followed = most || !node.hasOperand(0) ? nullptr
                               : needsExtent               ? node.followOperand(0)
                                                           : node.getKnown(0);
  if (most) {
    steps.count = std::max<int64_t>(*most, 0);
    steps.extent = *most <= INT32_MAX ? node.extent(*steps.count) : AffineExpr();
  } else if (followed && followed->elements.front().expression) {
    takeExtent(node, steps, atLeastZero(followed->elements.front().expression));
  } else {
    steps.limit = node.cast(node.reshape(node.getOperand(0), {}), builder.getI64Type());
  }
  if (needsExtent && !steps.extent && !steps.limit)
    if (AffineExpr bound = boundByCounter(node, body, loopCarried))
      takeExtent(node, steps, bound);
  if (starts == 0) {
    steps = {0, {}, {}, node.extent(0)};
  } else if (needsExtent && node.hasOperand(0) && !steps.extent && isInGraph(node)) {
    readSteps(node, steps, starts == 1);
  } else if (!starts) {
    const KnownValue *condition = steps.extent && needsExtent ? node.followOperand(1) : node.getKnown(1);
    if (condition && condition->elements.front().expression && steps.extent) {
      steps.scanInput = {};
      takeExtent(node, steps, multiplyExtents(condition->elements.front().expression, steps.extent));
    } else if (needsExtent && steps.extent && isInGraph(node)) {
      steps.limit = node.createInteger(builder.getI64Type(), steps.extent);
      readSteps(node, steps, /*starts=*/false);
    } else {
      Value holds = node.reshape(node.getOperand(1), {});
      Value all = steps.limit ? steps.limit : node.createInteger(builder.getI64Type(), node.extent(unlimited));
      steps.limit = node.create<WhereOp>(holds, all, node.createInteger(builder.getI64Type(), node.extent(0)));
      steps.extent = {};
    }
  }
  return steps;
}

} // namespace dlc::onnx_import
