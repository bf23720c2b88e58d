// SPDX-License-Identifier: Apache-2.0
#include "ir/KernelCost.h"
#include "ir/Layout.h"
#include "ir/SharedMemory.h"
#include "passes/Passes.h"
#include "passes/memory/MemoryProfile.h"
#include "llvm/Support/FormatVariadic.h"

#define DEBUG_TYPE "dlc-recompute"

namespace dlc {
#define GEN_PASS_DEF_RECOMPUTE
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

namespace {

/// A tensor that is thrown away between two readers, and the kernels that compute it again for the second.
struct Candidate {
  Value tensor;
  Operation *reader = nullptr;
  llvm::SmallSetVector<Operation *, 8> kernels; ///< in the order of the block
  double gain = 0;                              ///< byte steps above the limit that it saves, a nanosecond
};

/// Keeps one entry point below a limit.
class MemoryLimiter {
public:
  MemoryLimiter(func::FuncOp entry, int64_t limit) : entry(entry), limit(limit), target(limit) {}

  /// Recomputes what brings the arena below the limit, the cheapest first, as far as that helps.
  LogicalResult run() {
    FailureOr<MemoryProfile> made = MemoryProfile::make(entry);
    if (failed(made))
      return failure();
    profile = std::move(*made);
    while (profile.getArenaBytes() > limit) {
      // Tensors that are live together may fit, and still not lie without gaps.
      if (getExcess(profile.getLiveBytes()) == 0) {
        target -= std::max(profile.getArenaBytes() - limit, limit / 100 + 1);
        if (target <= 0)
          break;
        continue;
      }
      Candidate best = findBest();
      if (!best.tensor)
        break;
      if (failed(apply(best)))
        return failure();
    }
    return success();
  }

  int64_t getArenaBytes() const { return profile.getArenaBytes(); }
  int64_t getRecomputed() const { return recomputed; }

private:
  /// The sum over all steps of what is live above the target.
  double getExcess(llvm::ArrayRef<int64_t> live) const {
    double excess = 0;
    for (int64_t bytes : live)
      excess += std::max<int64_t>(bytes - target, 0);
    return excess;
  }

  Candidate findBest() {
    excess = getExcess(profile.getLiveBytes());
    Candidate best;
    for (KernelOp kernel : entry.getOps<KernelOp>())
      for (Value result : kernel.getOutputs())
        if (const ArenaTensor *tensor = profile.getTensor(result))
          for (auto [number, reader] : llvm::enumerate(tensor->readers)) {
            int64_t last = number ? tensor->readers[number - 1].first.last : tensor->definition.last;
            if (reader.first.first > last + 1 && isAbove(last + 1, reader.first.first))
              improve(best, result, last, reader.first, reader.second);
          }
    return best;
  }

  /// Whether a step from `first` to before `end` is above the target.
  bool isAbove(int64_t first, int64_t end) const {
    return llvm::any_of(profile.getLiveBytes().slice(first, end - first),
                        [&](int64_t bytes) { return bytes > target; });
  }

  /// Makes `best` the cheapest way of not keeping `tensor` between the steps `last` and `reader`, if it is better. What
  /// the kernel reads and nobody keeps until then is kept, or computed again, too, to any depth.
  void improve(Candidate &best, Value tensor, int64_t last, const Steps &reader, Operation *readerOp) {
    Candidate candidate{tensor, readerOp, {}, 0};
    llvm::SmallVector<Operation *> level{tensor.getDefiningOp()};
    double nanoseconds = 0;
    while (!level.empty() && candidate.kernels.size() + level.size() <= mostKernels) {
      for (Operation *kernel : level)
        if (candidate.kernels.insert(kernel))
          nanoseconds += getNanoseconds(llvm::cast<KernelOp>(kernel));
      llvm::SetVector<Value> missing = getMissing(candidate.kernels, reader.first);
      double gain = getGain(candidate, missing, last, reader.first) / (nanoseconds + 1);
      if (gain > best.gain && !rejected.contains(getKey(candidate))) {
        best = candidate;
        best.gain = gain;
      }
      level.clear();
      for (Value value : missing)
        if (auto kernel = value.getDefiningOp<KernelOp>())
          level.push_back(kernel);
    }
  }

  /// Tensors that `kernels` read and that nobody else reads at `step` or later.
  llvm::SetVector<Value> getMissing(const llvm::SmallSetVector<Operation *, 8> &kernels, int64_t step) const {
    llvm::SetVector<Value> missing;
    for (Operation *kernel : kernels)
      for (Value operand : kernel->getOperands()) {
        Value memory = getMemory(operand);
        const ArenaTensor *tensor = profile.getTensor(memory);
        if (tensor && getLastStep(*tensor) < step && !kernels.contains(memory.getDefiningOp()))
          missing.insert(memory);
      }
    return missing;
  }

  static int64_t getLastStep(const ArenaTensor &tensor) {
    return tensor.readers.empty() ? tensor.definition.last : tensor.readers.back().first.last;
  }

  /// How much of the excess `candidate` takes away, if the tensors `missing` are kept.
  double getGain(const Candidate &candidate, const llvm::SetVector<Value> &missing, int64_t last, int64_t step) const {
    llvm::SmallVector<int64_t> live(profile.getLiveBytes());
    int64_t bytes = profile.getTensor(candidate.tensor)->bytes;
    for (int64_t at = last + 1; at < step; ++at)
      live[at] -= bytes;
    for (Value value : missing) {
      const ArenaTensor &tensor = *profile.getTensor(value);
      for (int64_t at = getLastStep(tensor) + 1; at <= step; ++at)
        live[at] += tensor.bytes;
    }
    for (Operation *kernel : candidate.kernels)
      for (Value result : kernel->getResults())
        if (const ArenaTensor *tensor = profile.getTensor(result); tensor && result != candidate.tensor)
          live[step] += tensor->bytes;
    return excess - getExcess(live);
  }

  double getNanoseconds(KernelOp kernel) {
    auto [entry, isNew] = costs.try_emplace(kernel, 0);
    if (!isNew)
      return entry->second;
    double nanoseconds = 0;
    if (FailureOr<KernelShapes> shapes = KernelShapes::analyze(kernel); succeeded(shapes))
      nanoseconds = evaluate(estimateNanoseconds(kernel, estimateCost(kernel, *shapes)), 1);
    return costs[kernel] = nanoseconds;
  }

  using Key = std::tuple<Operation *, Operation *, size_t>;
  static Key getKey(const Candidate &candidate) {
    return {candidate.tensor.getDefiningOp(), candidate.reader, candidate.kernels.size()};
  }

  /// Computes again, and takes it back if the plan is no better for it.
  LogicalResult apply(const Candidate &candidate) {
    llvm::SmallVector<Operation *> kernels(candidate.kernels.begin(), candidate.kernels.end()), added;
    llvm::sort(kernels, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    OpBuilder builder(candidate.reader);
    IRMapping again;
    for (Operation *kernel : kernels) {
      for (Value operand : kernel->getOperands())
        copyAliases(operand, builder, again, added);
      Operation *copy = builder.clone(*kernel, again);
      llvm::StringRef name = llvm::cast<KernelOp>(kernel).getKernelName();
      llvm::cast<KernelOp>(copy).setKernelName((name + (name.ends_with(suffix) ? "" : suffix)).str());
      added.push_back(copy);
    }
    llvm::SmallVector<std::pair<OpOperand *, Value>> moved;
    moveReaders(candidate.tensor, candidate.reader, builder, again, added, moved);

    FailureOr<MemoryProfile> made = MemoryProfile::make(entry);
    if (failed(made))
      return failure();
    bool isBetter = getExcess(made->getLiveBytes()) < excess;
    LLVM_DEBUG(llvm::dbgs() << (isBetter ? "recompute " : "keep ")
                            << llvm::cast<KernelOp>(candidate.tensor.getDefiningOp()).getKernelName() << " with "
                            << kernels.size() << " kernels: arena " << made->getArenaBytes() << '\n');
    if (isBetter) {
      profile = std::move(*made);
      recomputed += kernels.size();
      return success();
    }
    rejected.insert(getKey(candidate));
    for (auto [operand, value] : moved)
      operand->set(value);
    for (Operation *op : llvm::reverse(added))
      op->erase();
    return success();
  }

  /// If `value` is another view of a result that is computed again, makes that view of the new result.
  static void copyAliases(Value value, OpBuilder &builder, IRMapping &again,
                          llvm::SmallVectorImpl<Operation *> &added) {
    Operation *op = value.getDefiningOp();
    if (again.contains(value) || !op || !isAlias(op) || !again.contains(getMemory(value)))
      return;
    copyAliases(op->getOperand(0), builder, again, added);
    added.push_back(builder.clone(*op, again));
  }

  /// Lets `reader` and what comes after it read the new `value`.
  static void moveReaders(Value value, Operation *reader, OpBuilder &builder, IRMapping &again,
                          llvm::SmallVectorImpl<Operation *> &added,
                          llvm::SmallVectorImpl<std::pair<OpOperand *, Value>> &moved) {
    llvm::SmallVector<OpOperand *> uses;
    for (OpOperand &use : value.getUses())
      uses.push_back(&use);
    for (OpOperand *use : uses) {
      Operation *user = use->getOwner();
      if (isAlias(user) && use->getOperandNumber() == 0) {
        if (user->isBeforeInBlock(reader) && !again.contains(user->getResult(0))) {
          if (!isReadFrom(user->getResult(0), reader))
            continue;
          copyAliases(user->getResult(0), builder, again, added);
        }
        if (user->isBeforeInBlock(reader)) {
          moveReaders(user->getResult(0), reader, builder, again, added, moved);
          continue;
        }
      }
      if (user->isBeforeInBlock(reader) || llvm::is_contained(added, user))
        continue;
      moved.push_back({use, value});
      use->set(again.lookup(value));
    }
  }

  /// Whether `reader` or an op after it reads `value` or an alias of it.
  static bool isReadFrom(Value value, Operation *reader) {
    return llvm::any_of(getReaders(value), [&](Operation *user) { return !user->isBeforeInBlock(reader); });
  }

  static constexpr size_t mostKernels = 32;
  static constexpr const char *suffix = ".again";

  func::FuncOp entry;
  int64_t limit, target;
  MemoryProfile profile;
  double excess = 0;
  int64_t recomputed = 0;
  llvm::DenseMap<Operation *, double> costs;
  llvm::DenseSet<Key> rejected;
};

class Recompute final : public dlc::impl::RecomputeBase<Recompute> {
  using RecomputeBase::RecomputeBase;

  void runOnOperation() override {
    if (memoryLimit == 0)
      return;
    ModuleOp module = getOperation();
    int64_t variableBytes = 0;
    for (auto parameter : module.getOps<ParameterOp>()) {
      auto type = llvm::cast<RankedTensorType>(parameter.getType());
      variableBytes += llvm::alignTo(*constantDim(getBufferBytes(type, staticDims(type))), bufferAlignment);
    }
    for (auto entry : module.getOps<func::FuncOp>()) {
      if (entry.isPrivate())
        continue;
      MemoryLimiter limiter(entry, std::max<int64_t>(memoryLimit - variableBytes, 0));
      if (failed(limiter.run()))
        return signalPassFailure();
      kernelsAgain += limiter.getRecomputed();
      if (limiter.getArenaBytes() + variableBytes > memoryLimit) {
        auto diagnostic = entry.emitError("'")
                          << entry.getSymName() << "' takes " << formatBytes(limiter.getArenaBytes() + variableBytes)
                          << ", more than --memory-limit allows (" << formatBytes(memoryLimit)
                          << "): " << formatBytes(limiter.getArenaBytes()) << " for tensors, though "
                          << limiter.getRecomputed() << " kernels run again to keep fewer";
        if (variableBytes)
          diagnostic << ", and " << formatBytes(variableBytes) << " for variables";
        diagnostic << "; a smaller batch takes less";
        return signalPassFailure();
      }
    }
  }

  static std::string formatBytes(int64_t bytes) {
    return bytes < 10000000 ? llvm::formatv("{0:f1} kB", bytes / 1e3).str()
                            : llvm::formatv("{0:f1} MB", bytes / 1e6).str();
  }
};

} // namespace
