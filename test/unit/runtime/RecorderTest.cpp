// SPDX-License-Identifier: Apache-2.0
#include "FakeModel.h"

#include "dlc/profile.h"

#include <gtest/gtest.h>
#include <memory>

namespace {

class Recorder : public testing::Test {
protected:
  void SetUp() override { rowMicroseconds = 0; }
  void TearDown() override {
    dlc_profile_release(profile);
    dlc_context_release(context);
    rowMicroseconds = 0;
  }

  void start(dlc_uint32 threads) {
    dlc_context_options options = makeOptions(threads);
    ASSERT_EQ(dlc_context_create(&fakeModel, &options, &error, &context), DLC_OK) << error.message;
    ASSERT_EQ(dlc_profile_create(context, &error, &profile), DLC_OK) << error.message;
  }
  void run(dlc_int64 rows) {
    Rows data(rows);
    ASSERT_EQ(data.run(context), DLC_OK) << dlc_context_message(context);
    ASSERT_TRUE(data.isRight());
  }

  dlc_error error = {};
  dlc_context *context = nullptr;
  dlc_profile *profile = nullptr;
};

TEST_F(Recorder, CountsLaunchesOfOneThread) {
  start(1);
  run(5);
  run(7);
  ASSERT_EQ(dlc_profile_read(profile), DLC_OK);
  ASSERT_EQ(profile->launch_count, 1u);
  ASSERT_EQ(profile->row_count, 2u);
  const dlc_profile_row &row = profile->rows[0];
  EXPECT_STREQ(row.launch->layer, "rows");
  EXPECT_STREQ(row.launch->type, "f32");
  EXPECT_EQ(row.calls, 2);
  EXPECT_EQ(row.operations, 4 * 12);
  EXPECT_EQ(row.bytes, 32 * 12);
  EXPECT_GT(row.nanoseconds, 0);
  EXPECT_EQ(row.nanoseconds, row.busy_nanoseconds);
  EXPECT_EQ(row.waiting_nanoseconds, 0);
  EXPECT_EQ(profile->entries[0].runs, 2u);
  EXPECT_GE(profile->entries[0].nanoseconds, row.nanoseconds);
  EXPECT_EQ(profile->rows[1].calls, 0); // the other entry point
  EXPECT_EQ(profile->entries[1].runs, 0u);
}

TEST_F(Recorder, AddsUpWhatIsReadInParts) {
  start(1);
  run(5);
  ASSERT_EQ(dlc_profile_read(profile), DLC_OK);
  ASSERT_EQ(dlc_profile_read(profile), DLC_OK);
  EXPECT_EQ(profile->rows[0].calls, 1);
  run(5);
  ASSERT_EQ(dlc_profile_read(profile), DLC_OK);
  EXPECT_EQ(profile->rows[0].calls, 2);
  EXPECT_EQ(profile->entries[0].runs, 2u);
}

TEST_F(Recorder, MeasuresTimeThatPasses) {
  start(1);
  rowMicroseconds = 2000;
  run(5);
  ASSERT_EQ(dlc_profile_read(profile), DLC_OK);
  EXPECT_GE(profile->rows[0].nanoseconds, 0.99 * 5 * 2000e3);
}

TEST_F(Recorder, GivesSharedWorkItsTimeOnce) {
  start(3);
  rowMicroseconds = 200;
  for (dlc_int64 rows : {1, 2, 3, 17, 64})
    run(rows);
  ASSERT_EQ(dlc_profile_read(profile), DLC_OK);
  const dlc_profile_row &row = profile->rows[0];
  EXPECT_NEAR(row.calls, 5, 1e-9);
  EXPECT_NEAR(row.operations, 4 * 87, 1e-6);
  EXPECT_NEAR(row.bytes, 32 * 87, 1e-6);
  EXPECT_GE(row.busy_nanoseconds, 0.99 * 87 * 200e3);
  EXPECT_LE(row.nanoseconds, profile->entries[0].nanoseconds);
  // One row is not shared, two rows are work for two threads.
  EXPECT_LE(row.busy_nanoseconds + row.waiting_nanoseconds, 3 * row.nanoseconds * (1 + 1e-9));
  EXPECT_GE(row.waiting_nanoseconds, 0);
}

/// Events of a run, as a visitor sees them.
struct Seen {
  std::vector<dlc_profile_event> launches, shared, runs;
  static void visit(void *self, const dlc_profile_event *event) {
    auto *seen = static_cast<Seen *>(self);
    (event->kind == DLC_EVENT_RUN        ? seen->runs
     : event->kind == DLC_EVENT_PARALLEL ? seen->shared
                                         : seen->launches)
        .push_back(*event);
  }
};

TEST_F(Recorder, NestsEvents) {
  start(2);
  rowMicroseconds = 100;
  Seen seen;
  profile->visit = Seen::visit;
  profile->visit_self = &seen;
  run(40);
  run(40);
  ASSERT_EQ(dlc_profile_read(profile), DLC_OK);
  ASSERT_EQ(seen.runs.size(), 2u);
  ASSERT_EQ(seen.shared.size(), 2u);
  double parts = 0;
  for (const dlc_profile_event &launch : seen.launches) {
    parts += launch.share;
    EXPECT_LT(launch.thread, 2u);
    EXPECT_EQ(launch.row, &profile->rows[0]);
    bool isInside = false;
    for (const dlc_profile_event &shared : seen.shared)
      isInside |=
          launch.start >= shared.start && launch.start + launch.nanoseconds <= shared.start + shared.nanoseconds + 1;
    EXPECT_TRUE(isInside);
  }
  EXPECT_NEAR(parts, 2, 1e-9);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_GE(seen.shared[i].start, seen.runs[i].start);
    EXPECT_LE(seen.shared[i].start + seen.shared[i].nanoseconds, seen.runs[i].start + seen.runs[i].nanoseconds + 1);
    EXPECT_STREQ(seen.runs[i].entry->name, "run");
  }
}

TEST_F(Recorder, MakesRoomWhereEventsWereLost) {
  start(1);
  dlc_profile_record_all(profile);
  dlc_uint64 wordsBefore = profile->words, runs = wordsBefore / (2 * DLC_EVENT_WORDS + 1) + 1;
  for (dlc_uint64 i = 0; i < runs; ++i)
    run(1);
  ASSERT_EQ(dlc_profile_read(profile), DLC_OK);
  EXPECT_EQ(profile->rows[0].calls, 0);
  EXPECT_GE(profile->lost_runs, runs - 1); // the last one's own event may be among the lost ones
  EXPECT_EQ(profile->words, 2 * wordsBefore);
  dlc_uint64 lost = profile->lost_runs;
  for (dlc_uint64 i = 0; i < runs; ++i)
    run(1);
  ASSERT_EQ(dlc_profile_read(profile), DLC_OK);
  EXPECT_EQ(profile->rows[0].calls, static_cast<double>(runs));
  EXPECT_EQ(profile->lost_runs, lost);
}

/// Recording takes 1 % of the time of runs, whatever clock and machine: what it costs is given.
TEST_F(Recorder, SkipsRunsThatCostTooMuch) {
  for (dlc_uint32 threads : {1u, 3u}) {
    start(threads);
    EXPECT_GT(profile->paces[0].cost, 0u);
    rowMicroseconds = 20;
    run(1); // which takes longer than others
    ASSERT_EQ(dlc_profile_read(profile), DLC_OK);
    ASSERT_EQ(profile->entries[0].runs, 1u);
    // As if an event cost 5 % of a run, and the first of them did, too.
    constexpr dlc_uint64 words = 2 * DLC_EVENT_WORDS + 1; // of a launch with one symbol, and of its run
    double cost = 0.05 * 20e3 / profile->nanoseconds_per_tick;
    profile->paces[0] = {0, 1, static_cast<dlc_uint64>(100 * cost / words), 0, 0};
    constexpr dlc_uint64 runs = 2000;
    dlc_uint64 begin = dlc_ticks();
    for (dlc_uint64 i = 0; i < runs; ++i)
      run(1);
    auto ticks = static_cast<double>(dlc_ticks() - begin);
    ASSERT_EQ(dlc_profile_read(profile), DLC_OK);
    const dlc_profile_entry &entry = profile->entries[0];
    EXPECT_EQ(entry.runs + entry.skipped, runs + 1);
    EXPECT_GT(entry.skipped, 0u);
    // Groups of 16 at least; a run that the system interrupts pays for more.
    EXPECT_GT(entry.runs, 32u);
    EXPECT_LT(static_cast<double>(entry.runs) * cost, 0.02 * ticks);
    EXPECT_EQ(profile->rows[0].calls, static_cast<double>(entry.runs));
    EXPECT_EQ(profile->rows[0].operations, 4.0 * static_cast<double>(entry.runs));
    EXPECT_EQ(profile->lost_runs, 0u);
    EXPECT_EQ(profile->entries[1].skipped, 0u); // the other entry point
    TearDown();
    profile = nullptr, context = nullptr;
  }
}

TEST_F(Recorder, SkipsNothingThatIsCheap) {
  start(1);
  profile->paces[0] = {0, 1, 1, 0, 0};
  rowMicroseconds = 20;
  for (int i = 0; i < 100; ++i)
    run(1);
  ASSERT_EQ(dlc_profile_read(profile), DLC_OK);
  EXPECT_EQ(profile->entries[0].runs, 100u);
  EXPECT_EQ(profile->entries[0].skipped, 0u);
}

TEST_F(Recorder, EndsWithItsThreads) {
  start(2);
  ASSERT_EQ(dlc_context_set_threads(context, 3, nullptr), DLC_OK);
  run(10); // recorded by nobody
  EXPECT_EQ(dlc_profile_read(profile), DLC_ERROR_ARGUMENT);
  EXPECT_STREQ(dlc_context_message(context), "2 recorders for the 3 threads of the context");
  dlc_profile_release(profile);
  profile = nullptr;
  run(10);
}

TEST_F(Recorder, SaysThatOldLibrariesHaveNone) {
  dlc_runtime_api old = *fakeModel.runtime;
  old.struct_bytes = offsetof(dlc_runtime_api, context_record);
  start(1);
  const dlc_runtime_api *today = context->api;
  context->api = &old;
  dlc_profile *none = profile;
  EXPECT_EQ(dlc_profile_create(context, &error, &none), DLC_ERROR_ABI);
  EXPECT_EQ(none, nullptr);
  EXPECT_STREQ(error.message, "model 'fake' was compiled by by hand, which had no profiles: compile it again");
  context->api = today;
}

double evaluate(const char *text, std::vector<dlc_uint64> symbols = {}) {
  dlc_formula formula = dlc_read_formula(text);
  return dlc_evaluate_formula(&formula, symbols.data(), static_cast<dlc_uint32>(symbols.size()));
}

TEST(Formula, IsInPostfixNotation) {
  EXPECT_EQ(evaluate("42"), 42);
  EXPECT_EQ(evaluate("s0\trest", {7}), 7);
  EXPECT_EQ(evaluate("s1 4 * 2 +\n", {0, 5}), 22);
  EXPECT_EQ(evaluate("s0 -3 +", {10}), 7);
  EXPECT_EQ(evaluate("s0 3 /", {11}), 3);
  EXPECT_EQ(evaluate("-11 3 /"), -4);
  EXPECT_EQ(evaluate("-11 3 %"), 1);
  EXPECT_EQ(evaluate("-11 3 ^"), -3);
  EXPECT_EQ(evaluate("12 3 ^"), 4);
  EXPECT_EQ(evaluate("13 3 ^"), 5);
  EXPECT_EQ(evaluate("7 0 /"), 0);
}

TEST(Formula, MayBeUnknownOrBroken) {
  for (const char *unknown : {"?", "", "?\t3", "\n"})
    EXPECT_NE(evaluate(unknown), evaluate(unknown)); // NaN
  for (const char *broken : {"+", "s0 +", "+ + +", "s9", "x y", "-"})
    EXPECT_EQ(evaluate(broken, {3}), 0) << broken;
  std::string deep;
  for (int i = 0; i < 100; ++i)
    deep += "1 ";
  EXPECT_EQ(evaluate((deep + "s0").c_str(), {3}), 0);
}

TEST(Launches, RepeatWhatIsSaidOfTheirKernels) {
  dlc_program program = {};
  program.struct_bytes = sizeof program;
  program.launches = "a b\tk0\tconvolution\tf32\ts0 2 *\t8\ts0\ts0 7 *\t#s<x> "
                     "#s<y>\nsecond\tk1\telementwise\tbf16\t1\t2\t1\tmore\nthird\tk0\n";
  dlc_uint32 count;
  std::unique_ptr<dlc_launch_info, void (*)(void *)> launches(dlc_read_launches(&program, &count), free);
  ASSERT_EQ(count, 3u);
  const dlc_launch_info *infos = launches.get();
  EXPECT_STREQ(infos[0].layer, "a b");
  EXPECT_STREQ(infos[1].type, "bf16");
  EXPECT_EQ(infos[1].bytes.value, 2);
  EXPECT_STREQ(infos[2].layer, "third");
  EXPECT_STREQ(infos[2].kernel, "k0");
  EXPECT_STREQ(infos[2].kind, "convolution");
  dlc_uint64 symbols[] = {21};
  EXPECT_EQ(dlc_evaluate_formula(&infos[2].operations, symbols, 1), 42);
  EXPECT_EQ(dlc_evaluate_formula(&infos[2].nanoseconds, symbols, 1), 147);
  EXPECT_STREQ(infos[2].schedules, "#s<x> #s<y>");

  program.launches = nullptr;
  EXPECT_EQ(dlc_read_launches(&program, &count), nullptr);
  EXPECT_EQ(count, 0u);
  program.launches = "lacks\tmost\n";
  std::unique_ptr<dlc_launch_info, void (*)(void *)> one(dlc_read_launches(&program, &count), free);
  EXPECT_STREQ(one.get()->kind, "");
  EXPECT_NE(one.get()->operations.value, one.get()->operations.value);
  // A library that says nothing of these was compiled by an older dlc.
  EXPECT_NE(one.get()->nanoseconds.value, one.get()->nanoseconds.value);
  EXPECT_STREQ(one.get()->schedules, "");
}

} // namespace
