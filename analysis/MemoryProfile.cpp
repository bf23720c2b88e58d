// SPDX-License-Identifier: Apache-2.0
#include "analysis/MemoryProfile.h"
#include "ir/Layout.h"
#include "ir/SharedMemory.h"

using namespace mlir;

namespace dlc {

const ArenaTensor *MemoryProfile::getTensor(Value value) const {
  auto found = tensors.find(getMemory(value));
  return found == tensors.end() ? nullptr : &found->second;
}

const Steps *MemoryProfile::getSteps(Operation *op) const {
  auto found = steps.find(op);
  return found == steps.end() ? nullptr : &found->second;
}

FailureOr<MemoryProfile> MemoryProfile::make(func::FuncOp entry) {
  FailureOr<MemoryPlan> plan = MemoryPlan::make(entry, /*shareMemory=*/true);
  if (failed(plan))
    return failure();
  return make(*plan);
}

FailureOr<MemoryProfile> MemoryProfile::make(MemoryPlan &plan) {
  Frame &frame = plan.getEntry();
  func::FuncOp entry = frame.function;
  llvm::ArrayRef<ArenaBuffer> buffers = plan.getBuffers();

  MemoryProfile profile;
  std::optional<int64_t> arena = constantDim(planArena(buffers, /*shareMemory=*/true, entry.getContext()).bytes);
  if (!arena)
    return entry.emitError("the memory of '")
           << entry.getSymName()
           << "' depends on extents that only a run knows, so it has no limit; fix them (--shape)";
  profile.arenaBytes = *arena;
  profile.live = getLiveBytesOfSteps(buffers);

  for (Operation &op : entry.getBody().front()) {
    auto found = frame.steps.find(&op);
    if (found == frame.steps.end())
      continue;
    profile.steps[&op] = found->second;
    for (Value operand : op.getOperands()) {
      auto tensor = profile.tensors.find(getMemory(operand));
      if (tensor != profile.tensors.end() &&
          (tensor->second.readers.empty() || tensor->second.readers.back().second != &op))
        tensor->second.readers.push_back({found->second, &op});
    }
    for (Value result : op.getResults()) {
      auto placed = frame.storage.find(result);
      if (placed != frame.storage.end() && placed->second.kind == Storage::Arena)
        profile.tensors[result] = {evaluate(buffers[placed->second.index].bytes, 1), found->second, {}};
    }
  }
  return profile;
}

void MemoryProfile::changeLive(int64_t first, int64_t last, int64_t bytes) {
  for (int64_t step = first; step <= last; ++step)
    live[step] += bytes;
}

void MemoryProfile::computeAgain(Value tensor, Operation *reader, llvm::ArrayRef<Operation *> kernels,
                                 llvm::ArrayRef<Operation *> copies) {
  int64_t step = steps[reader].first;
  ArenaTensor &whole = tensors[tensor];
  auto *first = llvm::find_if(whole.readers, [&](const auto &other) { return other.second == reader; });
  llvm::SmallVector<std::pair<Steps, Operation *>> moved(first, whole.readers.end());
  whole.readers.erase(first, whole.readers.end());
  changeLive(whole.getLastStep() + 1, step - 1, -whole.bytes);
  for (auto [kernel, copy] : llvm::zip(kernels, copies)) {
    steps[copy] = {step, step};
    for (Value operand : copy->getOperands()) {
      auto read = tensors.find(getMemory(operand));
      if (read == tensors.end())
        continue;
      auto &readers = read->second.readers;
      auto *next = llvm::find_if(readers, [&](const auto &other) { return other.first.first >= step; });
      if (next != readers.end() && next->second == copy)
        continue;
      changeLive(read->second.getLastStep() + 1, step, read->second.bytes);
      readers.insert(next, {steps[copy], copy});
    }
    for (auto [result, again] : llvm::zip(kernel->getResults(), copy->getResults())) {
      auto original = tensors.find(result);
      if (original == tensors.end())
        continue;
      ArenaTensor added{original->second.bytes, steps[copy], {}};
      if (result == tensor)
        added.readers = moved;
      else
        changeLive(step, step, added.bytes);
      tensors[again] = std::move(added);
    }
  }
}

} // namespace dlc
