// SPDX-License-Identifier: Apache-2.0
#include "test/fake_cuda/instructions/GlobalAccess.h"
#include "test/fake_cuda/machine/Block.h"
#include "test/fake_cuda/machine/Races.h"
#include "test/fake_cuda/ptx/Error.h"
#include <algorithm>

namespace fake_cuda {

void computeAddresses(Warp &warp, RegisterOffset base, unsigned baseBytes, int64_t displacement, Space space,
                      uint32_t lanes, LaneAddresses &result) {
  (void)lanes;
  uint64_t window = space == Space::Shared      ? sharedWindow
                    : space == Space::Local     ? localWindow
                    : space == Space::Parameter ? parameterWindow
                                                : 0;
  uint64_t offset = static_cast<uint64_t>(displacement);
  // Addresses in a window of their own wrap at 32 bits, and must not leave it.
  if (baseBytes == 4) {
    const uint32_t *values = warp.lanes<uint32_t>(base);
    for (unsigned lane = 0; lane < 32; ++lane)
      result.address[lane] = window + static_cast<uint32_t>(values[lane] + static_cast<uint32_t>(offset));
    return;
  }
  const uint64_t *values = warp.lanes<uint64_t>(base);
  for (unsigned lane = 0; lane < 32; ++lane)
    result.address[lane] = window + values[lane] + offset;
}

static uint8_t *resolveOne(Warp &warp, unsigned lane, uint64_t address, uint64_t bytes) {
  Block &block = *warp.block;
  if (address < parameterWindow) {
    if (address % bytes)
      throw Error("misaligned access of " + std::to_string(bytes) + " bytes in lane " + std::to_string(lane));
    return block.memory->at(address, bytes);
  }
  if (address >= sharedWindow)
    return block.sharedAt(address - sharedWindow, bytes);
  bool isLocal = address >= localWindow;
  uint64_t offset = address - (isLocal ? localWindow : parameterWindow),
           limit = isLocal ? warp.kernel->localBytes : block.parameterBytes;
  if (offset > limit || bytes > limit - offset)
    throw Error(std::string(isLocal ? "local" : "parameter") + " address " + std::to_string(offset) + " out of bounds");
  if (isLocal)
    return warp.local + static_cast<uint64_t>(lane) * limit + offset;
  return const_cast<uint8_t *>(block.parameters) + offset;
}

void resolve(Warp &warp, uint32_t lanes, uint64_t bytes, LaneAddresses &result) {
  uint64_t least = UINT64_MAX, most = 0, all = 0;
  if (lanes == allLanes) {
    for (unsigned lane = 0; lane < 32; ++lane) {
      least = std::min(least, result.address[lane]);
      most = std::max(most, result.address[lane]);
      all |= result.address[lane];
    }
  } else {
    forEachLane(lanes, [&](unsigned lane) {
      least = std::min(least, result.address[lane]);
      most = std::max(most, result.address[lane]);
      all |= result.address[lane];
    });
  }
  // Mostly all lanes are in one allocation, or all in shared memory.
  if (all % bytes == 0) {
    if (most < parameterWindow) {
      if (const Allocation *allocation = warp.block->memory->find(least, most - least + bytes)) {
        uint64_t shift = reinterpret_cast<uint64_t>(allocation->host) - allocation->address;
        for (unsigned lane = 0; lane < 32; ++lane)
          result.host[lane] = reinterpret_cast<uint8_t *>(result.address[lane] + shift);
        return;
      }
    } else if (least >= sharedWindow && most - sharedWindow + bytes <= warp.block->sharedBytes) {
      uint64_t shift = reinterpret_cast<uint64_t>(warp.block->shared) - sharedWindow;
      for (unsigned lane = 0; lane < 32; ++lane)
        result.host[lane] = reinterpret_cast<uint8_t *>(result.address[lane] + shift);
      return;
    }
  }
  forEachLane(lanes, [&](unsigned lane) { result.host[lane] = resolveOne(warp, lane, result.address[lane], bytes); });
}

void countRequest(Warp &warp, const LaneAddresses &addresses, uint32_t lanes, uint64_t bytes) {
  uint64_t first = addresses.address[__builtin_ctz(lanes)];
  if (first >= sharedWindow)
    countShared(warp, addresses.address, lanes, bytes);
  else if (first < parameterWindow)
    countGlobal(warp, addresses.address, lanes, bytes);
}

/// Sectors of 32 bytes, each counted once per request.
void countGlobal(Warp &warp, const uint64_t (&addresses)[32], uint32_t lanes, uint64_t bytes) {
  uint64_t sectors[64];
  size_t count = 0;
  forEachLane(lanes, [&](unsigned lane) {
    for (uint64_t sector = addresses[lane] / 32; sector <= (addresses[lane] + bytes - 1) / 32; ++sector)
      if (count == 0 || sectors[count - 1] != sector)
        sectors[count++] = sector;
  });
  std::sort(sectors, sectors + count);
  uint64_t touched = static_cast<uint64_t>(std::unique(sectors, sectors + count) - sectors);
  uint64_t least = (bytes * static_cast<uint64_t>(__builtin_popcount(lanes)) + 31) / 32;
  warp.block->counters.sectors += touched;
  warp.block->counters.leastSectors += std::min(touched, least);
}

/// Requests of 8 and 16 bytes are served in two and four parts; a part takes as many passes as its busiest bank has
/// different words.
void countShared(Warp &warp, const uint64_t (&addresses)[32], uint32_t lanes, uint64_t bytes) {
  const unsigned lanesAtOnce = bytes > 8 ? 8 : bytes > 4 ? 16 : 32;
  for (unsigned first = 0; first < 32; first += lanesAtOnce) {
    uint64_t words[128];
    size_t count = 0;
    for (unsigned lane = first; lane < first + lanesAtOnce; ++lane)
      if (lanes >> lane & 1)
        for (uint64_t word = addresses[lane] / 4; word <= (addresses[lane] + bytes - 1) / 4; ++word)
          words[count++] = word;
    std::sort(words, words + count);
    count = static_cast<size_t>(std::unique(words, words + count) - words);
    unsigned busy[32] = {}, most = 0;
    for (size_t i = 0; i < count; ++i)
      most = std::max(most, ++busy[words[i] % 32]);
    warp.block->counters.sharedPasses += most;
    warp.block->counters.leastSharedPasses += (count + 31) / 32;
  }
}

template <typename F> static void eachShared(const uint64_t (&addresses)[32], uint32_t lanes, F &&function) {
  if (addresses[__builtin_ctz(lanes)] < sharedWindow)
    return;
  forEachLane(lanes, [&](unsigned lane) { function(addresses[lane] - sharedWindow); });
}

void noteSharedReads(Warp &warp, const uint64_t (&addresses)[32], uint32_t lanes, uint64_t bytes) {
  if (RaceDetector *races = warp.block->races.get())
    eachShared(addresses, lanes, [&](uint64_t offset) { races->read(warp, offset, bytes); });
}

void noteSharedWrites(Warp &warp, const uint64_t (&addresses)[32], uint32_t lanes, uint64_t bytes) {
  if (RaceDetector *races = warp.block->races.get())
    eachShared(addresses, lanes, [&](uint64_t offset) { races->write(warp, offset, bytes); });
}

} // namespace fake_cuda
