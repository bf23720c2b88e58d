// SPDX-License-Identifier: Apache-2.0
#include "test/fake_cuda/machine/Races.h"
#include "test/fake_cuda/ptx/Error.h"
#include <algorithm>

namespace fake_cuda {

namespace {
/// Which bytes of word `index` are in [offset, offset + bytes).
uint8_t bytesOfWord(uint64_t index, uint64_t offset, uint64_t bytes) {
  uint64_t begin = index * 4, first = std::max(offset, begin) - begin,
           last = std::min(offset + bytes, begin + 4) - begin;
  return static_cast<uint8_t>((1u << last) - (1u << first));
}

[[noreturn]] void report(const char *what, uint64_t index, unsigned before, const char *how) {
  throw Error(std::string("race on shared memory: ") + what + " of address " + std::to_string(index * 4) +
              ", which warp " + std::to_string(before) + " has " + how + " without a barrier since");
}
} // namespace

void RaceDetector::reset() {
  if (isTouched)
    std::fill(words.begin(), words.end(), Word());
  unfenced.clear();
  isTouched = false;
}

void RaceDetector::readWord(const Warp &warp, uint64_t index, uint8_t bytes) {
  Word &word = words[index];
  if ((word.written & bytes) && word.writer != warp.number && word.writeTime > warp.clock[word.writer])
    report("read", index, word.writer, "written");
  unsigned slot = word.reader[0] == warp.number || word.read[0] == 0 ? 0 : 1;
  if (slot == 0 && word.readTime[0] == warp.clock[warp.number] && word.reader[0] == warp.number) {
    word.read[0] |= bytes;
    return;
  }
  if (slot == 1 && word.reader[1] != warp.number) { // the older of the two goes
    word.reader[1] = word.reader[0];
    word.readTime[1] = word.readTime[0];
    word.read[1] = word.read[0];
    slot = 0;
  }
  word.reader[slot] = static_cast<uint8_t>(warp.number);
  word.readTime[slot] = warp.clock[warp.number];
  word.read[slot] = bytes;
}

void RaceDetector::writeWord(const Warp &warp, uint64_t index, uint8_t bytes, bool isAsync) {
  Word &word = words[index];
  if ((word.written & bytes) && word.writer != warp.number && word.writeTime > warp.clock[word.writer])
    report("write", index, word.writer, "written");
  for (unsigned slot = 0; slot < 2; ++slot)
    if ((word.read[slot] & bytes) && word.reader[slot] != warp.number &&
        word.readTime[slot] > warp.clock[word.reader[slot]])
      report("write", index, word.reader[slot], "read");
  word.writer = static_cast<uint8_t>(warp.number);
  word.written = word.writeTime == warp.clock[warp.number] && word.writer == warp.number ? word.written | bytes : bytes;
  word.writeTime = warp.clock[warp.number];
  word.read[0] = word.read[1] = 0;
  if (!isAsync && !word.isUnfenced)
    unfenced.push_back(static_cast<uint32_t>(index));
  word.isUnfenced = !isAsync;
}

void RaceDetector::read(const Warp &warp, uint64_t offset, uint64_t bytes) {
  isTouched = true;
  for (uint64_t index = offset / 4; index <= (offset + bytes - 1) / 4; ++index)
    readWord(warp, index, bytesOfWord(index, offset, bytes));
}

void RaceDetector::write(const Warp &warp, uint64_t offset, uint64_t bytes) {
  isTouched = true;
  for (uint64_t index = offset / 4; index <= (offset + bytes - 1) / 4; ++index)
    writeWord(warp, index, bytesOfWord(index, offset, bytes), false);
}

void RaceDetector::readByAsyncProxy(const Warp &warp, uint64_t offset, uint64_t bytes) {
  isTouched = true;
  for (uint64_t index = offset / 4; index <= (offset + bytes - 1) / 4; ++index) {
    readWord(warp, index, bytesOfWord(index, offset, bytes));
    if (words[index].isUnfenced)
      throw Error("the async proxy reads shared address " + std::to_string(index * 4) + ", which warp " +
                  std::to_string(words[index].writer) + " has stored to without a fence.proxy.async since");
  }
}

void RaceDetector::writeByAsyncProxy(const Warp &warp, uint64_t offset, uint64_t bytes) {
  isTouched = true;
  for (uint64_t index = offset / 4; index <= (offset + bytes - 1) / 4; ++index)
    writeWord(warp, index, bytesOfWord(index, offset, bytes), true);
}

void RaceDetector::fenceAsyncProxy(const Warp &warp) {
  std::erase_if(unfenced, [&](uint32_t index) {
    Word &word = words[index];
    bool isKnown = word.writer == warp.number || word.writeTime <= warp.clock[word.writer];
    if (isKnown)
      word.isUnfenced = false;
    return isKnown;
  });
}

void releaseTo(Warp &warp, std::vector<uint32_t> &clock) {
  clock.resize(warp.clock.size(), 0);
  for (size_t i = 0; i < clock.size(); ++i)
    clock[i] = std::max(clock[i], warp.clock[i]);
  ++warp.clock[warp.number];
}

void acquireFrom(Warp &warp, const std::vector<uint32_t> &clock) {
  for (size_t i = 0; i < clock.size(); ++i)
    warp.clock[i] = std::max(warp.clock[i], clock[i]);
}

} // namespace fake_cuda
