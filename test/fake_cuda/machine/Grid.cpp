// SPDX-License-Identifier: Apache-2.0
// All blocks of a launch: one after another in an order that the seed decides, or together where they may wait for each
// other.
#include "test/fake_cuda/instructions/AsyncCopies.h"
#include "test/fake_cuda/instructions/TensorQueue.h"
#include "test/fake_cuda/instructions/WgmmaQueue.h"
#include "test/fake_cuda/machine/Block.h"
#include "test/fake_cuda/machine/Races.h"
#include "test/fake_cuda/ptx/Error.h"
#include <algorithm>
#include <numeric>

namespace fake_cuda {

namespace {
constexpr uint64_t defaultMaxInstructions = 1ull << 31;
constexpr uint64_t idleTurns = 3000; // in which waiting warps only look again
constexpr uint64_t longestLook = 16; // instructions of such a turn

void setUp(Block &block, const Kernel &kernel, const LaunchShape &shape, const std::vector<uint8_t> &parameters,
           const Memory &memory, const LaunchOptions &options) {
  block.kernel = &kernel;
  block.shape = &shape;
  block.options = &options;
  block.memory = &memory;
  block.parameters = parameters.data();
  block.parameterBytes = static_cast<uint32_t>(parameters.size());
  block.prepare();
}

/// What a block has done so far, and whether it moves.
class Watch {
public:
  explicit Watch(const LaunchOptions &options)
      : limit(options.maxInstructions ? options.maxInstructions : defaultMaxInstructions) {}
  void observe(const Block &block) {
    uint64_t instructions = 0;
    bool isReady = false;
    for (const auto &warp : block.warps) {
      instructions += warp->instructions;
      isReady = isReady || warp->state == Warp::Ready;
    }
    // Who only looks again whether it may go on runs a few instructions, and may be ready in the middle of them.
    bool hasMoved = instructions - before > longestLook || (block.tensorCopies && !block.tensorCopies->isEmpty());
    before = instructions;
    idle = hasMoved ? 0 : idle + !isReady;
    if (idle > idleTurns || instructions > limit)
      throw Error("kernel " + block.kernel->name + " hangs:" + block.describeWaiting());
  }

private:
  uint64_t limit, idle = 0, before = 0;
};

void runOne(Block &block) {
  Watch watch(*block.options);
  while (!block.isDone()) {
    if (!block.runSome())
      throw Error("kernel " + block.kernel->name + " hangs, all warps wait at barriers:" + block.describeWaiting());
    watch.observe(block);
  }
  block.finish();
}

void runTogether(std::vector<std::unique_ptr<Block>> &blocks, uint64_t seed) {
  std::minstd_rand random(static_cast<uint32_t>(seed + 1));
  std::vector<Watch> watches(blocks.size(), Watch(*blocks.front()->options));
  std::vector<size_t> running(blocks.size());
  std::iota(running.begin(), running.end(), 0);
  while (!running.empty()) {
    size_t index = random() % running.size();
    Block &block = *blocks[running[index]];
    if (!block.runSome())
      throw Error("kernel " + block.kernel->name + " hangs, all warps wait at barriers:" + block.describeWaiting());
    watches[running[index]].observe(block);
    if (block.isDone()) {
      block.finish();
      running.erase(running.begin() + static_cast<ptrdiff_t>(index));
    }
  }
}
} // namespace

void Counters::add(const Counters &other) {
  instructions += other.instructions;
  sectors += other.sectors;
  leastSectors += other.leastSectors;
  sharedPasses += other.sharedPasses;
  leastSharedPasses += other.leastSharedPasses;
  tensorBytes += other.tensorBytes;
}

Counters runKernel(const Kernel &kernel, const LaunchShape &shape, const std::vector<uint8_t> &parameters,
                   const Memory &memory, const LaunchOptions &options) {
  uint32_t count = shape.grid[0] * shape.grid[1] * shape.grid[2];
  auto coordinates = [&](uint32_t index) {
    return std::array<uint32_t, 3>{index % shape.grid[0], index / shape.grid[0] % shape.grid[1],
                                   index / shape.grid[0] / shape.grid[1]};
  };
  Counters result;
  if (shape.isCooperative) {
    std::vector<std::unique_ptr<Block>> blocks;
    for (uint32_t i = 0; i < count; ++i) {
      blocks.push_back(std::make_unique<Block>());
      setUp(*blocks.back(), kernel, shape, parameters, memory, options);
      auto [x, y, z] = coordinates(i);
      blocks.back()->begin(x, y, z);
    }
    runTogether(blocks, options.seed);
    for (const auto &block : blocks)
      result.add(block->counters);
    return result;
  }
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  if (options.seed)
    std::shuffle(order.begin(), order.end(), std::minstd_rand(static_cast<uint32_t>(options.seed)));
  Block block;
  setUp(block, kernel, shape, parameters, memory, options);
  for (uint32_t index : order) {
    auto [x, y, z] = coordinates(index);
    block.begin(x, y, z);
    runOne(block);
  }
  return block.counters;
}

} // namespace fake_cuda
