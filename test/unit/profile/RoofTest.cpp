// SPDX-License-Identifier: Apache-2.0
#include "data/Failure.h"
#include "profile/RoofMeasurement.h"
#include "test/unit/ScratchFolder.h"

#include <cmath>
#include <fstream>
#include <gtest/gtest.h>

using namespace dlc::profile;

namespace {

Roof makeRoof() {
  Roof roof;
  roof.cpu = cpuName();
  roof.cores = 3;
  roof.gigaops = {{"f32", {100, 300}}, {"i8", {400, 1200}}};
  roof.memory = {{"L1", 1000, {200, 600}}, {"L2", 100000, {50, 150}}, {"memory", 0, {10, 20}}};
  return roof;
}

TEST(Roof, IsTheScarcerOfArithmeticAndMemory) {
  Roof roof = makeRoof();
  EXPECT_DOUBLE_EQ(*roof.leastSeconds("f32", 100e9, 1, 1, 1), 1);
  EXPECT_DOUBLE_EQ(*roof.leastSeconds("f32", 100e9, 1, 1, 3), 1.0 / 3);
  EXPECT_DOUBLE_EQ(*roof.leastSeconds("f32", 100e9, 1, 1, 2), 0.5);
  EXPECT_DOUBLE_EQ(*roof.leastSeconds("u8", 400e9, 1, 1, 1), 1);
  EXPECT_DOUBLE_EQ(*roof.leastSeconds("f16", 100e9, 1, 1, 1), 1); // as f32
  // The level that holds what a call touches.
  EXPECT_DOUBLE_EQ(*roof.leastSeconds("f32", 1, 200e9, 1000, 1), 1);
  EXPECT_DOUBLE_EQ(*roof.leastSeconds("f32", 1, 200e9, 1001, 1), 4);
  EXPECT_DOUBLE_EQ(*roof.leastSeconds("f32", 1, 200e9, 100001, 1), 20);
  EXPECT_DOUBLE_EQ(*roof.leastSeconds("f32", 1, 200e9, 100001, 8), 10);
  EXPECT_FALSE(roof.leastSeconds("f32", NAN, NAN, NAN, 1));
  EXPECT_DOUBLE_EQ(*roof.leastSeconds("f32", NAN, 10e9, 1e9, 1), 1);
}

TEST(Roof, IsKeptInAFile) {
  ScratchFolder folder;
  std::string path = folder.path / "new/folder/roof.json";
  EXPECT_FALSE(readRoof(path));
  writeRoof(makeRoof(), path);
  std::optional<Roof> read = readRoof(path);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->cores, 3u);
  EXPECT_EQ(read->gigaops.at("i8").all, 1200);
  ASSERT_EQ(read->memory.size(), 3u);
  EXPECT_EQ(read->memory[1].name, "L2");
  EXPECT_EQ(read->memory[1].gigabytes.one, 50);

  Roof other = makeRoof();
  other.cpu = "another CPU";
  writeRoof(other, path);
  EXPECT_FALSE(readRoof(path));
  std::ofstream(path) << "{\"dlc_roof\": 1}";
  EXPECT_THROW(readRoof(path), dlc::data::Failure);
  EXPECT_THROW(writeRoof(makeRoof(), "/proc/no/such/roof.json"), dlc::data::Failure);
}

TEST(Roof, IsMeasured) {
  Roof roof = measureRoof();
  EXPECT_EQ(roof.cpu, cpuName());
  ASSERT_TRUE(roof.gigaops.count("f32"));
  for (const auto &[type, rate] : roof.gigaops) {
    EXPECT_GT(rate.one, 0.1) << type;
    EXPECT_TRUE(std::isfinite(rate.all)) << type;
  }
  ASSERT_FALSE(roof.memory.empty());
  EXPECT_EQ(roof.memory.back().name, "memory");
  for (const MemoryLevel &level : roof.memory)
    EXPECT_GT(level.gigabytes.one, 0.1) << level.name;
}

} // namespace
