// SPDX-License-Identifier: Apache-2.0
// Bulk copies in flight: cp.async.bulk and cp.async.bulk.tensor (TMA).
//
// To shared memory: the destination is poisoned when the copy is issued and written some time later, in an order that
// the seed decides; then the copy's bytes are subtracted from its mbarrier. To global memory: the source is read as
// late as the wait for its bulk group allows, so that shared memory that is overwritten too early shows.
#pragma once
#include "test/fake_cuda/machine/TensorMap.h"
#include "test/fake_cuda/machine/Warp.h"
#include <map>

namespace fake_cuda {

struct BulkCopy {
  bool isTensor = false;
  bool toShared = true;
  TensorMap map;
  int32_t at[5] = {};          // coordinates of the box's first element
  uint32_t shared = 0;         // address in shared memory
  uint64_t global = 0;         // of a copy without a tensor map
  uint64_t bytes = 0;          // of shared memory
  uint32_t barrier = 0;        // to shared memory: the mbarrier's address
  char reduction = 0;          // to global memory: 0 store, 'a'dd, 'm'in, 'M'ax
  unsigned warp = 0;           // who issued it
  unsigned delay = 0;          // turns until it is done
  std::vector<uint32_t> clock; // what the issuing warp knew
};

/// Groups of stores of one thread.
struct BulkGroups {
  std::vector<BulkCopy> open;
  std::deque<std::vector<BulkCopy>> committed;
};

struct TensorQueue {
  std::vector<BulkCopy> loads;
  std::map<unsigned, BulkGroups> stores; // by thread
  /// Does loads whose time has come; with `hurry` at least one.
  void progress(Block &block, bool hurry);
  bool isEmpty() const { return loads.empty(); }
  bool hasStores() const;
};

/// Moves the bytes of `copy`.
void perform(Block &block, const BulkCopy &copy);

} // namespace fake_cuda
