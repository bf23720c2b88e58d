// SPDX-License-Identifier: Apache-2.0
#include "analysis/KernelSchedules.h"
#include "ir/Layout.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace dlc {

const SchedulePoint &KernelSchedules::getDefault() const {
  if (!chosen)
    chosen = choose();
  return *chosen;
}

llvm::SmallVector<AlgorithmSpace> KernelSchedules::getAlgorithms(const SchedulePoint &point) const {
  SchedulePoint given = point;
  given.vector = std::max<int64_t>(given.vector, 1);
  llvm::SmallVector<AlgorithmSpace> spaces = describe(given);
  if (hasNaive())
    spaces.emplace_back().algorithm = "naive";
  // The program counts on the dimension of which it takes ranges.
  if (subject.rowRange && getDefault().split >= 0) {
    for (AlgorithmSpace &space : spaces) {
      llvm::erase_if(space.splits, [&](const ScheduleSplit &legal) { return legal.dim != getDefault().split; });
      space.mustSplit = true;
    }
    llvm::erase_if(spaces, [](const AlgorithmSpace &space) { return space.splits.empty(); });
  }
  return spaces;
}

std::string KernelSchedules::findProblem(const SchedulePoint &point) const {
  llvm::SmallVector<AlgorithmSpace> spaces = getAlgorithms(point);
  for (const AlgorithmSpace &space : spaces)
    if (space.algorithm == llvm::StringRef(point.algorithm))
      return space.findProblem(point);
  return "it has no algorithm \"" + point.algorithm + "\"; it has '" +
         llvm::join(llvm::map_range(spaces, [](const AlgorithmSpace &space) { return space.algorithm; }), "', '") + "'";
}

bool KernelSchedules::enumerateSplits(SchedulePoint &point, const AlgorithmSpace &space,
                                      llvm::function_ref<bool(const SchedulePoint &)> visit) const {
  point.split = -1;
  point.grain = 1;
  if (!space.mustSplit && !visit(point))
    return false;
  // The ranges of a dimension of unknown extent.
  constexpr int64_t unknownExtent = 1024;
  for (const ScheduleSplit &split : space.splits) {
    point.split = split.dim;
    int64_t extent = subject.result.isDynamicDim(split.dim) ? unknownExtent : subject.result.getDimSize(split.dim);
    for (point.grain = split.grainMultipleOf; point.grain <= std::max(extent, split.grainMultipleOf); point.grain *= 2)
      if (!visit(point))
        return false;
  }
  return true;
}

bool KernelSchedules::enumerateSizes(SchedulePoint &point, size_t index,
                                     llvm::function_ref<bool(const SchedulePoint &)> visit) const {
  llvm::SmallVector<AlgorithmSpace> spaces = getAlgorithms(point);
  const auto *space = llvm::find_if(
      spaces, [&](const AlgorithmSpace &found) { return found.algorithm == llvm::StringRef(point.algorithm); });
  // Sizes only grow: what is too large for the registers now stays so.
  if (space == spaces.end() || !space->findTileProblem(point).empty())
    return true;
  if (index == space->parameters.size())
    return enumerateSplits(point, *space, visit);
  ScheduleParameter parameter = space->parameters[index];
  for (int64_t value : parameter.getValues()) {
    point.sizes[parameter.name.str()] = value;
    if (!enumerateSizes(point, index + 1, visit))
      return false;
  }
  point.sizes.erase(parameter.name.str());
  return true;
}

void KernelSchedules::enumerate(llvm::function_ref<bool(const SchedulePoint &)> visit) const {
  for (const AlgorithmSpace &space : getAlgorithms(SchedulePoint()))
    for (int64_t lanes = 1; lanes <= space.mostLanes; lanes *= 2) {
      SchedulePoint point;
      point.algorithm = space.algorithm.str();
      point.vector = lanes;
      if (!enumerateSizes(point, 0, visit))
        return;
    }
}

AlgorithmSpace KernelSchedules::makeVectorized(llvm::StringRef algorithm) const {
  AlgorithmSpace space;
  space.algorithm = algorithm;
  space.mostLanes = machine.vectorBytes / 4;
  return space;
}

AlgorithmSpace KernelSchedules::makePlain() const {
  AlgorithmSpace space;
  space.algorithm = "plain";
  space.splits = splitAnywhere(/*columnsDim=*/-1, /*columns=*/1);
  return space;
}

llvm::SmallVector<ScheduleSplit> KernelSchedules::splitAnywhere(int64_t columnsDim, int64_t columns) const {
  llvm::SmallVector<ScheduleSplit> splits;
  for (int64_t dim = 0; dim < subject.result.getRank(); ++dim)
    splits.push_back({dim, dim == columnsDim ? columns : 1});
  return splits;
}

bool isPacked(RankedTensorType type) {
  LayoutAttr layout = getLayout(type);
  return layout && layout.getInnerTiles() && !layout.getInnerTiles().empty();
}

int64_t getFixedExtent(RankedTensorType type, int64_t dim) {
  return type.isDynamicDim(dim) ? -1 : type.getDimSize(dim);
}

} // namespace dlc
