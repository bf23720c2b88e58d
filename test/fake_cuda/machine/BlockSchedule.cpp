// SPDX-License-Identifier: Apache-2.0
// The life of a block: its memory, its special registers, and which warp runs next.
#include "test/fake_cuda/instructions/AsyncCopies.h"
#include "test/fake_cuda/instructions/TensorQueue.h"
#include "test/fake_cuda/instructions/WgmmaQueue.h"
#include "test/fake_cuda/machine/Block.h"
#include "test/fake_cuda/machine/Races.h"
#include "test/fake_cuda/ptx/Error.h"
#include <algorithm>
#include <cstring>

namespace fake_cuda {

namespace {
constexpr uint32_t sharedAlignment = 1024; // the strictest that swizzled tiles ask for
constexpr uint8_t poison = 0xff;
constexpr int64_t longestTurn = 200; // instructions of a warp before another one may run

uint32_t valueOf(Special special, const Block &block, const Warp &warp, uint32_t lane) {
  const LaunchShape &shape = *block.shape;
  uint32_t thread = warp.number * 32 + lane;
  switch (special) {
  case Special::TidX:
    return thread % shape.block[0];
  case Special::TidY:
    return thread / shape.block[0] % shape.block[1];
  case Special::TidZ:
    return thread / shape.block[0] / shape.block[1];
  case Special::NtidX:
  case Special::NtidY:
  case Special::NtidZ:
    return shape.block[static_cast<int>(special) - static_cast<int>(Special::NtidX)];
  case Special::CtaidX:
  case Special::CtaidY:
  case Special::CtaidZ:
    return block.id[static_cast<int>(special) - static_cast<int>(Special::CtaidX)];
  case Special::NctaidX:
  case Special::NctaidY:
  case Special::NctaidZ:
    return shape.grid[static_cast<int>(special) - static_cast<int>(Special::NctaidX)];
  case Special::LaneId:
    return lane;
  case Special::WarpId:
    return warp.number;
  case Special::NWarpId:
    return 64;
  case Special::LaneMaskEq:
    return 1u << lane;
  case Special::LaneMaskLt:
    return (1u << lane) - 1;
  case Special::LaneMaskLe:
    return (2u << lane) - 1;
  case Special::LaneMaskGt:
    return ~((2u << lane) - 1);
  case Special::LaneMaskGe:
    return ~((1u << lane) - 1);
  case Special::SmId:
    return block.linearId % block.options->multiprocessors;
  case Special::NSmId:
    return block.options->multiprocessors;
  case Special::GridId:
  case Special::ClusterCtaRank:
    return 0;
  case Special::ClusterNCtaRank:
    return 1;
  case Special::DynamicSharedBytes:
    return shape.dynamicSharedBytes;
  case Special::TotalSharedBytes:
    return block.sharedBytes;
  }
  return 0;
}
} // namespace

Block::Block() = default;
Block::~Block() = default;

void Block::prepare() {
  uint32_t threads = shape->block[0] * shape->block[1] * shape->block[2], count = (threads + 31) / 32;
  size_t fileBytes = (size_t{kernel->registerBytes} + kernel->constantBytes + 127) / 64 * 64;
  registerStorage.assign(fileBytes * count + 64, 0);
  localStorage.assign(static_cast<size_t>(kernel->localBytes) * 32 * count, poison);
  auto *files = registerStorage.data() + (64 - reinterpret_cast<uint64_t>(registerStorage.data()) % 64) % 64;
  // Static variables first, rounded up as the decoder has laid out the dynamic ones.
  sharedBytes = kernel->staticSharedBytes + shape->dynamicSharedBytes;
  sharedStorage.assign(sharedBytes + 2 * sharedAlignment, poison);
  shared = sharedStorage.data() +
           (sharedAlignment - reinterpret_cast<uint64_t>(sharedStorage.data()) % sharedAlignment) % sharedAlignment;
  for (uint32_t i = 0; i < count; ++i) {
    auto warp = std::make_unique<Warp>();
    warp->block = this;
    warp->kernel = kernel;
    warp->number = i;
    warp->registers = files + i * fileBytes + (size_t{kernel->constantBytes} + 63) / 64 * 64;
    warp->local = localStorage.data() + static_cast<size_t>(kernel->localBytes) * 32 * i;
    memset(warp->registers, poison, kernel->registerBytes);
    for (const Constant &constant : kernel->constants) {
      if (constant.bytes == 0)
        warp->predicate(constant.slot) = static_cast<uint32_t>(constant.value);
      for (unsigned lane = 0; lane < 32; ++lane)
        memcpy(warp->registers + constant.slot + size_t{lane} * constant.bytes, &constant.value,
               std::min(constant.bytes, 8u));
    }
    warps.push_back(std::move(warp));
  }
}

void Block::begin(uint32_t x, uint32_t y, uint32_t z) {
  id[0] = x;
  id[1] = y;
  id[2] = z;
  linearId = (z * shape->grid[1] + y) * shape->grid[0] + x;
  random.seed(static_cast<uint32_t>(options->seed * 7919 + uint64_t{linearId} * 31 + 1));
  memset(shared, poison, sharedBytes);
  if (options->detectsRaces && sharedBytes) {
    if (!races)
      races = std::make_unique<RaceDetector>(sharedBytes);
    races->reset();
  }
  std::fill(localStorage.begin(), localStorage.end(), poison);
  for (NamedBarrier &barrier : barriers)
    barrier = NamedBarrier();
  mbarriers.clear();
  tensorCopies.reset();
  quanta = 0;
  uint32_t threads = shape->block[0] * shape->block[1] * shape->block[2];
  for (auto &warp : warps) {
    uint32_t lanes = std::min(32u, threads - warp->number * 32);
    warp->live = warp->active = lanes == 32 ? allLanes : (1u << lanes) - 1;
    warp->parked = 0;
    warp->pc = 0;
    warp->nextOther = INT32_MAX;
    warp->state = Warp::Ready;
    warp->repeats = false;
    warp->copies.reset();
    warp->products.reset();
    warp->clock.assign(warps.size(), 0);
    warp->clock[warp->number] = 1;
    for (auto &stack : warp->callStacks)
      stack.clear();
    for (const SpecialRegister &special : kernel->specials)
      for (uint32_t lane = 0; lane < 32; ++lane)
        warp->lanes<uint32_t>(special.slot)[lane] = valueOf(special.special, *this, *warp, lane);
  }
}

bool Block::isDone() const {
  return std::all_of(warps.begin(), warps.end(), [](const auto &warp) { return warp->state == Warp::Done; });
}

bool Block::runSome() {
  uint32_t ready = 0, waiting = 0;
  for (const auto &warp : warps) {
    ready |= static_cast<uint32_t>(warp->state == Warp::Ready) << warp->number;
    waiting |= static_cast<uint32_t>(warp->state == Warp::Waiting) << warp->number;
  }
  if (tensorCopies)
    tensorCopies->progress(*this, ready == 0);
  // A warp that waits looks again when nobody else can run, or now and then.
  uint32_t candidates = ready && random() % 4 ? ready : ready | waiting;
  if (candidates == 0)
    return false;
  for (uint32_t skip = random() % static_cast<uint32_t>(__builtin_popcount(candidates)); skip > 0; --skip)
    candidates &= candidates - 1;
  Warp &warp = *warps[static_cast<size_t>(__builtin_ctz(candidates))];
  warp.state = Warp::Ready;
  warp.run(1 + static_cast<int64_t>(random() % longestTurn));
  ++quanta;
  return true;
}

void Block::finish() {
  for (const auto &warp : warps) {
    counters.instructions += warp->instructions;
    warp->instructions = 0;
    if (warp->products && warp->products->hasWork())
      throw Error("kernel " + kernel->name + " ends before its wgmma products are waited for");
  }
  if (tensorCopies && (!tensorCopies->isEmpty() || tensorCopies->hasStores()))
    throw Error("kernel " + kernel->name + " ends before its bulk copies are complete");
}

std::string Block::describeWaiting() const {
  std::string result;
  for (const auto &warp : warps) {
    if (warp->state == Warp::Done)
      continue;
    const Instruction &instruction =
        kernel->code[static_cast<size_t>(std::max(0, warp->pc - (warp->state == Warp::AtBarrier)))];
    result += "\n  block " + std::to_string(id[0]) + "," + std::to_string(id[1]) + "," + std::to_string(id[2]) +
              " warp " + std::to_string(warp->number) + " at PTX line " + std::to_string(instruction.line) + ": " +
              kernel->statements[instruction.statement].substr(0, 80);
  }
  return result;
}

uint8_t *Block::sharedAt(uint64_t offset, uint64_t bytes) {
  if (offset > sharedBytes || bytes > sharedBytes - offset)
    throw Error("access of " + std::to_string(bytes) + " bytes at shared address " + std::to_string(offset) + " of " +
                std::to_string(sharedBytes));
  if (bytes <= 16 && offset % bytes)
    throw Error("misaligned access of " + std::to_string(bytes) + " bytes at shared address " + std::to_string(offset));
  return shared + offset;
}

uint32_t Block::liveThreads() const {
  uint32_t count = 0;
  for (const auto &warp : warps)
    count += warp->state == Warp::Done ? 0 : 32;
  return count;
}

} // namespace fake_cuda
