// SPDX-License-Identifier: Apache-2.0
// Control flow of a warp. Each lane has a program counter; the lanes at the smallest one run together, so that lanes
// that took different branches meet again where the branches join. This is one of the orders that hardware with
// independent thread scheduling may choose.
#include "test/fake_cuda/instructions/AsyncCopies.h"
#include "test/fake_cuda/instructions/Calls.h"
#include "test/fake_cuda/instructions/WgmmaQueue.h"
#include "test/fake_cuda/machine/Block.h"
#include "test/fake_cuda/machine/Warp.h"
#include "test/fake_cuda/ptx/Error.h"
#include <algorithm>

namespace fake_cuda {

Warp::Warp() = default;
Warp::~Warp() = default;

void Warp::storeActive() {
  forEachLane(active, [&](unsigned lane) { pcs[lane] = pc; });
}

void Warp::regroup(bool other) {
  storeActive();
  uint32_t candidates = live & ~parked;
  if (candidates == 0) {
    // All that are left wait before an .aligned instruction: it has to be the same one.
    if (live == 0)
      return;
    int32_t first = pcs[__builtin_ctz(live)];
    forEachLane(live, [&](unsigned lane) {
      if (pcs[lane] != first)
        throw Error("lanes of a warp wait at different .aligned instructions (lines " +
                    std::to_string(kernel->code[first].line) + " and " + std::to_string(kernel->code[pcs[lane]].line) +
                    ")");
    });
    active = live;
    parked = 0;
    pc = first;
    nextOther = INT32_MAX;
    return;
  }
  int32_t least = INT32_MAX;
  if (other) {
    uint32_t choice = candidates;
    for (uint32_t skip = block->random() % static_cast<uint32_t>(__builtin_popcount(candidates)); skip > 0; --skip)
      choice &= choice - 1;
    least = pcs[__builtin_ctz(choice)];
  } else {
    forEachLane(candidates, [&](unsigned lane) { least = std::min(least, pcs[lane]); });
  }
  uint32_t group = 0;
  int32_t next = INT32_MAX;
  forEachLane(candidates, [&](unsigned lane) {
    if (pcs[lane] == least)
      group |= 1u << lane;
    else
      next = std::min(next, pcs[lane]);
  });
  active = group;
  pc = least;
  // A group that was chosen out of order runs until its next regroup, at the latest the end of its turn.
  nextOther = other && next <= least ? INT32_MAX : next;
}

/// Before an .aligned instruction: whether all live lanes are here. If not, those that are wait for the others.
bool Warp::gather(const Instruction &instruction) {
  if (active == live)
    return true;
  uint32_t here = active;
  forEachLane(parked, [&](unsigned lane) {
    if (pcs[lane] == pc)
      here |= 1u << lane;
  });
  if (here == live) {
    active = live;
    parked = 0;
    nextOther = INT32_MAX;
    return true;
  }
  (void)instruction;
  storeActive();
  parked |= active;
  active = 0;
  regroup();
  return false;
}

void Warp::branch(const Instruction &instruction, uint32_t taken) {
  if (taken == active) {
    pc = instruction.target;
    return;
  }
  forEachLane(active, [&](unsigned lane) { pcs[lane] = taken >> lane & 1 ? instruction.target : pc + 1; });
  active = 0;
  regroup();
}

void Warp::call(const Instruction &instruction, uint32_t taken) {
  copyArguments(*this, instruction, taken);
  forEachLane(taken, [&](unsigned lane) {
    if (callStacks[lane].size() >= 64)
      throw Error("calls nested more than 64 deep");
    callStacks[lane].push_back(pc);
  });
  branch(instruction, taken);
}

/// The lanes return from a function, or from the kernel.
void Warp::leave(uint32_t lanes, bool exits) {
  uint32_t ended = 0;
  forEachLane(active & ~lanes, [&](unsigned lane) { pcs[lane] = pc + 1; });
  forEachLane(lanes, [&](unsigned lane) {
    if (exits || callStacks[lane].empty()) {
      ended |= 1u << lane;
      return;
    }
    int32_t caller = callStacks[lane].back();
    callStacks[lane].pop_back();
    copyResults(*this, kernel->code[caller], 1u << lane);
    pcs[lane] = caller + 1;
  });
  active = 0;
  live &= ~ended;
  if (live != 0) {
    regroup();
    return;
  }
  state = Done;
  block->warpEnded();
}

/// wgmma: registers of products in flight may not be touched, and what other instructions wrote to operands of a
/// product needs a wgmma.fence before it.
void Warp::checkWgmmaRegisters(size_t index) {
  if (!products)
    products = std::make_unique<WgmmaQueue>();
  products->checkInstruction(*this, index);
}

void Warp::run(int64_t steps) {
  const bool watchesRegisters = kernel->hasWgmma;
  const Instruction *code = kernel->code.data();
  try {
    while (steps-- > 0) {
      if (pc >= nextOther)
        regroup();
      const Instruction &instruction = code[pc];
      uint32_t taken = active & (predicate(instruction.guard) ^ instruction.guardFlip);
      ++instructions;
      if (watchesRegisters && taken)
        checkWgmmaRegisters(static_cast<size_t>(pc));
      switch (instruction.flow) {
      case Flow::Next:
        if (taken)
          instruction.run(*this, instruction, taken);
        ++pc;
        break;
      case Flow::Branch:
        if (taken)
          branch(instruction, taken);
        else
          ++pc;
        break;
      case Flow::Aligned:
      case Flow::AlignedBlocking:
        if (!gather(instruction))
          break;
        taken = active & (predicate(instruction.guard) ^ instruction.guardFlip);
        [[fallthrough]];
      case Flow::Blocking:
        if (taken)
          instruction.run(*this, instruction, taken);
        if (repeats) {
          repeats = false;
          if (state == Ready)
            state = Waiting;
          return;
        }
        ++pc;
        if (state != Ready)
          return;
        break;
      case Flow::Call:
        if (taken)
          call(instruction, taken);
        else
          ++pc;
        break;
      case Flow::Return:
      case Flow::Exit:
        if (!taken) {
          ++pc;
          break;
        }
        leave(taken, instruction.flow == Flow::Exit);
        if (state == Done)
          return;
        break;
      }
    }
    // Lanes that wait for other lanes of their warp get their turn, too.
    if (nextOther != INT32_MAX || parked)
      if (block->random() % 8 == 0 && (live & ~parked) != 0)
        regroup(true);
  } catch (const Error &error) {
    unsigned lane = active ? static_cast<unsigned>(__builtin_ctz(active)) : 0;
    const Instruction &instruction = code[pc];
    std::string where = " (kernel " + kernel->name + ", PTX line " + std::to_string(instruction.line) + ", block " +
                        std::to_string(block->id[0]) + "," + std::to_string(block->id[1]) + "," +
                        std::to_string(block->id[2]) + ", warp " + std::to_string(number) + ", lane " +
                        std::to_string(lane) + " and others)";
    throw Error(error.what() + std::string(": '") + kernel->statements[instruction.statement].substr(0, 120) + "'" +
                where);
  }
}

} // namespace fake_cuda
