// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/RowSplit.h"
#include "analysis/KernelTime.h"
#include "analysis/MachineCost.h"
#include "ir/Layout.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;

namespace dlc {

RowSplit chooseRowSplit(const TileSubject &subject, llvm::function_ref<bool(int64_t dim)> isAllowed, int64_t block) {
  // Enough ranges for the cores of a desktop; an outer dimension with fewer elements gives way to a longer one.
  constexpr int64_t manyRanges = 16;
  if (subject.rowRange)
    return {0, 1};
  LayoutAttr layout = getLayout(subject.result);
  if (layout && layout.getInnerTiles() && !layout.getInnerTiles().empty())
    return {};
  KernelWork work = estimateWork(*subject.body, [&](Value value) { return subject.getType(value); });
  double total = countNanoseconds(subject.body->getParentOp(), work.operations, work.bytes);
  if (subject.result.hasStaticShape() && total < 2 * static_cast<double>(parallelThresholdNanoseconds))
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
  double elements = static_cast<double>(parallelThresholdNanoseconds) / std::max(perElement, 1e-3);
  int64_t grain = std::max<int64_t>(1, static_cast<int64_t>(std::ceil(elements)));
  // Ranges of what vectors run along are whole cache lines, and blocks of vectors.
  if (dims.front() == chosen)
    grain = static_cast<int64_t>(llvm::alignTo(grain, block));
  if (!ShapedType::isDynamic(chosenExtent) && grain * 2 > chosenExtent)
    return {};
  return {chosen, grain};
}

} // namespace dlc
