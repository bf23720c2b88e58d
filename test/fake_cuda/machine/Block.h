// SPDX-License-Identifier: Apache-2.0
// A block of a grid: shared memory, barriers, and the warps that run on them.
#pragma once
#include "test/fake_cuda/machine/Launch.h"
#include "test/fake_cuda/machine/Warp.h"
#include <map>
#include <random>

namespace fake_cuda {

struct TensorQueue;
class RaceDetector;

/// One of a block's sixteen barriers.
struct NamedBarrier {
  uint32_t expected = 0; // threads; 0: nobody has come yet
  uint32_t arrived = 0;
  uint32_t waiting = 0;                   // a bit per warp
  bool waitsForAll = false;               // no count was given: all warps that have not ended
  uint32_t voters = 0, votes = 0;         // bar.red: threads that voted, and for true
  uint32_t lastVoters = 0, lastVotes = 0; // of the round before
  std::vector<uint32_t> clock;            // of those who have arrived
};

/// Its phase ends when nobody and no byte is missing.
struct Mbarrier {
  uint32_t expected = 0, pending = 0; // arrivals
  int64_t transactionBytes = 0;
  uint32_t phase = 0;
  std::vector<uint32_t> clock, published; // of those who have arrived; the same at the end of the last phase
};

struct Block {
  const Kernel *kernel = nullptr;
  const LaunchShape *shape = nullptr;
  const LaunchOptions *options = nullptr;
  const Memory *memory = nullptr;
  const uint8_t *parameters = nullptr;
  uint32_t parameterBytes = 0;
  uint32_t id[3] = {};
  uint32_t linearId = 0;

  std::vector<uint8_t> sharedStorage;
  uint8_t *shared = nullptr;
  uint32_t sharedBytes = 0;
  std::vector<std::unique_ptr<Warp>> warps;
  std::vector<uint8_t> registerStorage, localStorage;
  NamedBarrier barriers[16];
  std::map<uint32_t, Mbarrier> mbarriers; // by address
  std::unique_ptr<TensorQueue> tensorCopies;
  std::unique_ptr<RaceDetector> races; // null: not wanted
  std::minstd_rand random;
  Counters counters;
  uint64_t quanta = 0;

  Block();
  ~Block();
  Block(const Block &) = delete;
  Block &operator=(const Block &) = delete;

  /// Registers, constants and local memory for the warps of `shape`: once per launch.
  void prepare();
  /// Begins block `x, y, z`: fresh shared memory, warps at the first instruction.
  void begin(uint32_t x, uint32_t y, uint32_t z);
  /// Runs one warp for a while. Returns false if none could run.
  bool runSome();
  bool isDone() const;
  /// The end of a block: nothing may be in flight.
  void finish();
  /// Where each warp is, for the message about a block that hangs.
  std::string describeWaiting() const;

  uint8_t *sharedAt(uint64_t offset, uint64_t bytes);
  uint32_t liveThreads() const;
  /// Lets those who wait at a barrier go if all have come.
  void settleBarrier(NamedBarrier &barrier);
  /// A warp has ended: barriers that waited for all warps may be complete.
  void warpEnded();
};

} // namespace fake_cuda
