// SPDX-License-Identifier: Apache-2.0
#include "test/fake_cuda/instructions/Mbarriers.h"
#include "test/fake_cuda/instructions/AsyncCopies.h"
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/GlobalAccess.h"
#include "test/fake_cuda/instructions/Lanes.h"
#include "test/fake_cuda/machine/Races.h"
#include <cstring>

namespace fake_cuda {

Mbarrier &mbarrierAt(Block &block, uint32_t address) {
  auto found = block.mbarriers.find(address);
  if (found == block.mbarriers.end())
    throw Error("no mbarrier has been initialized at shared address " + std::to_string(address));
  return found->second;
}

/// The phase ends when nothing is missing; warps that wait look again.
static void settle(Block &block, Mbarrier &barrier) {
  if (barrier.pending != 0 || barrier.transactionBytes != 0)
    return;
  ++barrier.phase;
  barrier.pending = barrier.expected;
  barrier.published = barrier.clock;
  for (auto &warp : block.warps)
    if (warp->state == Warp::Waiting)
      warp->state = Warp::Ready;
}

void arriveAt(Warp &warp, uint32_t address, uint64_t count, uint64_t transactionBytes) {
  Mbarrier &barrier = mbarrierAt(*warp.block, address);
  if (count > barrier.pending)
    throw Error("more arrivals at an mbarrier than the " + std::to_string(barrier.expected) + " it expects in a phase");
  barrier.transactionBytes += static_cast<int64_t>(transactionBytes);
  barrier.pending -= static_cast<uint32_t>(count);
  releaseTo(warp, barrier.clock);
  settle(*warp.block, barrier);
}

void completeTransaction(Block &block, uint32_t address, uint64_t bytes, const std::vector<uint32_t> &clock) {
  Mbarrier &barrier = mbarrierAt(block, address);
  barrier.transactionBytes -= static_cast<int64_t>(bytes);
  if (barrier.transactionBytes < -(1 << 20) || barrier.transactionBytes > 1 << 20)
    throw Error("the byte count of an mbarrier is out of its range of 2^20 - 1");
  barrier.clock.resize(clock.size(), 0);
  for (size_t i = 0; i < clock.size(); ++i)
    barrier.clock[i] = std::max(barrier.clock[i], clock[i]);
  settle(block, barrier);
}

namespace {

struct MbarrierDetails : Details {
  Address barrier;
  bool isParity = false, hasState = false, isNoinc = false;
  RegisterOffset state = 0, count = Decoder::ignored;
};

uint32_t barrierAddress(Warp &warp, const MbarrierDetails &details, unsigned lane) {
  uint64_t base = details.barrier.baseBytes == 4 ? warp.lanes<uint32_t>(details.barrier.base)[lane]
                                                 : warp.lanes<uint64_t>(details.barrier.base)[lane];
  auto address = static_cast<uint32_t>(base + static_cast<uint64_t>(details.barrier.displacement));
  if (address % 8)
    throw Error("an mbarrier at a shared address that is not a multiple of 8");
  warp.block->sharedAt(address, 8);
  return address;
}
const MbarrierDetails &detailsOf(const Instruction &instruction) {
  return *static_cast<const MbarrierDetails *>(instruction.details);
}

void initialize(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  forEachLane(lanes, [&](unsigned lane) {
    Mbarrier barrier;
    barrier.expected = barrier.pending = warp.lanes<uint32_t>(instruction.a)[lane];
    if (barrier.expected == 0 || barrier.expected >= 1 << 20)
      throw Error("an mbarrier for " + std::to_string(barrier.expected) + " arrivals");
    uint32_t address = barrierAddress(warp, detailsOf(instruction), lane);
    // Others may use it only after a barrier: the race detector treats it as a store.
    if (RaceDetector *races = warp.block->races.get())
      races->write(warp, address, 8);
    warp.block->mbarriers[address] = barrier;
  });
}

void invalidate(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  forEachLane(lanes, [&](unsigned lane) {
    uint32_t address = barrierAddress(warp, detailsOf(instruction), lane);
    mbarrierAt(*warp.block, address);
    warp.block->mbarriers.erase(address);
  });
}

/// Whether this warp may know of the initialization.
void noteUse(Warp &warp, uint32_t address) {
  if (RaceDetector *races = warp.block->races.get())
    races->read(warp, address, 8);
}

template <bool expectsBytes> void arrive(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const MbarrierDetails &details = detailsOf(instruction);
  forEachLane(lanes, [&](unsigned lane) {
    uint32_t address = barrierAddress(warp, details, lane), phase = mbarrierAt(*warp.block, address).phase;
    noteUse(warp, address);
    uint32_t operand = details.count == Decoder::ignored ? 1 : warp.lanes<uint32_t>(details.count)[lane];
    arriveAt(warp, address, expectsBytes ? 1 : operand, expectsBytes ? operand : 0);
    if (details.hasState)
      warp.lanes<uint64_t>(instruction.destination)[lane] = phase;
  });
}

void expectBytes(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const MbarrierDetails &details = detailsOf(instruction);
  forEachLane(lanes, [&](unsigned lane) {
    uint32_t address = barrierAddress(warp, details, lane);
    noteUse(warp, address);
    mbarrierAt(*warp.block, address).transactionBytes += warp.lanes<uint32_t>(details.count)[lane];
  });
}

/// The result is whether the phase has ended; a warp that finds it has not gives way to others.
void test(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const MbarrierDetails &details = detailsOf(instruction);
  uint32_t result = 0;
  forEachLane(lanes, [&](unsigned lane) {
    uint32_t address = barrierAddress(warp, details, lane);
    noteUse(warp, address);
    Mbarrier &barrier = mbarrierAt(*warp.block, address);
    uint64_t waited =
        details.isParity ? warp.lanes<uint32_t>(details.state)[lane] & 1 : warp.lanes<uint64_t>(details.state)[lane];
    bool isOver = details.isParity ? (barrier.phase & 1) != waited : barrier.phase != waited;
    result |= static_cast<uint32_t>(isOver) << lane;
    if (isOver)
      acquireFrom(warp, barrier.published);
  });
  uint32_t &destination = warp.predicate(instruction.destination);
  destination = (destination & ~lanes) | result;
  if (result != lanes)
    warp.state = Warp::Waiting;
}

/// cp.async.mbarrier.arrive: the lane arrives when its copies so far are done, which they are made here.
void arriveAfterCopies(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  const MbarrierDetails &details = detailsOf(instruction);
  forEachLane(lanes, [&](unsigned lane) {
    if (warp.copies) {
      warp.copies->complete(warp, lane, 0);
      warp.copies->completeOpen(warp, lane);
    }
    uint32_t address = barrierAddress(warp, details, lane);
    noteUse(warp, address);
    Mbarrier &barrier = mbarrierAt(*warp.block, address);
    if (!details.isNoinc)
      ++barrier.pending;
    arriveAt(warp, address, 1, 0);
  });
}

void decodeMbarrier(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  auto &details = decoder.addDetails<MbarrierDetails>(instruction);
  const std::string &operation = statement.opcode.at(1);
  const auto &operands = statement.operands;
  if (statement.has("shared::cluster") && operation != "try_wait" && operation != "test_wait" && operation != "arrive")
    throw Error("mbarriers of other blocks are not supported");
  if (operation == "init") {
    expectOperands(statement, 2, 2);
    details.barrier = decoder.address(operands[0]);
    instruction.a = decoder.read(operands[1], 4);
    instruction.run = initialize;
  } else if (operation == "inval") {
    details.barrier = decoder.address(operands.at(0));
    instruction.run = invalidate;
  } else if (operation == "expect_tx") {
    expectOperands(statement, 2, 2);
    details.barrier = decoder.address(operands[0]);
    details.count = decoder.read(operands[1], 4);
    instruction.run = expectBytes;
  } else if (operation == "arrive") {
    size_t next = operands.at(0).starts_with('[') ? 0 : 1; // a result is optional
    details.hasState = next == 1 && operands[0] != "_";
    if (details.hasState)
      instruction.destination = decoder.write(operands[0], 8);
    details.barrier = decoder.address(operands.at(next));
    if (operands.size() > next + 1)
      details.count = decoder.read(operands[next + 1], 4);
    instruction.run = statement.has("expect_tx") ? arrive<true> : arrive<false>;
  } else if (operation == "try_wait" || operation == "test_wait") {
    expectOperands(statement, 3, 4);
    instruction.destination = decoder.writePredicate(operands[0]);
    details.barrier = decoder.address(operands[1]);
    details.isParity = statement.has("parity");
    details.state = decoder.read(operands[2], details.isParity ? 4 : 8);
    instruction.flow = Flow::Blocking;
    instruction.run = test;
  } else {
    throw Error("'mbarrier." + operation + "' is not supported");
  }
}
} // namespace

void decodeArriveAfterCopies(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  auto &details = decoder.addDetails<MbarrierDetails>(instruction);
  details.barrier = decoder.address(statement.operands.at(0));
  details.isNoinc = statement.has("noinc");
  instruction.run = arriveAfterCopies;
}

void addMbarriers(OpcodeTable &table) { table["mbarrier"] = decodeMbarrier; }

} // namespace fake_cuda
