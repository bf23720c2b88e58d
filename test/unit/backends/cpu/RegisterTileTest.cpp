// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/RegisterTile.h"
#include "backends/cpu/WinogradCost.h"
#include <gtest/gtest.h>

using dlc::RegisterTile;
using dlc::RegisterTileProblem;

namespace {

std::string describe(const RegisterTileProblem &problem, const RegisterTile &tile, const dlc::Machine &processor) {
  return processor.name.str() + ": " + std::to_string(problem.columns) + " x " + std::to_string(problem.rows) + " x " +
         std::to_string(problem.planes) + " by " + std::to_string(tile.columns) + " x " + std::to_string(tile.rows) +
         " x " + std::to_string(tile.planes) + ", " + std::to_string(tile.lanes) + " lanes, block " +
         std::to_string(problem.block) + ", " + std::to_string(problem.elementBytes) + " bytes";
}

int64_t countAccumulators(const RegisterTileProblem &problem, const RegisterTile &tile) {
  return tile.columns / tile.lanes * tile.rows * tile.planes * problem.rowResults * problem.planeResults;
}

TEST(RegisterTileTest, LanesFillVectors) {
  for (const dlc::Machine &processor : dlc::getMachines()) {
    for (int64_t bytes : {4, 8})
      EXPECT_EQ(processor.getLanes(bytes) * bytes, processor.vectorBytes) << processor.name.str();
    // Narrow elements are computed as 32-bit ones.
    EXPECT_EQ(processor.getLanes(1), processor.getLanes(4));
  }
}

TEST(RegisterTileTest, TilesFitRegistersAndBlocks) {
  for (const dlc::Machine &processor : dlc::getMachines())
    for (int64_t columns : {-1, 1, 3, 7, 16, 17, 31, 32, 33, 64, 97, 1000})
      for (int64_t rows : {-1, 1, 2, 7, 28, 113})
        for (int64_t planes : {-1, 1, 5})
          for (int64_t bytes : {2, 4, 8})
            for (int64_t results : {1, 2}) {
              RegisterTileProblem problem;
              problem.columns = columns, problem.rows = rows, problem.planes = planes;
              problem.rowResults = problem.planeResults = results;
              problem.elementBytes = bytes, problem.depth = 37;
              RegisterTile tile = dlc::chooseRegisterTile(problem, processor);
              std::string text = describe(problem, tile, processor);
              EXPECT_GT(tile.cycles, 0) << text;
              EXPECT_EQ(tile.columns % tile.lanes, 0) << text;
              EXPECT_GE(tile.rows, 1) << text;
              EXPECT_GE(tile.planes, 1) << text;
              EXPECT_LE(tile.rows, rows < 0 ? 8 : rows) << text;
              EXPECT_LE(tile.planes, planes < 0 ? 1 : planes) << text;
              EXPECT_TRUE(problem.block % tile.columns == 0 || tile.columns % problem.block == 0 ||
                          columns <= tile.columns)
                  << text;
              bool isMinimal = tile.columns == tile.lanes && tile.rows == 1 && tile.planes == 1;
              int64_t vectors = tile.columns / tile.lanes;
              EXPECT_TRUE(isMinimal || countAccumulators(problem, tile) + vectors <= processor.registers) << text;
            }
}

TEST(RegisterTileTest, UnpackedColumnsAreNeverReadBeyondTheLast) {
  for (const dlc::Machine &processor : dlc::getMachines())
    for (int64_t columns : {4, 8, 12, 16, 20, 48, 96, 100}) {
      RegisterTileProblem problem;
      problem.columns = columns, problem.rows = 9, problem.planes = 1, problem.block = 0;
      RegisterTile tile = dlc::chooseRegisterTile(problem, processor);
      EXPECT_EQ(columns % tile.columns, 0) << describe(problem, tile, processor);
    }
}

TEST(RegisterTileTest, DivideWhereTheyMust) {
  for (int64_t rows : {1, 6, 7, 11, 28})
    for (int64_t planes : {1, 3, 4, 7})
      for (int64_t group : {16, 32, 48}) {
        RegisterTileProblem problem;
        problem.columns = 96, problem.rows = rows, problem.planes = planes;
        problem.mustDivide = true, problem.columnsDivide = group, problem.block = 16;
        const dlc::Machine &processor = *dlc::findMachine("x86-64-v3");
        RegisterTile tile = dlc::chooseRegisterTile(problem, processor);
        std::string text = describe(problem, tile, processor);
        EXPECT_EQ(rows % tile.rows, 0) << text;
        EXPECT_EQ(planes % tile.planes, 0) << text;
        EXPECT_EQ(group % tile.columns, 0) << text;
      }
}

TEST(RegisterTileTest, EstimatesGrowWithTheProblem) {
  const dlc::Machine &processor = *dlc::findMachine("x86-64-v4");
  RegisterTileProblem problem;
  problem.columns = 64, problem.rows = 28, problem.planes = 1, problem.depth = 64;
  double cycles = dlc::chooseRegisterTile(problem, processor).cycles;
  // No machine multiplies and adds more in a cycle than its vectors have lanes.
  double products = static_cast<double>(problem.columns * problem.rows * problem.depth);
  EXPECT_GE(cycles * processor.multiplyAdds * static_cast<double>(processor.getLanes(4)), products);
  problem.depth *= 2;
  EXPECT_GT(dlc::chooseRegisterTile(problem, processor).cycles, 1.5 * cycles);
}

TEST(RegisterTileTest, PartsThatDivideEvenlySplitBest) {
  EXPECT_EQ(dlc::getSplitEfficiency(0), 0);
  EXPECT_EQ(dlc::getSplitEfficiency(1), 0);
  EXPECT_EQ(dlc::getSplitEfficiency(4), 1);
  EXPECT_EQ(dlc::getSplitEfficiency(2), 0.75);
  EXPECT_NEAR(dlc::getSplitEfficiency(5), (5.0 / 6 + 5.0 / 8) / 2, 1e-12);
  EXPECT_GT(dlc::getSplitEfficiency(1001), 0.99);
}

TEST(RegisterTileTest, WinogradTakesImagesAndChannelsThatFillIt) {
  dlc::WinogradProblem problem{0, 64, 64, 1, 56, 56};
  EXPECT_EQ(dlc::chooseWinograd(problem), 4);
  problem.height = 11;
  EXPECT_EQ(dlc::chooseWinograd(problem), 2);
  problem.width = 4;
  EXPECT_EQ(dlc::chooseWinograd(problem), 0);
  EXPECT_EQ(dlc::chooseWinograd({0, 16, 64, 1, 56, 56}), 0); // few input channels
  EXPECT_EQ(dlc::chooseWinograd({0, 65, 64, 1, 56, 56}), 0); // not whole vectors
  EXPECT_EQ(dlc::chooseWinograd({0, 64, 64, 4, 56, 56}), 0); // groups of 16 channels
}

TEST(RegisterTileTest, WinogradChunksDivideTheImage) {
  for (int64_t m : {2, 4})
    for (int64_t channels : {32, 512, 1024})
      for (int64_t extent : {5, 7, 13, 56, 224}) {
        dlc::WinogradProblem problem{m, channels, channels, 1, extent, extent + 1};
        dlc::WinogradChunk chunk = dlc::chooseWinogradChunk(problem);
        EXPECT_EQ((extent + 1 + m - 1) / m % chunk.columns, 0) << extent;
        EXPECT_EQ((extent + m - 1) / m % chunk.rows, 0) << extent;
      }
  EXPECT_TRUE(dlc::paysTransformation({4, 64, 64, 1, 14, 14}, 1));
  EXPECT_FALSE(dlc::paysTransformation({4, 64, 64, 1, 7, 7}, 1));
}

// Weights of 2.4 and 9.4 MB come from the third-level cache for every chunk; those of 0.6 MB stay in the second level.
TEST(RegisterTileTest, LargeWinogradWeightsHaveFewChunks) {
  auto getRows = [](int64_t channels, int64_t extent) {
    return dlc::chooseWinogradChunk({4, channels, channels, 1, extent, extent}).rows;
  };
  EXPECT_EQ(getRows(64, 56), 1);
  EXPECT_EQ(getRows(128, 28), 7);  // the whole image, whose inputs fill the second level
  EXPECT_EQ(getRows(128, 112), 1); // with larger chunks the inputs would be read from afar instead
  EXPECT_EQ(getRows(256, 14), 4);
  EXPECT_EQ(getRows(256, 56), 7);
  EXPECT_TRUE(dlc::chooseWinogradChunk({4, 256, 256, 1, 56, 56}).splitsChannels);
}

TEST(RegisterTileTest, ChunksOfOpenImagesFillBlocksOfTiles) {
  for (int64_t channels : {32, 64, 512, 4096}) {
    dlc::WinogradChunk chunk = dlc::chooseOpenWinogradChunk({4, channels, channels, 1, -1, -1});
    EXPECT_GE(chunk.columns, 14) << channels;
    EXPECT_EQ(chunk.rows, 1);
    EXPECT_EQ(chunk.splitsChannels, channels >= 256) << channels;
  }
  // As many tiles as the second-level cache has room for.
  EXPECT_GT(dlc::chooseOpenWinogradChunk({4, 32, 32, 1, -1, -1}).columns,
            dlc::chooseOpenWinogradChunk({4, 128, 128, 1, -1, -1}).columns);
}

} // namespace
