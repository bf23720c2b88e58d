// SPDX-License-Identifier: Apache-2.0
#include "test/fake_cuda/instructions/Families.h"
#include "test/fake_cuda/instructions/Lanes.h"
#include "test/fake_cuda/instructions/WgmmaProducts.h"
#include "test/fake_cuda/instructions/WgmmaQueue.h"
#include "test/fake_cuda/machine/Block.h"
#include "test/fake_cuda/machine/Races.h"
#include <algorithm>
#include <cstdio>

namespace fake_cuda {

namespace {
constexpr int registerUnit = 64; // registers of 32 lanes are at multiples of this

struct WgmmaDetails : Details {
  WgmmaShape shape;
  RegisterOffset a = 0, b = 0;    // descriptors
  RegisterOffset accumulates = 0; // predicate
};

size_t unitOf(RegisterOffset slot) { return static_cast<size_t>(slot) / registerUnit; }

WgmmaQueue &queueOf(Warp &warp) {
  if (!warp.products)
    warp.products = std::make_unique<WgmmaQueue>();
  return *warp.products;
}
} // namespace

bool WgmmaQueue::hasWork() const {
  return !open.empty() ||
         std::any_of(groups.begin(), groups.end(), [](const WgmmaGroup &group) { return !group.products.empty(); });
}

void WgmmaQueue::checkInstruction(Warp &warp, size_t index) {
  const Kernel &kernel = *warp.kernel;
  if (isUnfenced.empty()) {
    isUnfenced.assign(kernel.registerBytes / registerUnit + 1, 1);
    isInFlight.assign(kernel.registerBytes / registerUnit + 1, 0);
  }
  bool hasFlight = !inFlight.empty();
  auto check = [&](RegisterOffset slot, const char *what) {
    if (hasFlight && slot >= 0 && isInFlight[unitOf(slot)])
      throw Error(std::string("a register is ") + what +
                  " that a wgmma.mma_async in flight uses; wgmma.wait_group must come before");
  };
  for (RegisterOffset slot : kernel.reads[index])
    check(slot, "read");
  for (RegisterOffset slot : kernel.writes[index]) {
    check(slot, "written");
    if (slot >= 0)
      isUnfenced[unitOf(slot)] = 1;
  }
}

void WgmmaQueue::fence() { std::fill(isUnfenced.begin(), isUnfenced.end(), 0); }

void WgmmaQueue::updateInFlight() {
  for (RegisterOffset slot : inFlight)
    isInFlight[unitOf(slot)] = 0;
  inFlight.clear();
  auto add = [&](const WgmmaProduct &product) {
    for (const auto *offsets : {&product.shape->d, &product.shape->a})
      for (RegisterOffset slot : *offsets)
        if (!isInFlight[unitOf(slot)]) {
          isInFlight[unitOf(slot)] = 1;
          inFlight.push_back(slot);
        }
  };
  for (const WgmmaProduct &product : open)
    add(product);
  for (const WgmmaGroup &group : groups)
    for (const WgmmaProduct &product : group.products)
      add(product);
}

namespace {

void issue(Warp &warp, const Instruction &instruction, uint32_t lanes) {
  if (lanes != allLanes)
    throw Error("a wgmma instruction that not all lanes of the warp reach");
  const auto &details = *static_cast<const WgmmaDetails *>(instruction.details);
  WgmmaQueue &queue = queueOf(warp);
  if (warp.number / 4 * 4 + 4 > warp.block->warps.size())
    throw Error("wgmma in a warpgroup of fewer than four warps");
  for (const auto *offsets : {&details.shape.d, &details.shape.a})
    for (RegisterOffset slot : *offsets)
      if (queue.isUnfenced[unitOf(slot)])
        throw Error("a register of this product was written by another instruction, and no wgmma.fence has followed");
  // Products of one shape may chain on an accumulator; other accesses to it may not.
  WgmmaProduct product;
  product.shape = &details.shape;
  product.descriptorB = warp.lanes<uint64_t>(details.b)[0];
  if (details.shape.a.empty())
    product.descriptorA = warp.lanes<uint64_t>(details.a)[0];
  product.accumulates = warp.predicate(details.accumulates) & 1;
  checkOperands(warp, product);
  queue.open.push_back(product);
  queue.updateInFlight();
}

void commit(Warp &warp, const Instruction &, uint32_t) {
  WgmmaQueue &queue = queueOf(warp);
  queue.groups.emplace_back();
  queue.groups.back().products = std::move(queue.open);
  releaseTo(warp, queue.groups.back().clock);
  queue.open.clear();
  ++queue.committed;
}

/// The four warps' products are one: none is done before the last of them has issued its part.
void waitForGroups(Warp &warp, const Instruction &instruction, uint32_t) {
  Block &block = *warp.block;
  auto left = static_cast<uint64_t>(instruction.value), committed = queueOf(warp).committed;
  unsigned first = warp.number / 4 * 4;
  if (first + 4 > block.warps.size())
    throw Error("wgmma in a warpgroup of fewer than four warps");
  for (unsigned i = first; i < first + 4; ++i)
    if (block.warps[i]->state != Warp::Done && queueOf(*block.warps[i]).committed + left < committed) {
      warp.repeats = true;
      return;
    }
  uint64_t until = committed > left ? committed - left : 0;
  for (unsigned i = first; i < first + 4; ++i) {
    Warp &other = *block.warps[i];
    WgmmaQueue &queue = queueOf(other);
    queue.doneClock.resize(block.warps.size(), 0);
    for (; queue.committed - queue.groups.size() < until && !queue.groups.empty(); queue.groups.pop_front()) {
      for (const WgmmaProduct &product : queue.groups.front().products)
        multiply(other, product);
      for (size_t j = 0; j < queue.doneClock.size(); ++j)
        queue.doneClock[j] = std::max(queue.doneClock[j], queue.groups.front().clock[j]);
    }
    acquireFrom(warp, queue.doneClock);
  }
  // Only this warp has waited: the registers of the others stay in flight until they do.
  queueOf(warp).updateInFlight();
}

void fence(Warp &warp, const Instruction &, uint32_t) { queueOf(warp).fence(); }

void decodeProduct(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  expectOperands(statement, 4, 8);
  auto &details = decoder.addDetails<WgmmaDetails>(instruction);
  WgmmaShape &shape = details.shape;
  std::vector<Type> types;
  for (const std::string &modifier : statement.opcode) {
    // NOLINTNEXTLINE(bugprone-unchecked-string-to-number-conversion): shapes are checked afterwards
    sscanf(modifier.c_str(), "m64n%uk%u", &shape.n, &shape.k);
    if (Type type = typeNamed(modifier); type != Type::None)
      types.push_back(type);
  }
  if (types.size() != 3 || types[1] != types[2] || shape.n % 8 || shape.n == 0 || shape.n > 256)
    throw Error("this shape of wgmma is not supported");
  shape.accumulator = types[0];
  shape.type = types[1];
  bool is16Bit = shape.type == Type::F16 || shape.type == Type::BF16;
  if ((!is16Bit && shape.type != Type::TF32) || (shape.accumulator != Type::F32 && shape.accumulator != Type::F16) ||
      shape.k != (is16Bit ? 16u : 8u))
    throw Error("wgmma of this type is not supported");
  const auto &operands = statement.operands;
  shape.d = decoder.writeList(operands[0], 4);
  if (shape.d.size() != (shape.accumulator == Type::F16 ? shape.n / 4 : shape.n / 2))
    throw Error("wrong number of accumulators for this shape");
  bool hasRegistersA = operands[1].starts_with('{');
  if (hasRegistersA)
    shape.a = decoder.readList(operands[1], 4);
  else
    details.a = decoder.read(operands[1], 8);
  if (hasRegistersA && shape.a.size() != 4)
    throw Error("operand A has four registers");
  details.b = decoder.read(operands[2], 8);
  details.accumulates = decoder.readPredicate(operands[3]);
  shape.scaleA = operands.size() > 4 ? static_cast<float>(decoder.immediate(operands[4])) : 1.0f;
  shape.scaleB = operands.size() > 5 ? static_cast<float>(decoder.immediate(operands[5])) : 1.0f;
  // 16-bit operands in shared memory may have either dimension contiguous.
  size_t next = 6;
  if (is16Bit && !hasRegistersA && operands.size() > next)
    shape.isRowMajorA = decoder.immediate(operands[next++]) == 0;
  if (is16Bit && operands.size() > next)
    shape.isColumnMajorB = decoder.immediate(operands[next]) == 0;
  decoder.kernel->hasWgmma = true;
  instruction.run = issue;
}

void decodeWgmma(Decoder &decoder, const Statement &statement, Instruction &instruction) {
  const std::string &operation = statement.opcode.at(1);
  instruction.flow = Flow::Aligned;
  if (operation == "mma_async") {
    decodeProduct(decoder, statement, instruction);
  } else if (operation == "commit_group") {
    instruction.run = commit;
  } else if (operation == "wait_group") {
    instruction.value = decoder.immediate(statement.operands.at(0));
    instruction.flow = Flow::AlignedBlocking;
    instruction.run = waitForGroups;
  } else if (operation == "fence") {
    instruction.run = fence;
  } else {
    throw Error("'wgmma." + operation + "' is not supported");
  }
}
} // namespace

void addWgmma(OpcodeTable &table) { table["wgmma"] = decodeWgmma; }

} // namespace fake_cuda
