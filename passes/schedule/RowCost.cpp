// SPDX-License-Identifier: Apache-2.0
#include "passes/schedule/RowCost.h"
#include "ir/Layout.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsMovement.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsReduction.h"
#include "ir/OpsSelection.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;

namespace dlc {

static double countElements(Type type) {
  double count = 1;
  for (int64_t extent : llvm::cast<RankedTensorType>(type).getShape())
    count *= ShapedType::isDynamic(extent) ? 1 : static_cast<double>(extent);
  return count;
}

static double countBytes(Type type) {
  return countElements(type) *
         static_cast<double>(getElementBytes(llvm::cast<RankedTensorType>(type).getElementType()));
}

/// Nanoseconds an element of what `op` reads or makes, in vectors.
static double costOfElement(Operation *op) {
  // Functions of libm, one element at a time.
  if (llvm::isa<PowOp, SinOp, CosOp, TanOp, AsinOp, AcosOp, AtanOp, SinhOp, CoshOp, AsinhOp, AcoshOp, AtanhOp, ModOp>(
          op))
    return 10;
  if (op->hasTrait<Transcendental>() || llvm::isa<SoftmaxOp, LogSoftmaxOp>(op))
    return 0.5;
  if (llvm::isa<ResizeOp, GatherOp, ScatterAddOp, HardmaxOp, ArgExtremeOp>(op))
    return 1;
  // One pass over the operand for each of the k.
  if (llvm::isa<TopKOp, TopKIndicesOp>(op))
    return static_cast<double>(op->getAttrOfType<IntegerAttr>("k").getInt());
  if (llvm::isa<RandomUniformOp>(op))
    return 3;
  return 0.05;
}

static double windowSize(Operation *op) {
  auto kernel = op->getAttrOfType<DenseI64ArrayAttr>("kernel");
  double size = 1;
  if (kernel)
    for (int64_t extent : kernel.asArrayRef())
      size *= static_cast<double>(extent);
  return size;
}

double estimateNanoseconds(const TileSubject &subject) {
  constexpr double bytesPerNanosecond = 10;
  double nanoseconds = countBytes(subject.result) / bytesPerNanosecond;
  if (!subject.rootOp)
    return 2 * nanoseconds;
  for (Operation &op : subject.rootOp->getBlock()->without_terminator()) {
    double elements = countElements(op.getResult(0).getType()) * windowSize(&op);
    for (Value operand : op.getOperands()) {
      elements = std::max(elements, countElements(operand.getType()));
      if (llvm::isa<BlockArgument>(operand))
        nanoseconds += countBytes(operand.getType()) / bytesPerNanosecond;
    }
    nanoseconds += elements * costOfElement(&op);
  }
  return nanoseconds;
}

RowSplit chooseRowSplit(const TileSubject &subject, llvm::function_ref<bool(int64_t dim)> isAllowed, int64_t block) {
  constexpr double rangeNanoseconds = 20000;
  // Enough ranges for the cores of a desktop; an outer dimension with fewer elements gives way to a longer one.
  constexpr int64_t manyRanges = 16;
  if (subject.rowRange)
    return {0, 1};
  LayoutAttr layout = getLayout(subject.result);
  if (layout && layout.getInnerTiles() && !layout.getInnerTiles().empty())
    return {};
  double total = estimateNanoseconds(subject);
  if (subject.result.hasStaticShape() && total < 2 * rangeNanoseconds)
    return {};
  int64_t chosen = -1, chosenExtent = 1;
  llvm::SmallVector<int64_t> dims = getDimsInnermostFirst(subject.result);
  for (int64_t dim : llvm::reverse(dims)) {
    int64_t extent = subject.result.getDimSize(dim);
    if (!isAllowed(dim) || extent == 1 || extent == 0)
      continue;
    bool isDynamic = ShapedType::isDynamic(extent);
    if (isDynamic || extent > chosenExtent) {
      chosen = dim;
      chosenExtent = extent;
    }
    if (isDynamic || extent >= manyRanges)
      break;
  }
  if (chosen < 0)
    return {};
  double perElement = total / (ShapedType::isDynamic(chosenExtent) ? 1 : static_cast<double>(chosenExtent));
  int64_t grain = std::max<int64_t>(1, static_cast<int64_t>(std::ceil(rangeNanoseconds / std::max(perElement, 1e-3))));
  // Ranges of what vectors run along are whole cache lines, and blocks of vectors.
  if (dims.front() == chosen)
    grain = static_cast<int64_t>(llvm::alignTo(grain, block));
  if (!ShapedType::isDynamic(chosenExtent) && grain * 2 > chosenExtent)
    return {};
  return {chosen, grain};
}

} // namespace dlc
