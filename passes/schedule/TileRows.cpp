// SPDX-License-Identifier: Apache-2.0
// Schedules of kernels without register tiles: elementwise ops, movements and windows are rows of vectors; reductions
// and normalizations are rows or columns, by what lies innermost in their operand.
#include "ir/Layout.h"
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

static ScheduleAttr makeSchedule(MLIRContext *context, llvm::StringRef algorithm, const ProcessorModel &processor,
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

ScheduleAttr tileRows(const TileSubject &subject, const ProcessorModel &processor) {
  llvm::SmallVector<int64_t> dims = getDimsInnermostFirst(subject.result);
  auto concat = llvm::dyn_cast_or_null<ConcatOp>(subject.rootOp);
  auto update = llvm::dyn_cast_or_null<UpdateSliceOp>(subject.rootOp);
  auto scatter = llvm::dyn_cast_or_null<ScatterAddOp>(subject.rootOp);
  RowSplit split = chooseRowSplit(subject, [&](int64_t dim) {
    // Every range walks all indices in order, and adds its part of what they bring.
    if (scatter)
      return dim != static_cast<int64_t>(scatter.getAxis());
    // Each operand of a concatenation has a loop of its own along the axis, and so has an update.
    if ((concat && dim == static_cast<int64_t>(concat.getAxis())) ||
        (update && dim == static_cast<int64_t>(update.getAxis())))
      return false;
    // Every range would look for the largest elements of all ranges.
    if (subject.rootOp && llvm::isa<TopKOp, TopKIndicesOp>(subject.rootOp) &&
        dim == subject.rootOp->getAttrOfType<IntegerAttr>("axis").getInt())
      return false;
    return dims.size() == 1 || dim != dims.front();
  });
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

ScheduleAttr tileReduction(const TileSubject &subject, const ProcessorModel &processor) {
  auto operand = llvm::cast<RankedTensorType>(subject.rootOp->getOperand(0).getType());
  llvm::SmallVector<int64_t> axes;
  if (auto reduce = llvm::dyn_cast<ReduceOp>(subject.rootOp))
    axes.assign(reduce.getAxes().begin(), reduce.getAxes().end());
  else
    axes.push_back(llvm::cast<ArgExtremeOp>(subject.rootOp).getAxis());
  llvm::SmallVector<int64_t> dims = getDimsInnermostFirst(operand);
  bool isRow = dims.empty() || llvm::is_contained(axes, dims.front());
  llvm::SmallVector<int64_t> resultDims = getDimsInnermostFirst(subject.result);
  // Few columns leave each of two threads fewer vectors. All instruction sets have the same ranges.
  int64_t unroll = accumulators, lanes = processor.getLanes(elementBytes(operand)), block = 64;
  if (!isRow && !operand.isDynamicDim(dims.front())) {
    if (operand.getDimSize(dims.front()) < 2 * block)
      block /= 2;
    while (unroll > 1 && lanes * unroll > block)
      unroll /= 2;
  }
  RowSplit split = chooseRowSplit(
      subject, [&](int64_t dim) { return isRow || resultDims.size() == 1 || dim != resultDims.front(); }, block);
  return makeSchedule(subject.result.getContext(), isRow ? "rows" : "columns", processor, elementBytes(operand), split,
                      {{"unroll", unroll}});
}

ScheduleAttr tileNormalization(const TileSubject &subject, const ProcessorModel &processor) {
  auto operand = llvm::cast<RankedTensorType>(subject.rootOp->getOperand(0).getType());
  llvm::SmallVector<int64_t> axes;
  bool hasStatistics = true;
  if (auto attribute = subject.rootOp->getAttrOfType<DenseI64ArrayAttr>("axes"))
    axes.assign(attribute.asArrayRef().begin(), attribute.asArrayRef().end());
  else if (auto norm = llvm::dyn_cast<LayerNormOp>(subject.rootOp))
    for (int64_t axis = norm.getAxis(); axis < operand.getRank(); ++axis)
      axes.push_back(axis);
  else if (llvm::isa<GroupNormOp>(subject.rootOp))
    for (int64_t axis = 1; axis < operand.getRank(); ++axis)
      axes.push_back(axis);
  else
    hasStatistics = false;
  llvm::SmallVector<int64_t> dims = getDimsInnermostFirst(operand);
  bool isRow = dims.empty() || llvm::is_contained(axes, dims.front());
  RowSplit split = chooseRowSplit(subject, [&](int64_t dim) {
    // Ranges of a normalized dimension would each compute the statistics again.
    return hasStatistics ? !llvm::is_contained(axes, dim) : dims.size() == 1 || dim != dims.front();
  });
  return makeSchedule(subject.result.getContext(), !hasStatistics || isRow ? "rows" : "columns", processor,
                      elementBytes(operand), split, {{"unroll", accumulators}});
}

} // namespace dlc
