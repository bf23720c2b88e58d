// SPDX-License-Identifier: Apache-2.0
// Schedules of kernels without register tiles.
#include "ir/Layout.h"
#include "passes/schedule/TileRules.h"

using namespace mlir;

namespace dlc {

llvm::SmallVector<int64_t> getDimsInnermostFirst(RankedTensorType type) {
  LayoutAttr layout = getLayout(type);
  llvm::SmallVector<int64_t> dims;
  for (int64_t position = type.getRank(); position-- > 0;)
    dims.push_back(layout ? layout.getOrder()[position] : position);
  return dims;
}

ScheduleAttr tileRows(const TileSubject &subject, const InstructionSet &set) {
  MLIRContext *context = subject.result.getContext();
  int64_t lanes = set.getLanes(getElementBytes(subject.result.getElementType()));
  // The outermost dimension that has more than one element; the innermost one is left to vectors.
  llvm::SmallVector<int64_t> dims = getDimsInnermostFirst(subject.result);
  int64_t split = -1;
  LayoutAttr layout = getLayout(subject.result);
  bool isBlocked = layout && layout.getInnerTiles() && !layout.getInnerTiles().empty();
  for (int64_t dim : llvm::ArrayRef<int64_t>(dims).drop_front(dims.empty() ? 0 : 1))
    if (!isBlocked && (subject.result.isDynamicDim(dim) || subject.result.getDimSize(dim) > 1))
      split = dim;
  return ScheduleAttr::get(context, StringAttr::get(context, "rows"), StringAttr::get(context, set.name), lanes, split,
                           1, {});
}

} // namespace dlc
