// SPDX-License-Identifier: Apache-2.0
// The block of what a library computes from constants when it is loaded.
#include "analysis/MemoryPlan.h"
#include "ir/Layout.h"

using namespace mlir;

namespace dlc {

/// The last kernel of constants that reads `value`, if nothing else does.
std::optional<int64_t> MemoryPlan::findLastPrepacking(Value value) const {
  int64_t last = 0;
  llvm::SmallVector<Value> pending{value};
  while (!pending.empty())
    for (Operation *user : pending.pop_back_val().getUsers()) {
      if (auto step = prepackingSteps.find(user); step != prepackingSteps.end())
        last = std::max(last, step->second);
      else if (isAlias(user))
        llvm::append_range(pending, user->getResults());
      else
        return std::nullopt;
    }
  return last;
}

/// What runs read has memory of its own: the block is zero at first, and kernels leave halos and the rest of the last
/// blocks of a layout as they are. What only other kernels of constants read shares the rest.
void MemoryPlan::placePrepacked() {
  llvm::SmallVector<ArenaBuffer> temporary;
  llvm::SmallVector<Storage *> storages;
  for (auto [frame, value] : prepacked) {
    Storage &storage = frame->storage[value];
    AffineExpr bytes = frame->getBytes(value);
    std::optional<int64_t> last = shareMemory && !getLayout(value.getType()) ? findLastPrepacking(value) : std::nullopt;
    if (last) {
      int64_t first = prepackingSteps.lookup(value.getDefiningOp());
      temporary.push_back({first, std::max(first, *last), bytes});
      storages.push_back(&storage);
      continue;
    }
    storage.index = prepackedBytes;
    prepackedBytes = llvm::alignTo(prepackedBytes + *constantDim(bytes), bufferAlignment);
  }
  ArenaPlan plan = planArena(temporary, shareMemory, entry->function.getContext());
  for (auto [storage, offset] : llvm::zip_equal(storages, plan.offsets))
    storage->index = prepackedBytes + *constantDim(offset);
  prepackedBytes = llvm::alignTo(prepackedBytes + *constantDim(plan.bytes), bufferAlignment);
}

} // namespace dlc
