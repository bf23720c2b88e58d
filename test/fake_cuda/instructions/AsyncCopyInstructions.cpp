// SPDX-License-Identifier: Apache-2.0
#include "test/fake_cuda/instructions/AsyncCopies.h"
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/GlobalAccess.h"
#include "test/fake_cuda/instructions/Lanes.h"
#include "test/fake_cuda/machine/Block.h"
#include "test/fake_cuda/machine/Races.h"
#include <cstring>

namespace fake_cuda {

static void perform(Warp &warp, const std::vector<AsyncCopies::Copy> &copies) {
  for (const AsyncCopies::Copy &copy : copies) {
    uint8_t *to = warp.block->sharedAt(copy.to, copy.bytes);
    memset(to + copy.valid, 0, copy.bytes - copy.valid);
    if (copy.valid)
      memcpy(to, warp.block->memory->at(copy.from, copy.valid), copy.valid);
    if (RaceDetector *races = warp.block->races.get())
      races->writeByAsyncProxy(warp, copy.to, copy.bytes);
  }
}

void AsyncCopies::complete(Warp &warp, unsigned lane, size_t left) {
  for (; groups[lane].size() > left; groups[lane].pop_front())
    perform(warp, groups[lane].front());
}

void AsyncCopies::completeOpen(Warp &warp, unsigned lane) {
  perform(warp, open[lane]);
  open[lane].clear();
}

namespace {

AsyncCopies &copiesOf(Warp &warp) {
  if (!warp.copies)
    warp.copies = std::make_unique<AsyncCopies>();
  return *warp.copies;
}

struct CopyDetails : Details {
  Address to, from;
  uint32_t bytes = 0;
  RegisterOffset valid = Decoder::ignored;   // bytes to copy; the rest is zero
  RegisterOffset skipped = Decoder::ignored; // predicate: fill with zeros
};

void issue(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const auto &details = *static_cast<const CopyDetails *>(instruction.details);
  LaneAddresses to, from;
  computeAddresses(warp, details.to.base, details.to.baseBytes, details.to.displacement, Space::Shared, lanes, to);
  computeAddresses(warp, details.from.base, details.from.baseBytes, details.from.displacement, Space::Global, lanes,
                   from);
  AsyncCopies &copies = copiesOf(warp);
  uint32_t reading = 0;
  forEachLane(lanes, [&](unsigned lane) {
    AsyncCopies::Copy copy;
    copy.to = static_cast<uint32_t>(to.address[lane] - sharedWindow);
    copy.from = from.address[lane];
    copy.bytes = copy.valid = details.bytes;
    if (details.valid != Decoder::ignored)
      copy.valid = warp.lanes<uint32_t>(details.valid)[lane];
    if (details.skipped != Decoder::ignored && warp.predicate(details.skipped) >> lane & 1)
      copy.valid = 0;
    if (copy.valid > copy.bytes)
      throw Error("cp.async of " + std::to_string(copy.valid) + " valid bytes of " + std::to_string(copy.bytes));
    if (copy.from % copy.bytes)
      throw Error("cp.async from a misaligned address");
    reading |= static_cast<uint32_t>(copy.valid != 0) << lane;
    memset(warp.block->sharedAt(copy.to, copy.bytes), 0xff, copy.bytes);
    copies.open[lane].push_back(copy);
  });
  // Products of CUTLASS and Triton read by wgmma what cp.async has written without a proxy fence between.
  if (RaceDetector *races = warp.block->races.get())
    forEachLane(lanes,
                [&](unsigned lane) { races->writeByAsyncProxy(warp, to.address[lane] - sharedWindow, details.bytes); });
  if (warp.block->options->countsTraffic) {
    countShared(warp, to.address, lanes, details.bytes);
    if (reading)
      countGlobal(warp, from.address, reading, details.bytes);
  }
}

void commit(Warp &warp, const Instruction &, uint32_t lanes) {
  AsyncCopies &copies = copiesOf(warp);
  forEachLane(lanes, [&](unsigned lane) {
    copies.groups[lane].push_back(std::move(copies.open[lane]));
    copies.open[lane].clear();
  });
}

void waitForGroups(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  AsyncCopies &copies = copiesOf(warp);
  forEachLane(lanes, [&](unsigned lane) { copies.complete(warp, lane, static_cast<size_t>(instruction.value)); });
}

void waitForAll(Warp &warp, const Instruction &, uint32_t lanes) {
  AsyncCopies &copies = copiesOf(warp);
  forEachLane(lanes, [&](unsigned lane) {
    copies.complete(warp, lane, 0);
    copies.completeOpen(warp, lane);
  });
}

void decodeCopy(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  if (statement.has("bulk") || statement.opcode.at(1) == "reduce")
    return decodeBulkCopy(decoder, statement, instruction);
  if (statement.has("commit_group")) {
    instruction.run = commit;
    return;
  }
  if (statement.has("wait_all")) {
    instruction.run = waitForAll;
    return;
  }
  if (statement.has("wait_group")) {
    instruction.value = decoder.immediate(statement.operands.at(0));
    instruction.run = waitForGroups;
    return;
  }
  if (statement.has("mbarrier"))
    return decodeArriveAfterCopies(decoder, statement, instruction);
  expectOperands(statement, 3, 5); // the last may be a cache policy
  auto &details = decoder.addDetails<CopyDetails>(instruction);
  details.to = decoder.address(statement.operands[0]);
  details.from = decoder.address(statement.operands[1]);
  details.bytes = static_cast<uint32_t>(decoder.immediate(statement.operands[2]));
  if (details.bytes != 4 && details.bytes != 8 && details.bytes != 16)
    throw Error("cp.async copies 4, 8 or 16 bytes");
  if (statement.has("cg") && details.bytes != 16)
    throw Error("cp.async.cg copies 16 bytes");
  bool hasPolicy = statement.has("L2::cache_hint");
  if (statement.operands.size() > 3u + hasPolicy) {
    if (decoder.isPredicateRegister(statement.operands[3]))
      details.skipped = decoder.readPredicate(statement.operands[3]);
    else
      details.valid = decoder.read(statement.operands[3], 4);
  }
  instruction.run = issue;
}
} // namespace

void addAsyncCopies(OpcodeTable &table) { table["cp"] = decodeCopy; }

} // namespace fake_cuda
