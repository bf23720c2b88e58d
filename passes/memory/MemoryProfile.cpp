// SPDX-License-Identifier: Apache-2.0
#include "passes/memory/MemoryProfile.h"
#include "ir/Layout.h"
#include "ir/SharedMemory.h"
#include "mlir/IR/IRMapping.h"

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

/// A module that holds `entry`, the bodies of loops and the parameters. Planning marks what happens in place: that must
/// not stay.
static OwningOpRef<ModuleOp> copyAlone(func::FuncOp entry, IRMapping &copies) {
  auto module = entry->getParentOfType<ModuleOp>();
  OwningOpRef<ModuleOp> alone = ModuleOp::create(module.getLoc());
  OpBuilder builder = OpBuilder::atBlockEnd(alone->getBody());
  for (Operation &op : *module.getBody())
    if (auto function = llvm::dyn_cast<func::FuncOp>(op); !function || function == entry || function.isPrivate())
      builder.clone(op, copies);
  return alone;
}

FailureOr<MemoryProfile> MemoryProfile::make(func::FuncOp entry) {
  IRMapping copies;
  OwningOpRef<ModuleOp> alone = copyAlone(entry, copies);
  VariableTable variables(*alone);
  WeightTable weights;
  int64_t preparedBytes = 0;
  auto copy = llvm::cast<func::FuncOp>(copies.lookup(entry.getOperation()));
  FailureOr<std::unique_ptr<MemoryPlan>> plan = MemoryPlan::make(copy, weights, preparedBytes, /*shareMemory=*/true);
  if (failed(plan))
    return failure();
  Frame &frame = (*plan)->getEntry();
  llvm::ArrayRef<ArenaBuffer> buffers = (*plan)->getBuffers();

  MemoryProfile profile;
  std::optional<int64_t> arena = constantDim(planArena(buffers, /*shareMemory=*/true, entry.getContext()).bytes);
  if (!arena)
    return entry.emitError("the memory of '")
           << entry.getSymName()
           << "' depends on extents that only a run knows, so it has no limit; fix them (--shape)";
  profile.arenaBytes = *arena;
  profile.live = getLiveBytesOfSteps(buffers);

  for (Operation &op : entry.getBody().front()) {
    auto found = frame.steps.find(copies.lookupOrNull(&op));
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
      auto placed = frame.places.find(copies.lookup(result));
      if (placed != frame.places.end() && placed->second.kind == Place::Arena)
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
