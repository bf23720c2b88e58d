// SPDX-License-Identifier: Apache-2.0
// A warp: 32 lanes with registers, program counters and work in flight.
#pragma once
#include "test/fake_cuda/ptx/Program.h"
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace fake_cuda {

struct Block;
struct AsyncCopies;
struct WgmmaQueue;

constexpr uint32_t allLanes = ~0u;

/// Calls `function` with the number of each lane in `lanes`.
template <typename F> inline void forEachLane(uint32_t lanes, F &&function) {
  for (; lanes; lanes &= lanes - 1)
    function(static_cast<unsigned>(__builtin_ctz(lanes)));
}

struct Warp {
  Block *block = nullptr;
  const Kernel *kernel = nullptr;
  uint8_t *registers = nullptr; // base; constants are below it
  uint8_t *local = nullptr;     // [lane][localBytes]
  unsigned number = 0;

  // Lanes run in groups that share a program counter. `active` is the group that runs; the others keep theirs in `pcs`.
  uint32_t live = 0, active = 0, parked = 0; // parked: before an .aligned instruction, until the others come
  int32_t pc = 0;
  int32_t pcs[32] = {};
  int32_t nextOther = INT32_MAX; // the smallest pc of the lanes that are neither active nor parked
  std::vector<int32_t> callStacks[32];

  enum State : uint8_t { Ready, AtBarrier, Waiting, Done } state = Ready;
  bool repeats = false;    // set by a handler: the instruction is not done, run it again
  bool isReleased = false; // from the barrier that it comes back to: bar.red
  uint32_t carry = 0;      // of add.cc and its like, a bit per lane
  uint64_t instructions = 0;

  std::unique_ptr<WgmmaQueue> products; // wgmma.mma_async
  std::unique_ptr<AsyncCopies> copies;  // cp.async
  std::vector<uint32_t> clock;          // of each warp of the block, as far as this one has synchronized with it

  template <typename T> T *lanes(RegisterOffset slot) { return reinterpret_cast<T *>(registers + slot); }
  uint32_t &predicate(RegisterOffset slot) { return *reinterpret_cast<uint32_t *>(registers + slot); }

  /// Runs up to `steps` instructions, or until the warp has to wait or has ended.
  void run(int64_t steps);
  /// Chooses the lanes at the smallest program counter, or with `other` some group that is not there.
  void regroup(bool other = false);

  Warp();
  ~Warp();
  Warp(const Warp &) = delete;
  Warp &operator=(const Warp &) = delete;

private:
  void storeActive();
  bool gather(const Instruction &instruction);
  void branch(const Instruction &instruction, uint32_t taken);
  void call(const Instruction &instruction, uint32_t taken);
  void checkWgmmaRegisters(size_t index);
  void leave(uint32_t lanes, bool exits);
};

} // namespace fake_cuda
