// SPDX-License-Identifier: Apache-2.0
// membar and fence. Stores are visible to all at once here, so that only fences between proxies change anything.
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/Lanes.h"
#include "test/fake_cuda/machine/Block.h"
#include "test/fake_cuda/machine/Races.h"

namespace fake_cuda {

namespace {

void ignore(Warp &, const Instruction &, uint32_t) {}

void fenceAsyncProxy(Warp &warp, const Instruction &, uint32_t) {
  if (RaceDetector *races = warp.block->races.get())
    races->fenceAsyncProxy(warp);
}

void decodeFence(Decoder &, const Statement &statement, Instruction &instruction) {
  bool isAsyncProxy = statement.has("proxy") && (statement.has("async") || statement.has("async::generic") ||
                                                 statement.has("async::shared::cta"));
  instruction.run = isAsyncProxy ? fenceAsyncProxy : ignore;
}
} // namespace

void addFences(OpcodeTable &table) {
  table["fence"] = decodeFence;
  table["membar"] = decodeFence;
}

} // namespace fake_cuda
