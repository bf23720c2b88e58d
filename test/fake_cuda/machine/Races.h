// SPDX-License-Identifier: Apache-2.0
// Races on shared memory: two warps touch a word, one of them writes, and no barrier orders them. Found whatever the
// schedule was, by vector clocks: each warp counts the times at which it has released what it did (arrived at a
// barrier), and knows how far each other warp had come when it last synchronized with it. An access is ordered after
// another warp's if that warp's time then is not later than what this one knows.
//
// Also whether the async proxy (TMA, wgmma) may read what ordinary stores wrote: they need a fence.proxy.async first.
#pragma once
#include "test/fake_cuda/machine/Warp.h"

namespace fake_cuda {

class RaceDetector {
public:
  explicit RaceDetector(uint32_t bytes) : words((bytes + 3) / 4) {}
  void reset();
  void read(const Warp &warp, uint64_t offset, uint64_t bytes);
  void write(const Warp &warp, uint64_t offset, uint64_t bytes);
  /// The async proxy reads [offset, offset + bytes) for `warp`.
  void readByAsyncProxy(const Warp &warp, uint64_t offset, uint64_t bytes);
  /// The async proxy has written; `warp` issued the copy. What it wrote becomes visible with an mbarrier.
  void writeByAsyncProxy(const Warp &warp, uint64_t offset, uint64_t bytes);
  /// fence.proxy.async: what `warp` wrote or knows of becomes visible to the async proxy.
  void fenceAsyncProxy(const Warp &warp);

private:
  // Of the readers since the last write only two are kept: a write that races with reads races with the latest ones.
  struct Word {
    uint32_t writeTime = 0, readTime[2] = {};
    uint8_t writer = 0, reader[2] = {};
    uint8_t written = 0;     // which of the four bytes
    uint8_t read[2] = {};    // the same
    bool isUnfenced = false; // written by stores, not yet visible to the async proxy
  };
  void readWord(const Warp &warp, uint64_t index, uint8_t bytes);
  void writeWord(const Warp &warp, uint64_t index, uint8_t bytes, bool isAsync);
  std::vector<Word> words;
  std::vector<uint32_t> unfenced; // words with isUnfenced, perhaps more than once
  bool isTouched = false;
};

/// A warp publishes what it did to `clock` and begins a new time.
void releaseTo(Warp &warp, std::vector<uint32_t> &clock);
/// A warp learns what others have published there.
void acquireFrom(Warp &warp, const std::vector<uint32_t> &clock);

} // namespace fake_cuda
