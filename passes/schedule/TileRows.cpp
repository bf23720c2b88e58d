// SPDX-License-Identifier: Apache-2.0
// Schedules of kernels without register tiles: elementwise ops, movements and windows are rows of vectors; reductions
// and normalizations are rows or columns, by what is innermost in their operand.
#include "ir/Layout.h"
#include "ir/OpsMovement.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsReduction.h"
#include "ir/OpsSelection.h"
#include "passes/schedule/RowCost.h"
#include "passes/schedule/TileRules.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace dlc {

llvm::SmallVector<int64_t> getDimsInnermostFirst(RankedTensorType type) {
  LayoutAttr layout = getLayout(type);
  llvm::SmallVector<int64_t> dims;
  for (int64_t position = type.getRank(); position-- > 0;)
    dims.push_back(layout ? layout.getOrder()[position] : position);
  return dims;
}

static ScheduleAttr makeSchedule(MLIRContext *context, llvm::StringRef algorithm, const Machine &processor,
                                 int64_t elementBytes, RowSplit split,
                                 llvm::ArrayRef<std::pair<llvm::StringRef, int64_t>> tiles = {}) {
  Builder builder(context);
  llvm::SmallVector<NamedAttribute> named;
  for (auto [name, size] : tiles)
    named.push_back(builder.getNamedAttr(name, builder.getI64IntegerAttr(size)));
  return ScheduleAttr::get(context, builder.getStringAttr(algorithm), builder.getStringAttr(processor.name),
                           processor.getLanes(elementBytes), split.dim, split.grain,
                           named.empty() ? DictionaryAttr() : builder.getDictionaryAttr(named));
}

static int64_t elementBytes(Type type) { return getElementBytes(getElementTypeOrSelf(type)); }

/// The dimensions of the anchor op's operand that it computes totals or statistics over. Empty if it has none.
static llvm::SmallVector<int64_t> getTotalledDims(Operation *rootOp) {
  auto operand = llvm::cast<RankedTensorType>(rootOp->getOperand(0).getType());
  if (auto axes = rootOp->getAttrOfType<DenseI64ArrayAttr>("axes"))
    return llvm::to_vector(axes.asArrayRef());
  if (auto extreme = llvm::dyn_cast<ArgExtremeOp>(rootOp))
    return {static_cast<int64_t>(extreme.getAxis())};
  int64_t first = operand.getRank();
  if (auto norm = llvm::dyn_cast<LayerNormOp>(rootOp))
    first = norm.getAxis();
  else if (llvm::isa<GroupNormOp>(rootOp))
    first = 1;
  return llvm::to_vector(llvm::seq(first, operand.getRank()));
}

/// Whether totals run along what is innermost in the operand.
static bool totalsRows(Operation *rootOp) {
  llvm::SmallVector<int64_t> dims =
      getDimsInnermostFirst(llvm::cast<RankedTensorType>(rootOp->getOperand(0).getType()));
  return dims.empty() || llvm::is_contained(getTotalledDims(rootOp), dims.front());
}

/// Whether a normalization computes statistics of the operand, instead of reading them.
static bool hasStatistics(Operation *rootOp) {
  return rootOp->hasAttr("axes") || llvm::isa<LayerNormOp, GroupNormOp>(rootOp);
}

bool canSplitRows(const TileSubject &subject, int64_t dim) {
  llvm::SmallVector<int64_t> dims = getDimsInnermostFirst(subject.result);
  bool isOuter = dims.size() == 1 || dim != dims.front();
  if (subject.root == KernelRoot::Reduction)
    return totalsRows(subject.rootOp) || isOuter;
  // Ranges of a normalized dimension would each compute the statistics again.
  if (subject.root == KernelRoot::Normalization)
    return hasStatistics(subject.rootOp) ? !llvm::is_contained(getTotalledDims(subject.rootOp), dim) : isOuter;
  // Every range walks all indices in order, and adds its part of what they bring.
  if (auto scatter = llvm::dyn_cast_or_null<ScatterAddOp>(subject.rootOp))
    return dim != static_cast<int64_t>(scatter.getAxis());
  // Each operand of a concatenation has a loop of its own along the axis, and so has an update.
  auto concat = llvm::dyn_cast_or_null<ConcatOp>(subject.rootOp);
  auto update = llvm::dyn_cast_or_null<UpdateSliceOp>(subject.rootOp);
  if ((concat && dim == static_cast<int64_t>(concat.getAxis())) ||
      (update && dim == static_cast<int64_t>(update.getAxis())))
    return false;
  // Every range would look for the largest elements of all ranges.
  if (subject.rootOp && llvm::isa<TopKOp, TopKIndicesOp>(subject.rootOp) &&
      dim == subject.rootOp->getAttrOfType<IntegerAttr>("axis").getInt())
    return false;
  return isOuter;
}

ScheduleAttr tileRows(const TileSubject &subject, const Machine &processor) {
  RowSplit split = chooseRowSplit(subject, [&](int64_t dim) { return canSplitRows(subject, dim); });
  // The widest elements that a kernel computes with decide how many fit a vector.
  int64_t bytes = elementBytes(subject.result);
  if (subject.rootOp)
    for (Operation &op : subject.rootOp->getBlock()->without_terminator())
      if (op.hasTrait<Elementwise>())
        bytes = std::max(bytes, elementBytes(op.getResult(0).getType()));
  return makeSchedule(subject.result.getContext(), "rows", processor, bytes, split);
}

/// Vector accumulators side by side that hide an addition's latency.
constexpr int64_t accumulators = 4;

ScheduleAttr tileReduction(const TileSubject &subject, const Machine &processor) {
  auto operand = llvm::cast<RankedTensorType>(subject.rootOp->getOperand(0).getType());
  llvm::SmallVector<int64_t> dims = getDimsInnermostFirst(operand);
  bool isRow = totalsRows(subject.rootOp);
  // Few columns leave each of two threads fewer vectors. All instruction sets have the same ranges.
  int64_t unroll = accumulators, lanes = processor.getLanes(elementBytes(operand)), block = 64;
  if (!isRow && !operand.isDynamicDim(dims.front())) {
    if (operand.getDimSize(dims.front()) < 2 * block)
      block /= 2;
    while (unroll > 1 && lanes * unroll > block)
      unroll /= 2;
  }
  RowSplit split = chooseRowSplit(subject, [&](int64_t dim) { return canSplitRows(subject, dim); }, block);
  return makeSchedule(subject.result.getContext(), isRow ? "rows" : "columns", processor, elementBytes(operand), split,
                      {{"unroll", unroll}});
}

ScheduleAttr tileNormalization(const TileSubject &subject, const Machine &processor) {
  auto operand = llvm::cast<RankedTensorType>(subject.rootOp->getOperand(0).getType());
  RowSplit split = chooseRowSplit(subject, [&](int64_t dim) { return canSplitRows(subject, dim); });
  bool isRow = !hasStatistics(subject.rootOp) || totalsRows(subject.rootOp);
  return makeSchedule(subject.result.getContext(), isRow ? "rows" : "columns", processor, elementBytes(operand), split,
                      {{"unroll", accumulators}});
}

} // namespace dlc
