// SPDX-License-Identifier: Apache-2.0
// Schedules of kernels without register tiles: elementwise ops, movements and windows are rows of vectors; reductions
// and normalizations are rows or columns, by what is innermost in their operand.
#include "backends/cpu/CpuSchedules.h"
#include "backends/cpu/RowSplit.h"
#include "ir/Layout.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsMovement.h"
#include "ir/OpsSelection.h"
#include "ir/OpsSlicing.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace dlc {

static int64_t elementBytes(Type type) { return getElementBytes(getElementTypeOrSelf(type)); }

/// Whether totals run along what is innermost in the operand.
static bool totalsRows(const TileSubject &subject) {
  llvm::SmallVector<int64_t> dims = getDimsInnermostFirst(subject.getType(subject.anchorOp->getOperand(0)));
  return dims.empty() || llvm::is_contained(subject.getTotalledDims(), dims.front());
}

/// Whether ranges of dimension `dim` of the result can be computed apart from each other.
static bool canSplitRows(const TileSubject &subject, int64_t dim) {
  llvm::SmallVector<int64_t> dims = getDimsInnermostFirst(subject.result);
  bool isOuter = dims.size() == 1 || dim != dims.front();
  if (subject.kind == KernelKind::Reduction)
    return totalsRows(subject) || isOuter;
  // Ranges of a normalized dimension would each compute the statistics again, unless these are operands.
  if (subject.kind == KernelKind::Normalization)
    return llvm::isa<ReductionOpInterface>(subject.anchorOp) ? !llvm::is_contained(subject.getTotalledDims(), dim)
                                                             : isOuter;
  // Every range walks all indices in order, and adds its part of what they bring.
  if (auto scatter = llvm::dyn_cast_or_null<ScatterAddOp>(subject.anchorOp))
    return dim != static_cast<int64_t>(scatter.getAxis());
  // Every element depends on those before it.
  if (subject.anchorOp && llvm::isa<RunningCountOp, TruePositionsOp>(subject.anchorOp))
    return false;
  // Each operand of a concatenation has a loop of its own along the axis, and so has an update.
  auto concat = llvm::dyn_cast_or_null<ConcatOp>(subject.anchorOp);
  auto update = llvm::dyn_cast_or_null<UpdateSliceOp>(subject.anchorOp);
  if ((concat && dim == static_cast<int64_t>(concat.getAxis())) ||
      (update && dim == static_cast<int64_t>(update.getAxis())))
    return false;
  return isOuter;
}

namespace {

/// What the three kinds have in common: one algorithm, "rows" or "columns", and some sizes that all values are legal
/// of.
class AnyRowSchedules : public CpuSchedules {
public:
  using CpuSchedules::CpuSchedules;

protected:
  AlgorithmSpace makeSpace(llvm::StringRef algorithm, llvm::ArrayRef<ScheduleParameter> parameters) const {
    AlgorithmSpace space = makeVectorized(algorithm);
    space.parameters.assign(parameters.begin(), parameters.end());
    if (!isPacked(subject.result))
      for (int64_t dim = 0; dim < subject.result.getRank(); ++dim)
        if (canSplitRows(subject, dim))
          space.splits.push_back({dim});
    return space;
  }

  SchedulePoint makePoint(llvm::StringRef algorithm, int64_t elementBytes, int64_t block = 64) const {
    RowSplit split = chooseRowSplit(subject, [&](int64_t dim) { return canSplitRows(subject, dim); }, block);
    return {algorithm.str(), machine.getLanes(elementBytes), split.dim, split.grain, {}};
  }
};

/// Elementwise ops, movements and windows: rows of vectors.
class RowSchedules final : public AnyRowSchedules {
public:
  using AnyRowSchedules::AnyRowSchedules;

private:
  llvm::SmallVector<AlgorithmSpace> describe(const SchedulePoint &) const override {
    if (subject.kind == KernelKind::Movement)
      return {makeSpace("rows", {{"block", 1, 256, 1, 256, /*isOptional=*/true}})};
    return {makeSpace("rows", {})};
  }

  SchedulePoint choose() const override {
    // The widest elements that a kernel computes with decide how many fit a vector.
    int64_t bytes = elementBytes(subject.result);
    if (subject.anchorOp)
      for (Operation &op : subject.anchorOp->getBlock()->without_terminator())
        if (op.hasTrait<Elementwise>())
          bytes = std::max(bytes, elementBytes(op.getResult(0).getType()));
    return makePoint("rows", bytes);
  }
};

/// Vector accumulators side by side that hide an addition's latency.
constexpr int64_t accumulators = 4;
const ScheduleParameter unrollParameter{"unroll", 1, 16, 1, 16, /*isOptional=*/true};

class ReductionSchedules final : public AnyRowSchedules {
public:
  using AnyRowSchedules::AnyRowSchedules;

private:
  llvm::SmallVector<AlgorithmSpace> describe(const SchedulePoint &) const override {
    llvm::SmallVector<AlgorithmSpace> spaces;
    if (!totalsRows(subject))
      spaces.push_back(makeSpace("columns", {unrollParameter}));
    spaces.push_back(makeSpace("rows", {unrollParameter}));
    return spaces;
  }

  SchedulePoint choose() const override {
    RankedTensorType operand = subject.getType(subject.anchorOp->getOperand(0));
    llvm::SmallVector<int64_t> dims = getDimsInnermostFirst(operand);
    bool isRow = totalsRows(subject);
    // Few columns leave each of two threads fewer vectors. All instruction sets have the same ranges.
    int64_t unroll = accumulators, lanes = machine.getLanes(elementBytes(operand)), block = 64;
    if (!isRow && !operand.isDynamicDim(dims.front())) {
      if (operand.getDimSize(dims.front()) < 2 * block)
        block /= 2;
      while (unroll > 1 && lanes * unroll > block)
        unroll /= 2;
    }
    SchedulePoint point = makePoint(isRow ? "rows" : "columns", elementBytes(operand), block);
    point.sizes["unroll"] = unroll;
    return point;
  }
};

class NormalizationSchedules final : public AnyRowSchedules {
public:
  using AnyRowSchedules::AnyRowSchedules;

private:
  llvm::StringRef getAlgorithm() const {
    return !llvm::isa<ReductionOpInterface>(subject.anchorOp) || totalsRows(subject) ? "rows" : "columns";
  }
  llvm::SmallVector<AlgorithmSpace> describe(const SchedulePoint &) const override {
    return {makeSpace(getAlgorithm(), {unrollParameter})};
  }
  SchedulePoint choose() const override {
    SchedulePoint point = makePoint(getAlgorithm(), elementBytes(subject.anchorOp->getOperand(0).getType()));
    point.sizes["unroll"] = accumulators;
    return point;
  }
};

} // namespace

std::unique_ptr<KernelSchedules> makeRowSchedules(const TileSubject &subject, const Machine &machine) {
  return std::make_unique<RowSchedules>(subject, machine);
}
std::unique_ptr<KernelSchedules> makeReductionSchedules(const TileSubject &subject, const Machine &machine) {
  return std::make_unique<ReductionSchedules>(subject, machine);
}
std::unique_ptr<KernelSchedules> makeNormalizationSchedules(const TileSubject &subject, const Machine &machine) {
  return std::make_unique<NormalizationSchedules>(subject, machine);
}

} // namespace dlc
