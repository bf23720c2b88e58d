// SPDX-License-Identifier: Apache-2.0
// The parts of a training run: order, batches, schedules, metrics, callbacks.
#include "test/unit/ScratchFolder.h"
#include "training/Callbacks.h"
#include "training/Loader.h"
#include "training/Metrics.h"
#include "training/Order.h"
#include "training/RowSplit.h"
#include "training/Schedule.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace dlc::data;
using namespace dlc::training;

namespace {

TEST(OrderTest, IsAPermutationOfItsOwn) {
  for (size_t rows : {0, 1, 2, 17, 1000}) {
    std::vector<uint32_t> order = shuffledOrder(rows, 1, 2), sorted = order;
    std::sort(sorted.begin(), sorted.end());
    for (size_t i = 0; i < rows; ++i)
      EXPECT_EQ(sorted[i], i);
    EXPECT_EQ(order, shuffledOrder(rows, 1, 2));
  }
  EXPECT_NE(shuffledOrder(100, 1, 2), shuffledOrder(100, 1, 3));
  EXPECT_NE(shuffledOrder(100, 1, 2), shuffledOrder(100, 2, 2));
  // Pinned: a run must be resumable by a later version.
  EXPECT_EQ(shuffledOrder(8, 0, 0), (std::vector<uint32_t>{4, 7, 0, 2, 5, 3, 1, 6}));
}

TEST(OrderTest, IsFair) {
  // Each of 24 orders of four rows, 24000 times: 1000 each, give or take five standard deviations.
  std::vector<int> seen(256);
  for (uint64_t epoch = 0; epoch < 24000; ++epoch) {
    std::vector<uint32_t> order = shuffledOrder(4, 7, epoch);
    ++seen[order[0] | order[1] << 2 | order[2] << 4 | order[3] << 6];
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 0), 256 - 24);
  for (int count : seen)
    if (count)
      EXPECT_NEAR(count, 1000, 160);
}

/// Row numbers, which fails at one of them.
struct Numbers final : Column {
  size_t count, broken;
  Numbers(size_t count, size_t broken) : count(count), broken(broken) {}
  size_t rows() const override { return count; }
  void read(size_t row, unsigned char *to) const override {
    if (row == broken)
      throw Failure("row " + std::to_string(row) + " is broken");
    auto value = static_cast<float>(row);
    std::memcpy(to, &value, 4);
  }
  std::string describeRow(size_t row) const override { return std::to_string(row); }
  dlc_uint32 checksum(dlc_uint32 before) const override { return before; }
};

struct LoaderTest : testing::Test {
  std::vector<Target> targets{1};
  Dataset data;
  std::vector<uint32_t> order;
  void make(size_t rows, size_t broken = SIZE_MAX) {
    data.columns.clear();
    data.columns.push_back(std::make_unique<Numbers>(rows, broken));
    data.rows = rows;
    order = shuffledOrder(rows, 1, 1);
  }
  /// All rows of all batches.
  std::vector<double> readAll(size_t begin, size_t batchRows, bool isWholeOnly) {
    Loader loader(data, targets, order, begin, batchRows, isWholeOnly);
    std::vector<double> values;
    Batch batch;
    while (loader.next(batch)) {
      EXPECT_EQ(batch.firstPosition, begin + values.size());
      for (size_t i = 0; i < batch.rows; ++i)
        values.push_back(batch.tensors[0].at(i));
      loader.recycle(std::move(batch));
    }
    return values;
  }
};

TEST_F(LoaderTest, KeepsTheOrder) {
  make(103);
  std::vector<double> wanted(order.begin(), order.end());
  EXPECT_EQ(readAll(0, 10, false), wanted);
  EXPECT_EQ(readAll(0, 1000, false), wanted);
  EXPECT_EQ(readAll(40, 10, false), std::vector<double>(wanted.begin() + 40, wanted.end()));
  EXPECT_EQ(readAll(0, 10, true).size(), 100u);
  EXPECT_TRUE(readAll(103, 10, false).empty());
}

TEST_F(LoaderTest, HandsFailuresOn) {
  make(100, 55);
  EXPECT_EQ(failureOf([&] { readAll(0, 10, false); }), "row 55 is broken");
}

TEST_F(LoaderTest, CanBeLeftEarly) {
  make(10000);
  for (int round = 0; round < 20; ++round) {
    Loader loader(data, targets, order, 0, 7, false);
    Batch batch;
    EXPECT_TRUE(loader.next(batch));
  }
}

TEST(RowSplitTest, NamesItsOptionAsTheProgramDoes) {
  auto refuse = [](const OptionNames &names) { return failureOf([&] { splitRows(3, 0.1, 0, names); }); };
  EXPECT_EQ(refuse({}), "--validation-split 0.1 holds out none of 3 rows");
  EXPECT_EQ(refuse({"", '_'}), "validation_split 0.1 holds out none of 3 rows");
}

double factorAt(Schedule &schedule, size_t epoch, size_t step = 0) { return schedule.factor({epoch, step, 10, 4}); }

TEST(ScheduleTest, FollowsItsCurve) {
  EXPECT_EQ(factorAt(*makeSchedule("constant", 0), 5), 1);
  auto step = makeSchedule("step:every=3,factor=0.5", 0);
  EXPECT_EQ(factorAt(*step, 2, 3), 1);
  EXPECT_EQ(factorAt(*step, 3), 0.5);
  EXPECT_EQ(factorAt(*step, 6), 0.25);
  EXPECT_DOUBLE_EQ(factorAt(*makeSchedule("exponential:factor=0.5", 0), 1, 2), std::pow(0.5, 1.5));
  auto cosine = makeSchedule("cosine:minimum=0.1", 0);
  EXPECT_DOUBLE_EQ(factorAt(*cosine, 0), 1);
  EXPECT_DOUBLE_EQ(factorAt(*cosine, 5), 0.55);
  EXPECT_DOUBLE_EQ(factorAt(*cosine, 10), 0.1);
  auto warm = makeSchedule("step:every=1,factor=0.5", 6);
  EXPECT_DOUBLE_EQ(factorAt(*warm, 0, 0), 1.0 / 6);
  EXPECT_DOUBLE_EQ(factorAt(*warm, 1, 0), 0.5 * 5 / 6);
  EXPECT_DOUBLE_EQ(factorAt(*warm, 2, 0), 0.25);
}

TEST(ScheduleTest, WaitsOnAPlateau) {
  auto plateau = makeSchedule("plateau:patience=2,factor=0.1,minimum=0.05", 0);
  for (double value : {3.0, 2.0, 2.0})
    EXPECT_FALSE(plateau->observe(value));
  EXPECT_TRUE(plateau->observe(2.5));
  EXPECT_DOUBLE_EQ(factorAt(*plateau, 0), 0.1);
  EXPECT_FALSE(plateau->observe(2));
  auto copy = makeSchedule("plateau:patience=2,factor=0.1,minimum=0.05", 0);
  copy->load(nlohmann::json::parse(plateau->save().dump()));
  EXPECT_TRUE(copy->observe(2));
  EXPECT_DOUBLE_EQ(factorAt(*copy, 0), 0.05);
  EXPECT_FALSE(copy->observe(NAN) || copy->observe(NAN) || copy->observe(NAN));
  EXPECT_DOUBLE_EQ(factorAt(*copy, 0), 0.05);
}

TEST(ScheduleTest, SaysWhatIsWrong) {
  auto refuse = [](const char *text) { return failureOf([&] { makeSchedule(text, 0); }); };
  EXPECT_EQ(refuse("setp:every=1"), "there is no schedule 'setp'; did you mean 'step'?");
  EXPECT_EQ(refuse("step:evry=1"), "--schedule step has no 'evry'; did you mean 'every'?");
  EXPECT_EQ(refuse("step:every"), "--schedule step takes KEY=VALUE, not 'every'");
  EXPECT_EQ(refuse("step:factor=0.1"), "--schedule step needs 'every': step:every=VALUE");
  EXPECT_EQ(refuse("step:every=0"), "--schedule step: 'every' is a number from 1 to 1000000000, not '0'");
  EXPECT_EQ(refuse("cosine:minimum=nan"), "--schedule cosine: 'minimum' is a number from 0 to 1, not 'nan'");
  // As a program without a command line calls its options.
  EXPECT_EQ(failureOf([] { makeSchedule("step:every", 0, {"", '_'}); }), "schedule step takes KEY=VALUE, not 'every'");
}

double metric(const Metrics &metrics, const std::string &name) {
  for (const auto &[known, value] : metrics)
    if (known == name)
      return value;
  return -1;
}

TEST(MetricsTest, ConfusionOfTwoClasses) {
  Confusion confusion(2);
  for (auto [label, prediction, times] : {std::tuple{0, 0, 50}, {0, 1, 10}, {1, 0, 5}, {1, 1, 35}})
    for (int i = 0; i < times; ++i)
      confusion.add(label, prediction);
  Metrics metrics = confusion.metrics();
  EXPECT_DOUBLE_EQ(metric(metrics, "accuracy"), 0.85);
  EXPECT_DOUBLE_EQ(metric(metrics, "precision"), 35.0 / 45);
  EXPECT_DOUBLE_EQ(metric(metrics, "recall"), 35.0 / 40);
  EXPECT_DOUBLE_EQ(metric(metrics, "f1"), 70.0 / 85);
}

TEST(MetricsTest, ConfusionOfMoreClasses) {
  // Class 3 neither occurs nor is predicted: it has no part in the means.
  Confusion confusion(4);
  confusion.add(0, 0);
  confusion.add(1, 1);
  confusion.add(2, 1);
  confusion.add(1, 1);
  Metrics metrics = confusion.metrics();
  EXPECT_DOUBLE_EQ(metric(metrics, "accuracy"), 0.75);
  EXPECT_DOUBLE_EQ(metric(metrics, "precision"), (1 + 2.0 / 3 + 0) / 3);
  EXPECT_DOUBLE_EQ(metric(metrics, "recall"), (1 + 1 + 0) / 3.0);
  EXPECT_DOUBLE_EQ(metric(metrics, "f1"), (1 + 0.8 + 0) / 3);
  EXPECT_EQ(metric(Confusion(3).metrics(), "f1"), 0);
}

TEST(MetricsTest, Regression) {
  Regression regression;
  for (auto [label, prediction] : {std::pair{1e9 + 1, 1e9 + 2.0}, {1e9 + 2, 1e9 + 2.0}, {1e9 + 3, 1e9 + 2.0}})
    regression.add(label, prediction);
  EXPECT_DOUBLE_EQ(metric(regression.metrics(), "mae"), 2.0 / 3);
  EXPECT_NEAR(metric(regression.metrics(), "r2"), 0, 1e-12);
  Regression constant;
  constant.add(1, 2);
  EXPECT_EQ(metric(constant.metrics(), "r2"), 0);
}

TEST(MetricsTest, FindsTheQuestion) {
  EXPECT_EQ(findQuestion({8, 10}, {8}, true, true).answer, Answer::Class);
  EXPECT_EQ(findQuestion({8, 5, 10}, {8, 5}, true, true).classes, 10u);
  EXPECT_EQ(findQuestion({8, 10}, {8, 10}, false, true).answer, Answer::OneHot);
  EXPECT_EQ(findQuestion({8, 1}, {8}, false, true).answer, Answer::Threshold);
  EXPECT_EQ(findQuestion({8, 1}, {8, 1}, false, false).answer, Answer::Number);
  EXPECT_EQ(findQuestion({8, 3}, {8, 5}, false, true).answer, Answer::Number);
}

TEST(CallbacksTest, StopsWhenNothingGetsBetter) {
  EarlyStopping stopping(2, 0.1);
  EXPECT_FALSE(stopping.observe(1));
  EXPECT_FALSE(stopping.observe(0.95));
  EarlyStopping copy(2, 0.1);
  copy.load(nlohmann::json::parse(stopping.save().dump()));
  EXPECT_TRUE(copy.observe(0.91));
  EXPECT_FALSE(stopping.observe(0.8));
  EXPECT_FALSE(stopping.observe(NAN));
  EXPECT_TRUE(stopping.observe(NAN));
  EarlyStopping never(0, 0);
  for (int i = 0; i < 100; ++i)
    EXPECT_FALSE(never.observe(1));
}

} // namespace
