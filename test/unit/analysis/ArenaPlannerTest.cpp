// SPDX-License-Identifier: Apache-2.0
#include "analysis/ArenaPlanner.h"
#include "ir/Layout.h"
#include "mlir/IR/MLIRContext.h"
#include <gtest/gtest.h>
#include <random>
#include <vector>

using namespace mlir;
using dlc::ArenaBuffer;
using dlc::ArenaPlan;

namespace {

class ArenaPlannerTest : public testing::Test {
protected:
  AffineExpr bytes(int64_t count) { return getAffineConstantExpr(count, &context); }
  AffineExpr symbol(unsigned position) { return getAffineSymbolExpr(position, &context); }
  ArenaPlan plan(llvm::ArrayRef<ArenaBuffer> buffers, bool shareMemory = true) {
    return dlc::planArena(buffers, shareMemory, &context);
  }
  /// The value of `expr` for these values of the symbols.
  int64_t valueOf(AffineExpr expr, llvm::ArrayRef<int64_t> symbols) {
    llvm::SmallVector<AffineExpr> values;
    for (int64_t value : symbols)
      values.push_back(bytes(value));
    return llvm::cast<AffineConstantExpr>(expr.replaceSymbols(values)).getValue();
  }
  /// Fails where two buffers share bytes while both live, an offset is not aligned, or a buffer leaves the arena.
  void check(llvm::ArrayRef<ArenaBuffer> buffers, const ArenaPlan &planned, bool shareMemory,
             llvm::ArrayRef<int64_t> symbols) {
    int64_t end = valueOf(planned.bytes, symbols);
    ASSERT_EQ(planned.offsets.size(), buffers.size());
    for (size_t i = 0; i < buffers.size(); ++i) {
      int64_t begin = valueOf(planned.offsets[i], symbols), size = valueOf(buffers[i].bytes, symbols);
      EXPECT_EQ(begin % dlc::bufferAlignment, 0) << "buffer " << i;
      EXPECT_GE(begin, 0) << "buffer " << i;
      EXPECT_LE(begin + size, end) << "buffer " << i;
      for (size_t j = 0; j < i; ++j) {
        bool areAlive = buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last;
        int64_t otherBegin = valueOf(planned.offsets[j], symbols), other = valueOf(buffers[j].bytes, symbols);
        if (size && other && (areAlive || !shareMemory)) {
          EXPECT_TRUE(begin + size <= otherBegin || otherBegin + other <= begin) << "buffers " << i << " and " << j;
        }
      }
    }
  }

  MLIRContext context{MLIRContext::Threading::DISABLED};
};

TEST_F(ArenaPlannerTest, NothingTakesNothing) { EXPECT_EQ(plan({}).bytes, bytes(0)); }

TEST_F(ArenaPlannerTest, OnlyNeighboursOfAChainAreAliveTogether) {
  ArenaBuffer chain[] = {{0, 1, bytes(128)}, {1, 2, bytes(64)}, {2, 3, bytes(128)}, {3, 4, bytes(64)}};
  EXPECT_EQ(plan(chain).bytes, bytes(192));
  EXPECT_EQ(plan(chain, /*shareMemory=*/false).bytes, bytes(384));
  EXPECT_EQ(dlc::getLiveBytes(chain), 192);
}

TEST_F(ArenaPlannerTest, SizesAreRoundedToTheAlignment) {
  EXPECT_EQ(plan({{0, 1, bytes(1)}, {0, 1, bytes(65)}}).bytes, bytes(64 + 128));
  EXPECT_EQ(plan({{0, 9, bytes(0)}}).bytes, bytes(0));
}

TEST_F(ArenaPlannerTest, ABatchScalesOneRegion) {
  ArenaBuffer buffers[] = {{0, 1, symbol(0) * 64}, {1, 2, symbol(0) * 128}, {2, 3, symbol(0) * 64}};
  EXPECT_EQ(plan(buffers).bytes, symbol(0) * 192);
  EXPECT_EQ(dlc::getLiveBytes(buffers, 10), 1920);
}

TEST_F(ArenaPlannerTest, UnitsThatDifferGetRegionsOfTheirOwn) {
  // A value of one symbol says nothing about the other: their buffers cannot share.
  ArenaBuffer buffers[] = {{0, 0, symbol(0) * 64}, {1, 1, symbol(1) * 64}, {2, 2, bytes(64)}};
  ArenaPlan planned = plan(buffers);
  for (const std::vector<int64_t> &symbols : {std::vector<int64_t>{1, 1}, {0, 7}, {13, 0}, {0, 0}})
    EXPECT_EQ(valueOf(planned.bytes, symbols), 64 * (symbols[0] + symbols[1] + 1));
}

TEST_F(ArenaPlannerTest, ANegativeFactorOfAPositiveSizeIsNotLost) {
  // As in a count of steps that go up or down: the quotient is -1 where there is one.
  AffineExpr size = symbol(0) * (-symbol(0)).floorDiv(int64_t(1) << 62) * -8;
  ArenaBuffer buffers[] = {{0, 2, size}, {1, 2, bytes(8)}, {1, 2, size * 3}};
  for (bool shareMemory : {true, false})
    for (int64_t n : {0, 1, 5, 1000})
      check(buffers, plan(buffers, shareMemory), shareMemory, {n});
}

TEST_F(ArenaPlannerTest, RandomLivesNeverOverlap) {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    llvm::SmallVector<ArenaBuffer> buffers;
    for (size_t i = 0, count = random() % 24; i < count; ++i) {
      int64_t first = random() % 20, size = random() % 5 ? random() % 1000 : 0;
      AffineExpr units[] = {
          bytes(1), symbol(0), symbol(1), symbol(0) * symbol(1), symbol(0) + 3, symbol(0).floorDiv(2)};
      buffers.push_back({first, first + int64_t(random() % 6), units[random() % 6] * size});
    }
    for (bool shareMemory : {true, false}) {
      ArenaPlan planned = plan(buffers, shareMemory);
      for (const std::vector<int64_t> &symbols : {std::vector<int64_t>{1, 1}, {0, 3}, {17, 5}})
        check(buffers, planned, shareMemory, symbols);
      EXPECT_GE(dlc::evaluate(planned.bytes, 3), dlc::getLiveBytes(buffers, 3));
    }
  }
}

TEST_F(ArenaPlannerTest, DivisionRoundsAsAffineExpressionsDo) {
  AffineExpr n = symbol(0);
  for (int64_t value : {-7, -1, 0, 1, 7, 64})
    for (AffineExpr expr : {n.floorDiv(4), n.ceilDiv(4), n % 4, n * 3 + 5})
      EXPECT_EQ(dlc::evaluate(expr, value), valueOf(expr, {value})) << value;
}

} // namespace
