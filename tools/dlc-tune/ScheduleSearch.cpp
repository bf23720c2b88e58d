// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-tune/ScheduleSearch.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

namespace dlc::tune {

std::string describePoint(const SchedulePoint &point) {
  std::string text = point.algorithm + ", vectors of " + std::to_string(point.vector);
  for (const auto &[name, size] : point.sizes)
    text += ", " + name + " " + std::to_string(size);
  if (point.split >= 0)
    text += ", ranges of " + std::to_string(point.grain) + " of dimension " + std::to_string(point.split);
  return text;
}

/// The space of the algorithm of `point`; null if there is none.
static std::optional<AlgorithmSpace> findSpace(const KernelSchedules &space, const SchedulePoint &point) {
  for (AlgorithmSpace &found : space.getAlgorithms(point))
    if (found.algorithm == llvm::StringRef(point.algorithm))
      return std::move(found);
  return std::nullopt;
}

/// Registers that the sums of a tile take.
static int64_t countAccumulators(const AlgorithmSpace &space, const SchedulePoint &point) {
  int64_t accumulators = space.registerFactor;
  for (llvm::StringRef name : space.accumulatorParameters)
    accumulators *= point.getSize(name, 1);
  return accumulators / std::max<int64_t>(point.vector, 1);
}

ScheduleSearch::ScheduleSearch(const KernelSchedules &space, int64_t registers, uint64_t seed)
    : space(space), registers(registers), random(seed), best(space.getDefault()) {
  seen.insert(describePoint(best));
  addNeighbours(best, /*first=*/false);
}

void ScheduleSearch::add(SchedulePoint point, std::vector<SchedulePoint> &list) {
  // Ranges begin at whole tiles.
  point.split = space.getDefault().split;
  point.grain = space.getDefault().grain;
  if (std::optional<AlgorithmSpace> algorithm = findSpace(space, point))
    for (const ScheduleSplit &split : algorithm->splits)
      if (split.dim == point.split)
        point.grain = static_cast<int64_t>(llvm::alignTo(point.grain, split.grainMultipleOf));
  if (space.findProblem(point).empty() && seen.insert(describePoint(point)).second)
    list.push_back(std::move(point));
}

void ScheduleSearch::enqueue(std::vector<SchedulePoint> list, bool first) {
  std::shuffle(list.begin(), list.end(), random);
  // One register for a factor, at least.
  auto spills = [&](const SchedulePoint &point) {
    std::optional<AlgorithmSpace> algorithm = findSpace(space, point);
    return algorithm && countAccumulators(*algorithm, point) >= registers;
  };
  std::stable_partition(list.begin(), list.end(), [&](const SchedulePoint &point) { return !spills(point); });
  waiting.insert(first ? waiting.begin() : waiting.end(), list.begin(), list.end());
}

/// Values near `value` that `parameter` allows.
static llvm::SmallVector<int64_t> getNear(const ScheduleParameter &parameter, int64_t value) {
  llvm::SmallVector<int64_t> near;
  int64_t step = std::max<int64_t>(parameter.multipleOf, 1);
  for (int64_t candidate : {value - 2 * step, value - step, value + step, value + 2 * step, value * 2, value / 2,
                            value * 3 / 2, value * 3, value / 3, value * 4, value / 4, parameter.least})
    if (candidate != value && !llvm::is_contained(near, candidate) && parameter.allows(candidate))
      near.push_back(candidate);
  // Divisors are not evenly spaced.
  for (int64_t divisor = 1; parameter.divides != 0 && divisor * divisor <= parameter.divides; ++divisor)
    for (int64_t candidate : {divisor, parameter.divides / divisor})
      if (parameter.divides % divisor == 0 && candidate != value && !llvm::is_contained(near, candidate) &&
          parameter.allows(candidate))
        near.push_back(candidate);
  return near;
}

void ScheduleSearch::addNeighbours(const SchedulePoint &point, bool first) {
  std::vector<SchedulePoint> list;
  std::optional<AlgorithmSpace> algorithm = findSpace(space, point);
  if (!algorithm)
    return;
  for (const ScheduleParameter &parameter : algorithm->parameters) {
    std::string name = parameter.name.str();
    auto current = point.sizes.find(name);
    for (int64_t value : getNear(parameter, current == point.sizes.end() ? parameter.least : current->second)) {
      SchedulePoint changed = point;
      changed.sizes[name] = value;
      add(changed, list);
      // What one dimension of a tile gains another loses.
      if (!llvm::is_contained(algorithm->accumulatorParameters, parameter.name))
        continue;
      for (const ScheduleParameter &other : algorithm->parameters) {
        if (other.name == parameter.name || !llvm::is_contained(algorithm->accumulatorParameters, other.name))
          continue;
        for (int64_t opposite : getNear(other, point.getSize(other.name, 1))) {
          SchedulePoint both = changed;
          both.sizes[other.name.str()] = opposite;
          if ((opposite < point.getSize(other.name, 1)) != (value < point.getSize(parameter.name, 1)))
            add(both, list);
        }
      }
    }
    if (parameter.isOptional && current != point.sizes.end()) {
      SchedulePoint changed = point;
      changed.sizes.erase(name);
      add(changed, list);
    }
  }
  for (int64_t lanes : {point.vector * 2, point.vector / 2})
    if (lanes >= 1) {
      SchedulePoint changed = point;
      changed.vector = lanes;
      add(changed, list);
    }
  enqueue(std::move(list), first);
}

void ScheduleSearch::addSample() {
  isSampled = true;
  // A uniform sample of those that come first: spaces may be too large to be walked through.
  constexpr size_t mostVisited = 20000, mostTaken = 32;
  std::vector<SchedulePoint> taken;
  size_t visited = 0;
  space.enumerate([&](const SchedulePoint &point) {
    // One element after the other is never faster.
    if (point.split == -1 && point.algorithm != "naive" && (point.vector > 1 || best.vector == 1)) {
      if (taken.size() < mostTaken)
        taken.push_back(point);
      else if (size_t position = random() % (visited + 1); position < mostTaken)
        taken[position] = point;
    }
    return ++visited < mostVisited;
  });
  std::vector<SchedulePoint> list;
  for (SchedulePoint &point : taken)
    add(std::move(point), list);
  enqueue(std::move(list), /*first=*/false);
}

std::optional<SchedulePoint> ScheduleSearch::next() {
  if (waiting.empty() && !isSampled)
    addSample();
  if (waiting.empty())
    return std::nullopt;
  SchedulePoint point = std::move(waiting.front());
  waiting.pop_front();
  return point;
}

void ScheduleSearch::report(const SchedulePoint &point, double ratio) {
  ++count;
  seen.insert(describePoint(point));
  llvm::erase_if(waiting, [&](const SchedulePoint &other) { return other == point; });
  if (ratio >= bestRatio)
    return;
  bestRatio = ratio;
  best = point;
  addNeighbours(point, /*first=*/true);
}

} // namespace dlc::tune
