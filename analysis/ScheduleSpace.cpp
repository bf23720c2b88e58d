// SPDX-License-Identifier: Apache-2.0
#include "analysis/ScheduleSpace.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc {

int64_t SchedulePoint::getSize(llvm::StringRef name, int64_t otherwise) const {
  auto found = sizes.find(std::string_view(name));
  return found == sizes.end() ? otherwise : found->second;
}

ScheduleAttr SchedulePoint::toAttribute(MLIRContext *context, llvm::StringRef machine) const {
  Builder builder(context);
  llvm::SmallVector<NamedAttribute> tiles;
  for (const auto &[name, size] : sizes)
    tiles.push_back(builder.getNamedAttr(name, builder.getI64IntegerAttr(size)));
  return ScheduleAttr::get(context, builder.getStringAttr(algorithm), builder.getStringAttr(machine), vector, split,
                           grain, tiles.empty() ? DictionaryAttr() : builder.getDictionaryAttr(tiles));
}

SchedulePoint SchedulePoint::fromAttribute(ScheduleAttr schedule) {
  SchedulePoint point{
      schedule.getAlgorithm().str(), schedule.getVector(), schedule.getSplit(), schedule.getGrain(), {}};
  if (schedule.getTiles())
    for (NamedAttribute tile : schedule.getTiles())
      point.sizes[tile.getName().str()] = llvm::cast<IntegerAttr>(tile.getValue()).getInt();
  return point;
}

bool ScheduleParameter::allows(int64_t value) const {
  return value >= least && value <= most && value % multipleOf == 0 &&
         (divides == 0 || (value != 0 && divides % value == 0)) &&
         (block == 0 || block % value == 0 || value % block == 0 || (whole >= 0 && whole <= value && value <= block));
}

llvm::SmallVector<int64_t> ScheduleParameter::getValues() const {
  llvm::SmallVector<int64_t> values;
  int64_t last = divides == 0 ? most : std::min(most, divides);
  // Negative ones are legal for parameters that count nothing, whose ranges are short.
  int64_t first = least < 0 ? least : static_cast<int64_t>(llvm::alignTo(least, multipleOf));
  for (int64_t value = first; value <= last; value += multipleOf)
    if (allows(value))
      values.push_back(value);
  return values;
}

std::string ScheduleParameter::describe() const {
  std::string text = least == most ? std::to_string(least)
                                   : (multipleOf == 1 ? "" : "a multiple of " + std::to_string(multipleOf) + " ") +
                                         ("from " + std::to_string(least) + " to " + std::to_string(most));
  if (block != 0)
    text += ", a divisor or a multiple of " + std::to_string(block);
  return divides == 0 ? text : text + " that divides " + std::to_string(divides);
}

static std::string joinNames(llvm::ArrayRef<ScheduleParameter> parameters) {
  return llvm::join(llvm::map_range(parameters, [](const ScheduleParameter &parameter) { return parameter.name; }),
                    ", ");
}

std::string AlgorithmSpace::findTileProblem(const SchedulePoint &point) const {
  int64_t accumulators = registerFactor, most = std::max(mostAccumulators, registerFactor);
  for (llvm::StringRef name : accumulatorParameters)
    accumulators *= point.getSize(name, 1);
  accumulators /= point.vector;
  if (accumulatorParameters.empty() || accumulators <= most)
    return "";
  return llvm::formatv("a tile of {0} takes {1} vector registers; the most is {2}",
                       llvm::join(accumulatorParameters, " x "), accumulators, most);
}

/// Why the sizes of `point` are not legal.
static std::string findSizeProblem(const AlgorithmSpace &space, const SchedulePoint &point) {
  for (const auto &[name, size] : point.sizes) {
    const auto *parameter = llvm::find_if(
        space.parameters, [&](const ScheduleParameter &candidate) { return candidate.name == llvm::StringRef(name); });
    if (parameter == space.parameters.end())
      return llvm::formatv("'{0}' has no parameter \"{1}\"; {2}", space.algorithm, name,
                           space.parameters.empty() ? "it has none"
                                                    : "its parameters are " + joinNames(space.parameters));
    if (!parameter->allows(size))
      return llvm::formatv("parameter \"{0}\" of '{1}' is {2}; it must be {3}", name, space.algorithm, size,
                           parameter->describe());
  }
  for (const ScheduleParameter &parameter : space.parameters)
    if (!parameter.isOptional && point.sizes.find(std::string_view(parameter.name)) == point.sizes.end())
      return llvm::formatv("'{0}' needs the parameter \"{1}\", {2}", space.algorithm, parameter.name,
                           parameter.describe());
  return space.findTileProblem(point);
}

/// Why the dimension that `point` splits, or its ranges, are not legal.
static std::string findSplitProblem(const AlgorithmSpace &space, const SchedulePoint &point) {
  const auto *split =
      llvm::find_if(space.splits, [&](const ScheduleSplit &candidate) { return candidate.dim == point.split; });
  bool isSplit = split != space.splits.end();
  if (!isSplit && (point.split != -1 || space.mustSplit)) {
    std::string legal;
    for (const ScheduleSplit &candidate : space.splits)
      legal += " " + std::to_string(candidate.dim) + ",";
    return llvm::formatv("'{0}' cannot split dimension {1} of the result; it can split{2}{3}", space.algorithm,
                         point.split, legal, space.mustSplit ? " and must" : " or none (-1)");
  }
  int64_t multiple = isSplit ? split->grainMultipleOf : 1;
  if (point.grain >= 1 && point.grain <= mostElements && point.grain % multiple == 0)
    return "";
  return llvm::formatv("ranges of dimension {0} begin at multiples of {1}; it must be {2}at least {3}", point.split,
                       point.grain, multiple == 1 ? "" : "a multiple of " + std::to_string(multiple) + ", ", multiple);
}

std::string AlgorithmSpace::findProblem(const SchedulePoint &point) const {
  if (!llvm::isPowerOf2_64(static_cast<uint64_t>(std::max<int64_t>(point.vector, 0))) || point.vector > mostLanes)
    return llvm::formatv("vectors of '{0}' have {1} {2}; it must be {3}", algorithm, point.vector,
                         point.vector == 1 ? "lane" : "lanes",
                         mostLanes == 1 ? "1" : "a power of two up to " + std::to_string(mostLanes));
  if (std::string problem = findSizeProblem(*this, point); !problem.empty())
    return problem;
  return findSplitProblem(*this, point);
}

} // namespace dlc
