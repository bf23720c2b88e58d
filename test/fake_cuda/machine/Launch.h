// SPDX-License-Identifier: Apache-2.0
// One launch of a kernel, and what it counts.
#pragma once
#include "test/fake_cuda/machine/Memory.h"
#include "test/fake_cuda/ptx/Program.h"

namespace fake_cuda {

struct LaunchShape {
  uint32_t grid[3] = {1, 1, 1};
  uint32_t block[3] = {1, 1, 1};
  uint32_t dynamicSharedBytes = 0;
  bool isCooperative = false; // all blocks are resident, so they may wait for each other
};

/// Traffic is counted a request of a warp at a time, as the hardware's counters do.
struct Counters {
  uint64_t instructions = 0; // of warps
  uint64_t sectors = 0;      // of 32 bytes of global memory that requests touch
  uint64_t leastSectors = 0; // as few as the bytes of each request need
  uint64_t sharedPasses = 0; // over the 32 banks of shared memory
  uint64_t leastSharedPasses = 0;
  uint64_t tensorBytes = 0; // moved by bulk copies
  void add(const Counters &other);
};

struct LaunchOptions {
  uint64_t seed = 0;            // of the schedule of blocks and warps
  uint64_t maxInstructions = 0; // of a block's warps before it counts as hanging; 0: the default
  bool countsTraffic = false;   // sectors and passes, which take time
  bool detectsRaces = true;     // of accesses to shared memory
  uint32_t multiprocessors = 4;
};

/// Runs all blocks. Throws Error with the kernel's name, the line and the thread for what a kernel does wrong.
Counters runKernel(const Kernel &kernel, const LaunchShape &shape, const std::vector<uint8_t> &parameters,
                   const Memory &memory, const LaunchOptions &options);

} // namespace fake_cuda
