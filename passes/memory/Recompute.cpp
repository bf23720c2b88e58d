// SPDX-License-Identifier: Apache-2.0
#include "ir/Layout.h"
#include "ir/OpsKernel.h"
#include "ir/OpsParameter.h"
#include "ir/SharedMemory.h"
#include "passes/Passes.h"
#include "passes/memory/RecomputeCandidates.h"
#include "llvm/Support/FormatVariadic.h"

#define DEBUG_TYPE "dlc-recompute"

namespace dlc {
#define GEN_PASS_DEF_RECOMPUTE
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

namespace {

/// Keeps one entry point below a limit.
class MemoryLimiter {
public:
  MemoryLimiter(MemoryPlan &plan, int64_t limit)
      : entry(plan.getEntry().function), plan(plan), limit(limit), target(limit), candidates(entry, profile) {}

  /// Recomputes what brings the arena below the limit, the cheapest first, as far as that helps. A plan of the whole
  /// memory takes long, so candidates are taken several at once, by what the profile says that they save; a new plan
  /// then shows whether that is so.
  LogicalResult run() {
    FailureOr<MemoryProfile> made = MemoryProfile::make(plan);
    if (failed(made))
      return failure();
    profile = std::move(*made);
    size_t mostAtOnce = 1;
    while (profile.getArenaBytes() > limit) {
      candidates.collect(target);
      double before = candidates.getExcess();
      // Tensors that are live together may fit, and still not be packed without gaps.
      if (before == 0) {
        target -= std::max(profile.getArenaBytes() - limit, limit / 100 + 1);
        if (target <= 0)
          break;
        continue;
      }
      MemoryProfile old = profile;
      llvm::SmallVector<Change> changes = apply(mostAtOnce);
      if (changes.empty())
        break;
      double expected = candidates.getExcess();
      made = MemoryProfile::make(entry);
      if (failed(made))
        return failure();
      profile = std::move(*made);
      double excess = candidates.getExcess();
      LLVM_DEBUG(llvm::dbgs() << changes.size() << " tensors at once: arena " << old.getArenaBytes() << " to "
                              << profile.getArenaBytes() << ", excess " << before << " to " << excess << ", expected "
                              << expected << '\n');
      bool isAsExpected = before - excess >= leastShare * (before - expected);
      if (excess < before && (isAsExpected || changes.size() == 1)) {
        for (const Change &change : changes)
          recomputed += change.candidate.kernels.size();
        mostAtOnce *= 2;
        if (profile.getArenaBytes() <= limit && failed(takeBackSpare(changes)))
          return failure();
        continue;
      }
      // One of them saves less than it seemed to.
      undo(changes);
      profile = std::move(old);
      if (changes.size() == 1)
        candidates.reject(changes.front().candidate);
      mostAtOnce = std::max<size_t>(changes.size() / 4, 1);
    }
    return success();
  }

  int64_t getArenaBytes() const { return profile.getArenaBytes(); }
  int64_t getRecomputed() const { return recomputed; }

private:
  /// What has been done for one candidate.
  struct Change {
    RecomputeCandidate candidate;
    llvm::SmallVector<Operation *> added;
    llvm::SmallVector<std::pair<OpOperand *, Value>> moved; ///< and what these operands were
  };

  /// Computes again what the best candidates say, until that should be enough, but `most` of them at most.
  llvm::SmallVector<Change> apply(size_t most) {
    llvm::SmallVector<Change> changes;
    while (changes.size() < most && candidates.getExcess() > 0) {
      RecomputeCandidate best = candidates.takeBest();
      if (!best.tensor)
        break;
      apply(changes.emplace_back(Change{best, {}, {}}));
      candidates.noteAdded(changes.back().added);
    }
    return changes;
  }

  void apply(Change &change) {
    const RecomputeCandidate &candidate = change.candidate;
    llvm::SmallVector<Operation *> kernels(candidate.kernels.begin(), candidate.kernels.end()), copies;
    llvm::sort(kernels, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    OpBuilder builder(candidate.reader);
    IRMapping again;
    for (Operation *kernel : kernels) {
      for (Value operand : kernel->getOperands())
        copyAliases(operand, builder, again, change.added);
      Operation *copy = copies.emplace_back(builder.clone(*kernel, again));
      llvm::StringRef name = llvm::cast<KernelOp>(kernel).getKernelName();
      llvm::cast<KernelOp>(copy).setKernelName((name + (name.ends_with(suffix) ? "" : suffix)).str());
      change.added.push_back(copy);
    }
    moveReaders(candidate.tensor, candidate.reader, builder, again, change.added, change.moved);
    profile.computeAgain(candidate.tensor, candidate.reader, kernels, copies);
  }

  /// Takes back the last of `changes`, which were taken together, as long as the arena stays below the limit.
  LogicalResult takeBackSpare(llvm::SmallVector<Change> &changes) {
    while (changes.size() > 1) {
      undo(changes.back());
      FailureOr<MemoryProfile> made = MemoryProfile::make(entry);
      if (failed(made))
        return failure();
      if (made->getArenaBytes() > limit) {
        MemoryProfile last = profile;
        Change again{changes.back().candidate, {}, {}};
        apply(again);
        profile = std::move(last);
        break;
      }
      profile = std::move(*made);
      recomputed -= static_cast<int64_t>(changes.pop_back_val().candidate.kernels.size());
    }
    return success();
  }

  void undo(llvm::MutableArrayRef<Change> changes) {
    for (Change &change : llvm::reverse(changes)) {
      for (auto [operand, value] : change.moved)
        operand->set(value);
      candidates.forget(change.added);
      for (Operation *op : llvm::reverse(change.added))
        op->erase();
    }
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

  /// Candidates are taken together as long as they save this share of what they should.
  static constexpr double leastShare = 0.9;
  static constexpr const char *suffix = ".again";

  func::FuncOp entry;
  MemoryPlan &plan; ///< of the entry point as it was
  int64_t limit, target;
  MemoryProfile profile;
  RecomputeCandidates candidates;
  int64_t recomputed = 0;
};

class Recompute final : public dlc::impl::RecomputeBase<Recompute> {
  using RecomputeBase::RecomputeBase;

  void runOnOperation() override {
    if (memoryLimit == 0)
      return markAllAnalysesPreserved();
    ModuleOp module = getOperation();
    int64_t variableBytes = 0;
    bool hasChanged = false;
    for (auto parameter : module.getOps<ParameterOp>()) {
      auto type = llvm::cast<RankedTensorType>(parameter.getType());
      variableBytes += llvm::alignTo(*constantDim(getBufferBytes(type, staticDims(type))), bufferAlignment);
    }
    for (auto entry : module.getOps<func::FuncOp>()) {
      if (entry.isPrivate())
        continue;
      FailureOr<MemoryPlan> &plan = getChildAnalysis<MemoryPlanAnalysis>(entry).plan;
      if (failed(plan))
        return signalPassFailure();
      MemoryLimiter limiter(*plan, std::max<int64_t>(memoryLimit - variableBytes, 0));
      if (failed(limiter.run()))
        return signalPassFailure();
      hasChanged |= limiter.getRecomputed() > 0;
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
    if (!hasChanged)
      markAllAnalysesPreserved();
  }

  static std::string formatBytes(int64_t bytes) {
    return bytes < 10000000 ? llvm::formatv("{0:f1} kB", bytes / 1e3).str()
                            : llvm::formatv("{0:f1} MB", bytes / 1e6).str();
  }
};

} // namespace
