// SPDX-License-Identifier: Apache-2.0
#include "backends/TargetList.h"

using namespace dlc;

std::optional<TargetList> TargetList::parse(llvm::StringRef text, std::string &error) {
  llvm::SmallVector<llvm::StringRef> names;
  text.split(names, ',');
  llvm::SmallVector<Target> targets;
  std::string all;
  for (llvm::StringRef name : names) {
    std::optional<Target> target = Target::parse(name.trim(), error);
    if (!target)
      return std::nullopt;
    all += (all.empty() ? "" : ",") + target->name;
    targets.push_back(std::move(*target));
  }
  if (targets.size() == 1)
    return TargetList{all, std::move(targets.front()), std::nullopt};
  if (targets.size() == 2 && targets.front().device)
    std::swap(targets.front(), targets.back());
  if (targets.size() != 2 || targets.front().device || !targets.back().device) {
    error = "--target=" + text.str() + ": a library is for one target, or for a CPU and a GPU, as in x86-64,cuda";
    return std::nullopt;
  }
  if (targets.front().triple != targets.back().triple) {
    error = "--target=" + text.str() + ": the program around kernels for GPUs runs on x86-64, and '" +
            targets.front().name + "' is for another architecture";
    return std::nullopt;
  }
  return TargetList{all, std::move(targets.front()), std::move(targets.back())};
}
