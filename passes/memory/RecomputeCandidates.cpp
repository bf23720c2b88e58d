// SPDX-License-Identifier: Apache-2.0
#include "passes/memory/RecomputeCandidates.h"
#include "analysis/KernelTime.h"
#include "ir/OpsKernel.h"

using namespace mlir;

namespace dlc {

/// More kernels than this are not computed again for one tensor.
static constexpr size_t mostKernels = 32;

double RecomputeCandidates::getExcess() const {
  double excess = 0;
  for (int64_t bytes : profile.getLiveBytes())
    excess += std::max<int64_t>(bytes - target, 0);
  return excess;
}

void RecomputeCandidates::collect(int64_t newTarget) {
  target = newTarget;
  entries = {};
  entryCount = 0;
  changes.assign(profile.getLiveBytes().size() + 1, 0);
  for (KernelOp kernel : entry.getOps<KernelOp>())
    for (Value result : kernel.getOutputs())
      if (const ArenaTensor *tensor = profile.getTensor(result))
        for (auto &[steps, reader] : tensor->readers)
          add(result, reader);
}

void RecomputeCandidates::add(Value tensor, Operation *reader) {
  RecomputeCandidate candidate = evaluate(tensor, reader);
  if (candidate.tensor)
    entries.push({candidate.gain, entryCount++, tensor, reader});
}

RecomputeCandidate RecomputeCandidates::takeBest() {
  while (!entries.empty()) {
    Entry entry = entries.top();
    entries.pop();
    RecomputeCandidate candidate = evaluate(entry.tensor, entry.reader);
    if (!candidate.tensor)
      continue;
    if (entries.empty() || candidate.gain >= entries.top().gain)
      return candidate;
    entry.gain = candidate.gain;
    entries.push(entry);
  }
  return {};
}

void RecomputeCandidates::noteAdded(llvm::ArrayRef<Operation *> added) {
  for (Operation *op : added) {
    if (!llvm::isa<KernelOp>(op))
      continue;
    for (Value operand : op->getOperands())
      if (Value memory = getMemory(operand); memory.getDefiningOp<KernelOp>() && profile.getTensor(memory))
        add(memory, op);
    for (Value result : op->getResults())
      if (const ArenaTensor *tensor = profile.getTensor(result))
        for (auto &[steps, reader] : tensor->readers)
          add(result, reader);
  }
}

void RecomputeCandidates::forget(llvm::ArrayRef<Operation *> added) {
  for (Operation *op : added)
    costs.erase(op);
  entries = {};
}

/// The cheapest way of not keeping `tensor` until `reader` reads it, by what is saved a nanosecond. What the kernel
/// that computes it again reads, and nobody keeps until then, is kept, or computed again, too, to any depth.
RecomputeCandidate RecomputeCandidates::evaluate(Value value, Operation *reader) {
  RecomputeCandidate best;
  const ArenaTensor *tensor = profile.getTensor(value);
  const auto *found = llvm::find_if(tensor->readers, [&](const auto &other) { return other.second == reader; });
  if (found == tensor->readers.end())
    return best;
  int64_t last = found == tensor->readers.begin() ? tensor->definition.last : found[-1].first.last,
          step = found->first.first;
  if (step <= last + 1 || !isAbove(last + 1, step))
    return best;
  RecomputeCandidate candidate{value, reader, {}, 0};
  llvm::SmallVector<Operation *> level{value.getDefiningOp()};
  double nanoseconds = 0;
  while (!level.empty() && candidate.kernels.size() + level.size() <= mostKernels) {
    for (Operation *kernel : level)
      if (candidate.kernels.insert(kernel))
        nanoseconds += getNanoseconds(llvm::cast<KernelOp>(kernel));
    llvm::SetVector<Value> missing = getMissing(candidate, step);
    candidate.gain = getSaving(candidate, missing, last, step) / (nanoseconds + 1);
    if (candidate.gain > best.gain && !rejected.contains(getKey(candidate)))
      best = candidate;
    level.clear();
    for (Value input : missing)
      if (auto kernel = input.getDefiningOp<KernelOp>())
        level.push_back(kernel);
  }
  return best;
}

/// Whether a step from `first` to before `end` is above the target.
bool RecomputeCandidates::isAbove(int64_t first, int64_t end) const {
  return llvm::any_of(profile.getLiveBytes().slice(first, end - first), [&](int64_t bytes) { return bytes > target; });
}

/// Tensors that the candidate's kernels read and that nobody else reads at `step` or later.
llvm::SetVector<Value> RecomputeCandidates::getMissing(const RecomputeCandidate &candidate, int64_t step) const {
  llvm::SetVector<Value> missing;
  for (Operation *kernel : candidate.kernels)
    for (Value operand : kernel->getOperands()) {
      Value memory = getMemory(operand);
      const ArenaTensor *tensor = profile.getTensor(memory);
      if (tensor && tensor->getLastStep() < step && !candidate.kernels.contains(memory.getDefiningOp()))
        missing.insert(memory);
    }
  return missing;
}

/// How much of the excess `candidate` takes away, if the tensors `missing` are kept.
double RecomputeCandidates::getSaving(const RecomputeCandidate &candidate, const llvm::SetVector<Value> &missing,
                                      int64_t last, int64_t step) {
  int64_t bytes = profile.getTensor(candidate.tensor)->bytes, first = last + 1;
  changes[last + 1] -= bytes;
  changes[step] += bytes;
  for (Value value : missing) {
    const ArenaTensor &tensor = *profile.getTensor(value);
    first = std::min(first, tensor.getLastStep() + 1);
    changes[tensor.getLastStep() + 1] += tensor.bytes;
    changes[step + 1] -= tensor.bytes;
  }
  for (Operation *kernel : candidate.kernels)
    for (Value result : kernel->getResults())
      if (const ArenaTensor *tensor = profile.getTensor(result); tensor && result != candidate.tensor) {
        changes[step] += tensor->bytes;
        changes[step + 1] -= tensor->bytes;
      }
  double saving = 0;
  int64_t change = 0;
  for (int64_t at = first; at <= step; ++at) {
    change += changes[at];
    changes[at] = 0;
    int64_t before = profile.getLiveBytes()[at];
    saving +=
        static_cast<double>(std::max<int64_t>(before - target, 0) - std::max<int64_t>(before + change - target, 0));
  }
  changes[step + 1] = 0;
  return saving;
}

double RecomputeCandidates::getNanoseconds(KernelOp kernel) {
  auto [entry, isNew] = costs.try_emplace(kernel, 0);
  if (!isNew)
    return entry->second;
  double nanoseconds = 0;
  if (FailureOr<KernelShapes> shapes = KernelShapes::analyze(kernel); succeeded(shapes))
    nanoseconds = static_cast<double>(dlc::evaluate(countNanoseconds(kernel, *shapes), 1));
  return costs[kernel] = nanoseconds;
}

} // namespace dlc
