// SPDX-License-Identifier: Apache-2.0
extern "C" {
#include "runtime/core/LaunchTable.h"
}

#include <cstdint>
#include <gtest/gtest.h>
#include <vector>

namespace {

struct Seen {
  std::vector<int64_t> arguments;
  int64_t begin, end;
  bool isInRanges;
  int64_t grain, nanoseconds;
};
std::vector<Seen> seen;
size_t argumentCount;
int32_t failAt = -1;

int32_t note(const void *arguments, int64_t begin, int64_t end) {
  const auto *numbers = static_cast<const int64_t *>(arguments);
  seen.push_back({{numbers, numbers + argumentCount}, begin, end, false, 0, 0});
  return static_cast<int32_t>(seen.size()) == failAt ? DLC_ERROR_KERNEL : DLC_OK;
}
dlc_int32 task(const void *arguments, dlc_int64 begin, dlc_int64 end, struct dlc_scratch *) {
  return note(arguments, begin, end);
}
dlc_int32 inRanges(const dlc_call *, dlc_task function, const void *arguments, dlc_int64 extent, dlc_int64 grain,
                   dlc_int64 nanoseconds) {
  dlc_int32 status = function(arguments, 0, extent, nullptr);
  seen.back().isInRanges = true;
  seen.back().grain = grain;
  seen.back().nanoseconds = nanoseconds;
  return status;
}

class LaunchTable : public testing::Test {
protected:
  void SetUp() override {
    seen.clear();
    failAt = -1;
    argumentCount = 0;
    call.workspace = reinterpret_cast<dlc_byte *>(0x1000);
    call.constants = reinterpret_cast<const dlc_byte *>(0x2000);
    call.prepared = reinterpret_cast<dlc_byte *>(0x3000);
    call.variables = reinterpret_cast<dlc_byte *>(0x4000);
    call.tensors = tensors;
    call.states = states;
    call.next_states = nextStates;
  }

  int32_t run(int64_t count, const std::vector<int32_t> &words, const std::vector<int64_t> &values,
              const std::vector<int64_t> &terms = {}) {
    return dlcRunLaunches(&call, count, words.data(), reinterpret_cast<const dlc_int64 *>(values.data()), functions,
                          reinterpret_cast<const dlc_int64 *>(terms.data()), arguments, inRanges);
  }

  dlc_call call = {};
  void *tensors[2] = {reinterpret_cast<void *>(0x5000), reinterpret_cast<void *>(0x6000)};
  dlc_byte *states[1] = {reinterpret_cast<dlc_byte *>(0x7000)};
  dlc_byte *nextStates[2] = {nullptr, reinterpret_cast<dlc_byte *>(0x8000)};
  const dlc_task functions[1] = {task};
  dlc_int64 arguments[16];
};

int32_t baseWord(dlc_argument_base base, int32_t number = 0) { return base | number << DLC_BASE_BITS; }

TEST_F(LaunchTable, RunsNothing) {
  EXPECT_EQ(run(0, {0}, {0}), DLC_OK);
  EXPECT_TRUE(seen.empty());
}

TEST_F(LaunchTable, FindsEveryBase) {
  argumentCount = 11;
  std::vector<int64_t> values = {7, 0, 0, 0, 64, 0, 0, 0};
  std::vector<int32_t> words = {0, 11, 0, 0, 0, baseWord(DLC_BASE_NONE), 0};
  for (int32_t base : {baseWord(DLC_BASE_WORKSPACE), baseWord(DLC_BASE_CONSTANTS), baseWord(DLC_BASE_PREPARED),
                       baseWord(DLC_BASE_VARIABLES), baseWord(DLC_BASE_TENSOR, 0), baseWord(DLC_BASE_TENSOR, 1),
                       baseWord(DLC_BASE_STATE, 0), baseWord(DLC_BASE_NEXT_STATE, 1)})
    words.insert(words.end(), {base, 4});
  words.insert(words.end(), {DLC_BASE_IMMEDIATE, -9, baseWord(DLC_BASE_TENSOR, 1) | DLC_BASE_IMMEDIATE, 32});
  EXPECT_EQ(run(1, words, values, {5}), DLC_OK);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].arguments,
            (std::vector<int64_t>{7, 0x1040, 0x2040, 0x3040, 0x4040, 0x5040, 0x6040, 0x7040, 0x8040, -9, 0x6020}));
  EXPECT_EQ(seen[0].end, 7);
  EXPECT_FALSE(seen[0].isInRanges);
}

TEST_F(LaunchTable, AddsTermsThatWrapInBetween) {
  argumentCount = 1;
  int64_t half = INT64_MAX / 2 + 1;
  // 3 + 2^62 a - 2^62 b, and 5 - 2 a.
  EXPECT_EQ(run(1, {0, 1, 6, 0, 0, baseWord(DLC_BASE_NONE), 0}, {3, 0, half, 1, 1, -half, 5, 0, -2, 0}, {-3, -3}),
            DLC_OK);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].arguments.front(), 3);
  EXPECT_EQ(seen[0].end, 11);
}

TEST_F(LaunchTable, SplitsWhatHasAGrainAndStopsAtTheFirstFailure) {
  std::vector<int32_t> words;
  for (int32_t grain : {0, 8, 0, 8})
    words.insert(words.end(), {0, 0, 0, grain, 4});
  EXPECT_EQ(run(4, words, {100, 0, 0, 0, 1, 0, 50, 0}, {1000}), DLC_OK);
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_FALSE(seen[2].isInRanges);
  EXPECT_TRUE(seen[3].isInRanges);
  EXPECT_EQ(seen[3].grain, 8);
  EXPECT_EQ(seen[3].nanoseconds, 50001);
  for (int32_t last : {1, 2, 3}) {
    seen.clear();
    failAt = last;
    EXPECT_EQ(run(4, words, {100, 0, 0, 0, 1, 0, 50, 0}, {1000}), DLC_ERROR_KERNEL);
    EXPECT_EQ(seen.size(), static_cast<size_t>(last));
  }
}

TEST_F(LaunchTable, Copies) {
  char from[8] = "1234567", to[8] = "abcdefg";
  tensors[0] = to;
  tensors[1] = from;
  std::vector<int32_t> words = {
      DLC_LAUNCH_COPY, 2, 8, 0, 0, baseWord(DLC_BASE_TENSOR, 0), 4, baseWord(DLC_BASE_TENSOR, 1), 0};
  std::vector<int64_t> values = {0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 3, 0};
  EXPECT_EQ(run(1, words, values, {0}), DLC_OK);
  EXPECT_STREQ(to, "abcdefg");
  EXPECT_EQ(run(1, words, values, {1}), DLC_OK);
  EXPECT_STREQ(to, "a123efg");
}

} // namespace
