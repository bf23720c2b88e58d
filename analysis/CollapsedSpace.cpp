// SPDX-License-Identifier: Apache-2.0
#include "analysis/CollapsedSpace.h"
#include "analysis/MergeableDims.h"
#include "ir/Annotations.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace dlc {

static std::unique_ptr<MergeableDims> findRule(KernelLikeOpInterface kernel, const KernelShapes &shapes) {
  if (std::unique_ptr<MergeableDims> rows = findMergeableRows(kernel, shapes))
    return rows;
  return findMergeableDims(kernel, shapes);
}

std::optional<CollapsedSpace> CollapsedSpace::analyze(KernelLikeOpInterface kernel, const KernelShapes &shapes) {
  std::unique_ptr<MergeableDims> rule = findRule(kernel, shapes);
  if (!rule)
    return std::nullopt;
  DimGroups groups = rule->chooseGroups();
  if (groups.empty())
    return std::nullopt;
  auto tensors = rule->merge(groups);
  return CollapsedSpace(std::move(groups), std::move(tensors));
}

/// The groups that `recorded` lists; none if it is something else.
static std::optional<DimGroups> parseGroups(Attribute recorded) {
  auto list = llvm::dyn_cast_or_null<ArrayAttr>(recorded);
  if (!list || list.empty())
    return std::nullopt;
  DimGroups groups;
  for (Attribute entry : list) {
    auto dims = llvm::dyn_cast<ArrayAttr>(entry);
    if (!dims || dims.empty())
      return std::nullopt;
    groups.emplace_back();
    for (Attribute dim : dims) {
      auto number = llvm::dyn_cast<IntegerAttr>(dim);
      if (!number || !number.getType().isSignlessInteger(64))
        return std::nullopt;
      groups.back().push_back(number.getInt());
    }
  }
  return groups;
}

FailureOr<CollapsedSpace> CollapsedSpace::read(KernelLikeOpInterface kernel, const KernelShapes &shapes,
                                               Attribute recorded, llvm::function_ref<InFlightDiagnostic()> emitError) {
  std::optional<DimGroups> groups = parseGroups(recorded);
  if (!groups)
    return emitError() << annotation::collapse.getKey() << " is " << recorded
                       << "; it must be a list of lists of dimensions, such as "
                       << "[[0, 1], [2]]";
  std::unique_ptr<MergeableDims> rule = findRule(kernel, shapes);
  if (!rule)
    return emitError() << annotation::collapse.getKey() << " is " << recorded
                       << ", but no dimensions of this kernel can be merged";
  if (std::string problem = rule->findProblem(*groups); !problem.empty())
    return emitError() << annotation::collapse.getKey() << " is " << recorded << ": " << problem;
  auto tensors = rule->merge(*groups);
  return CollapsedSpace(std::move(*groups), std::move(tensors));
}

ArrayAttr CollapsedSpace::record(MLIRContext *context) const {
  Builder builder(context);
  llvm::SmallVector<Attribute> lists;
  for (llvm::ArrayRef<int64_t> group : groups)
    lists.push_back(builder.getI64ArrayAttr(group));
  return builder.getArrayAttr(lists);
}

const CollapsedSpace::Tensor *CollapsedSpace::find(Value value) const {
  const auto *found = tensors.find(value);
  return found == tensors.end() ? nullptr : &found->second;
}

llvm::SmallVector<int64_t> CollapsedSpace::getMerged(llvm::ArrayRef<int64_t> dims) const {
  llvm::SmallVector<int64_t> merged;
  for (auto [number, group] : llvm::enumerate(groups))
    if (llvm::any_of(group, [&](int64_t dim) { return llvm::is_contained(dims, dim); }))
      merged.push_back(static_cast<int64_t>(number));
  return merged;
}

} // namespace dlc
