// SPDX-License-Identifier: Apache-2.0
// bar and barrier: sync, arrive, red, of all warps or of some; bar.warp.sync.
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/Lanes.h"
#include "test/fake_cuda/machine/Block.h"
#include "test/fake_cuda/machine/Races.h"

namespace fake_cuda {

void Block::settleBarrier(NamedBarrier &barrier) {
  if (barrier.waitsForAll)
    barrier.expected = liveThreads();
  if (barrier.arrived == 0 || barrier.arrived < barrier.expected)
    return;
  forEachLane(barrier.waiting, [&](unsigned number) {
    warps[number]->state = Warp::Ready;
    acquireFrom(*warps[number], barrier.clock);
  });
  barrier.lastVotes = barrier.votes;
  barrier.lastVoters = barrier.voters;
  barrier.votes = barrier.voters = barrier.arrived = barrier.expected = barrier.waiting = 0;
  barrier.waitsForAll = false;
  barrier.clock.clear();
}

void Block::warpEnded() {
  for (NamedBarrier &barrier : barriers)
    if (barrier.waitsForAll && barrier.arrived)
      settleBarrier(barrier);
}

namespace {

struct BarrierDetails : Details {
  RegisterOffset count = Decoder::ignored; // of threads; without: all
  bool isArrive = false;
  char reduction = 0; // 'p'opc, 'a'nd, 'o'r
  RegisterOffset predicate = 0;
  uint32_t predicateFlip = 0;
};

void arrive(Warp &warp, NamedBarrier &barrier, const BarrierDetails &details, uint32_t lanes) {
  if (details.count == Decoder::ignored) {
    barrier.waitsForAll = true;
  } else {
    uint32_t expected = warp.lanes<uint32_t>(details.count)[__builtin_ctz(lanes)];
    if (expected == 0 || expected % 32 != 0)
      throw Error("a barrier of " + std::to_string(expected) + " threads, which is not a multiple of 32");
    if (barrier.arrived && barrier.expected != expected && !barrier.waitsForAll)
      throw Error("a barrier for " + std::to_string(expected) + " threads and for " + std::to_string(barrier.expected));
    barrier.expected = expected;
  }
  barrier.arrived += 32;
  if (!barrier.waitsForAll && barrier.arrived > barrier.expected)
    throw Error("more threads at the barrier than it expects");
  releaseTo(warp, barrier.clock);
}

void synchronize(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const auto &details = *static_cast<const BarrierDetails *>(instruction.details);
  if (lanes != warp.live)
    throw Error("a barrier that not all lanes of the warp reach");
  uint32_t index = warp.lanes<uint32_t>(instruction.a)[__builtin_ctz(lanes)];
  if (index >= 16)
    throw Error("barrier " + std::to_string(index) + " of 16");
  NamedBarrier &barrier = warp.block->barriers[index];
  if (details.reduction && warp.isReleased) {
    warp.isReleased = false;
    if (details.reduction == 'p') {
      forEachLane(lanes,
                  [&](unsigned lane) { warp.lanes<uint32_t>(instruction.destination)[lane] = barrier.lastVotes; });
      return;
    }
    bool result = details.reduction == 'a' ? barrier.lastVotes == barrier.lastVoters : barrier.lastVotes > 0;
    uint32_t &destination = warp.predicate(instruction.destination);
    destination = (destination & ~lanes) | (result ? lanes : 0);
    return;
  }
  if (details.reduction) {
    barrier.voters += static_cast<uint32_t>(__builtin_popcount(lanes));
    barrier.votes +=
        static_cast<uint32_t>(__builtin_popcount((warp.predicate(details.predicate) ^ details.predicateFlip) & lanes));
    warp.isReleased = warp.repeats = true;
  }
  if (!details.isArrive) {
    barrier.waiting |= 1u << warp.number;
    warp.state = Warp::AtBarrier;
  }
  arrive(warp, barrier, details, lanes);
  warp.block->settleBarrier(barrier);
}

void decodeBarrier(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  if (statement.has("warp")) { // the lanes of a warp meet; which of them, a register may say
    expectOperands(statement, 1, 1);
    bool isWhole = decoder.isImmediate(statement.operands[0]) &&
                   static_cast<uint32_t>(decoder.immediate(statement.operands[0])) == allLanes;
    instruction.flow = isWhole ? Flow::Aligned : Flow::Next;
    instruction.run = [](Warp &, const Instruction &, uint32_t) {};
    return;
  }
  if (statement.has("cluster")) { // clusters are of one block here, which arrives and waits for itself
    instruction.run = [](Warp &, const Instruction &, uint32_t) {};
    return;
  }
  auto &details = decoder.addDetails<BarrierDetails>(instruction);
  details.isArrive = statement.has("arrive");
  bool isReduction = statement.has("red");
  size_t next = isReduction ? 1 : 0;
  if (statement.operands.size() <= next)
    throw Error("wrong number of operands");
  instruction.a = decoder.read(statement.operands[next++], 4);
  if (statement.operands.size() > next + isReduction)
    details.count = decoder.read(statement.operands[next++], 4);
  if (isReduction) {
    details.reduction = statement.has("popc") ? 'p' : statement.has("and") ? 'a' : 'o';
    std::string_view predicate = statement.operands.at(next);
    details.predicateFlip = predicate.starts_with('!') ? ~0u : 0;
    details.predicate = decoder.readPredicate(std::string(predicate.substr(predicate.starts_with('!'))));
    instruction.destination = details.reduction == 'p' ? decoder.write(statement.operands[0], 4)
                                                       : decoder.writePredicate(statement.operands[0]);
  }
  instruction.flow = Flow::AlignedBlocking;
  instruction.run = synchronize;
}
} // namespace

void addBarriers(OpcodeTable &table) {
  table["bar"] = decodeBarrier;
  table["barrier"] = decodeBarrier;
}

} // namespace fake_cuda
