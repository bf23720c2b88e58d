// SPDX-License-Identifier: Apache-2.0
#include "analysis/ArenaPlanner.h"
#include "ir/Layout.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <gtest/gtest.h>
#include <random>

using namespace mlir;

namespace {

int64_t toNumber(AffineExpr expr) { return llvm::cast<AffineConstantExpr>(expr).getValue(); }

class ArenaPlacementTest : public ::testing::Test {
protected:
  void add(int64_t first, int64_t last, int64_t bytes) {
    buffers.push_back({first, last, getAffineConstantExpr(bytes, &context)});
  }

  /// The offsets that the header promises: the largest first, each compared with all that have been placed.
  llvm::SmallVector<int64_t> placeByPairs() const {
    llvm::SmallVector<size_t> order = llvm::to_vector(llvm::seq<size_t>(0, buffers.size())), placed;
    auto bytesOf = [&](size_t i) {
      return static_cast<int64_t>(llvm::alignTo(toNumber(buffers[i].bytes), dlc::bufferAlignment));
    };
    llvm::stable_sort(order, [&](size_t a, size_t b) { return bytesOf(a) > bytesOf(b); });
    llvm::SmallVector<int64_t> offsets(buffers.size(), 0);
    for (size_t buffer : order) {
      llvm::SmallVector<size_t> others;
      for (size_t other : placed)
        if (buffers[other].first <= buffers[buffer].last && buffers[buffer].first <= buffers[other].last)
          others.push_back(other);
      llvm::stable_sort(others, [&](size_t a, size_t b) { return offsets[a] < offsets[b]; });
      int64_t &offset = offsets[buffer];
      for (size_t other : others) {
        if (offset + bytesOf(buffer) <= offsets[other])
          break;
        offset = std::max(offset, offsets[other] + bytesOf(other));
      }
      placed.push_back(buffer);
    }
    return offsets;
  }

  void expectOffsets(llvm::ArrayRef<int64_t> expected) {
    dlc::ArenaPlan plan = dlc::planArena(buffers, /*shareMemory=*/true, &context);
    for (size_t i = 0; i < buffers.size(); ++i)
      EXPECT_EQ(toNumber(plan.offsets[i]), expected[i]) << "buffer " << i << " of " << buffers.size();
  }

  MLIRContext context;
  llvm::SmallVector<dlc::ArenaBuffer> buffers;
};

TEST_F(ArenaPlacementTest, nothingTakesNothing) {
  dlc::ArenaPlan plan = dlc::planArena(buffers, /*shareMemory=*/true, &context);
  EXPECT_EQ(toNumber(plan.bytes), 0);
  EXPECT_EQ(dlc::getLiveBytes(buffers), 0);
}

TEST_F(ArenaPlacementTest, buffersThatDieMakeRoom) {
  add(0, 1, 128);
  add(1, 2, 128);
  add(2, 3, 128);
  expectOffsets({0, 128, 0});
  EXPECT_EQ(toNumber(dlc::planArena(buffers, /*shareMemory=*/true, &context).bytes), 256);
  EXPECT_EQ(toNumber(dlc::planArena(buffers, /*shareMemory=*/false, &context).bytes), 384);
}

TEST_F(ArenaPlacementTest, gapsAreFilledFromBelow) {
  add(0, 9, 256);
  add(4, 9, 192);
  add(0, 3, 128);
  add(2, 5, 64);
  expectOffsets({0, 256, 256, 448});
}

TEST_F(ArenaPlacementTest, randomBuffersAreWhereComparingAllPairsPutsThem) {
  std::mt19937 random(7);
  for (unsigned round = 0; round < 300; ++round) {
    buffers.clear();
    unsigned count = 1 + random() % 60, steps = 1 + random() % 40, sizes = 1 + random() % 5;
    for (unsigned i = 0; i < count; ++i) {
      int64_t first = random() % steps;
      // Few sizes, among them none, so that many buffers come to one offset.
      add(first, std::min<int64_t>(steps - 1, first + random() % 9), (random() % sizes) * 96);
    }
    // As in training: what the first layer leaves is read last.
    for (int64_t i = 0; i < static_cast<int64_t>(steps) / 2; ++i)
      add(i, steps - 1 - i, 64 * (1 + random() % 3));
    expectOffsets(placeByPairs());
  }
}

TEST_F(ArenaPlacementTest, liveBytesAreSumsOverSteps) {
  add(0, 2, 100);
  add(1, 1, 10);
  add(2, 4, 1);
  EXPECT_EQ(dlc::getLiveBytesOfSteps(buffers), (llvm::SmallVector<int64_t>{100, 110, 101, 1, 1}));
  EXPECT_EQ(dlc::getLiveBytes(buffers), 110);
}

} // namespace
