// SPDX-License-Identifier: Apache-2.0
// cp.async: copies of a lane to shared memory that are done when they are waited for, no earlier. What they will write
// is poisoned when they are issued, so that reading it before shows.
#pragma once
#include "test/fake_cuda/machine/Warp.h"

namespace fake_cuda {

struct AsyncCopies {
  struct Copy {
    uint32_t to = 0;               // shared address
    uint32_t bytes = 0, valid = 0; // the rest becomes zero
    uint64_t from = 0;
  };
  std::vector<Copy> open[32];               // of each lane, not yet committed
  std::deque<std::vector<Copy>> groups[32]; // committed
  /// Does the oldest groups of a lane until `left` are left.
  void complete(Warp &warp, unsigned lane, size_t left);
  void completeOpen(Warp &warp, unsigned lane);
};

} // namespace fake_cuda
