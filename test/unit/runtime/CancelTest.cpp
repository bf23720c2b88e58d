// SPDX-License-Identifier: Apache-2.0
#include "SteppingModel.h"

#include "dlc/profile.h"

#include <chrono>
#include <csignal>
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <thread>

namespace {

class Cancel : public testing::TestWithParam<dlc_uint32> {
protected:
  void TearDown() override {
    beforeLaunch = nullptr;
    inTask = nullptr;
    taskStatus = DLC_OK;
  }
};

TEST_P(Cancel, EndsARunBetweenLaunchesAndLeavesNothingChanged) {
  Stepper stepper(GetParam());
  ASSERT_EQ(stepper.run(3), DLC_OK) << dlc_context_message(stepper.context);
  EXPECT_EQ(stepper.total(), 3);
  for (dlc_int64 at : {0, 1, 7, 99}) {
    dlc_int64 last = -1;
    beforeLaunch = [&](dlc_int64 launch) {
      last = launch;
      if (launch == at)
        EXPECT_EQ(dlc_context_cancel(stepper.context), DLC_OK);
    };
    EXPECT_EQ(stepper.run(100), DLC_ERROR_CANCELLED);
    EXPECT_STREQ(dlc_context_message(stepper.context), "'step' was cancelled; see dlc_context_resume");
    EXPECT_EQ(last, at) << "no launch comes after the one before which the run was cancelled";
    EXPECT_EQ(stepper.total(), 3);
    EXPECT_EQ(dlc_context_resume(stepper.context), DLC_OK);
  }
  beforeLaunch = nullptr;
  ASSERT_EQ(stepper.run(4), DLC_OK) << dlc_context_message(stepper.context);
  EXPECT_EQ(stepper.total(), 7);
  EXPECT_EQ(stepper.y[7], 32);
}

TEST_P(Cancel, LastsUntilTheContextResumes) {
  Stepper stepper(GetParam());
  ASSERT_EQ(dlc_context_cancel(stepper.context), DLC_OK);
  ASSERT_EQ(dlc_context_cancel(stepper.context), DLC_OK);
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(stepper.run(5, 0), DLC_ERROR_CANCELLED);
  EXPECT_EQ(stepper.variable(), 0);
  // Neither new threads nor a profile make it run.
  EXPECT_EQ(dlc_context_set_threads(stepper.context, 2, nullptr), DLC_OK);
  EXPECT_EQ(stepper.run(5), DLC_ERROR_CANCELLED);
  dlc_error error = {};
  dlc_profile *profile = nullptr;
  ASSERT_EQ(dlc_profile_create(stepper.context, &error, &profile), DLC_OK) << error.message;
  EXPECT_EQ(stepper.run(5), DLC_ERROR_CANCELLED);
  EXPECT_EQ(dlc_context_resume(stepper.context), DLC_OK);
  EXPECT_EQ(stepper.run(5), DLC_OK);
  dlc_profile_release(profile);
  EXPECT_EQ(stepper.total(), 5);
  EXPECT_EQ(dlc_context_resume(stepper.context), DLC_OK);
}

TEST_P(Cancel, LetsARunThatChangesVariablesComplete) {
  Stepper stepper(GetParam());
  beforeLaunch = [&](dlc_int64 launch) {
    if (launch == 4)
      EXPECT_EQ(dlc_context_cancel(stepper.context), DLC_OK);
  };
  // The first change is that of launch 5: still in time.
  EXPECT_EQ(stepper.run(10, 5), DLC_ERROR_CANCELLED);
  EXPECT_EQ(stepper.variable(), 0);
  EXPECT_EQ(dlc_context_resume(stepper.context), DLC_OK);
  // The first change is that of launch 3: too late for this run, but not for the next.
  EXPECT_EQ(stepper.run(10, 3), DLC_OK) << dlc_context_message(stepper.context);
  EXPECT_EQ(stepper.variable(), 7);
  EXPECT_EQ(stepper.y[0], 10);
  EXPECT_EQ(stepper.run(10, 3), DLC_ERROR_CANCELLED);
  EXPECT_EQ(stepper.variable(), 7);
  EXPECT_EQ(stepper.total(), 10);
}

TEST_P(Cancel, EndsARecordedRun) {
  Stepper stepper(GetParam());
  dlc_error error = {};
  dlc_profile *profile = nullptr;
  ASSERT_EQ(dlc_profile_create(stepper.context, &error, &profile), DLC_OK) << error.message;
  dlc_profile_record_all(profile);
  beforeLaunch = [&](dlc_int64 launch) {
    if (launch == 2)
      dlc_context_cancel(stepper.context);
  };
  EXPECT_EQ(stepper.run(9), DLC_ERROR_CANCELLED);
  EXPECT_EQ(dlc_context_resume(stepper.context), DLC_OK);
  EXPECT_EQ(stepper.run(9, 1), DLC_OK) << dlc_context_message(stepper.context);
  beforeLaunch = nullptr;
  EXPECT_EQ(dlc_context_resume(stepper.context), DLC_OK);
  EXPECT_EQ(stepper.run(9), DLC_OK) << dlc_context_message(stepper.context);
  EXPECT_EQ(dlc_profile_read(profile), DLC_OK);
  dlc_profile_release(profile);
}

TEST_P(Cancel, IsSafeInASignalHandler) {
  static dlc_context *running;
  Stepper stepper(GetParam());
  running = stepper.context;
  struct sigaction handle = {}, before;
  handle.sa_handler = [](int) { dlc_context_cancel(running); };
  ASSERT_EQ(sigaction(SIGUSR1, &handle, &before), 0);
  beforeLaunch = [](dlc_int64 launch) {
    if (launch == 50)
      raise(SIGUSR1);
  };
  EXPECT_EQ(stepper.run(100), DLC_ERROR_CANCELLED);
  sigaction(SIGUSR1, &before, nullptr);
}

TEST_P(Cancel, IsNotBlamedForAKernelThatFailsMeanwhile) {
  static dlc_context *running;
  for (dlc_int32 failure : {-7, -11, int(DLC_ERROR_INDEX)})
    for (int round = 0; round < 50; ++round) {
      Stepper stepper(GetParam());
      running = stepper.context;
      taskStatus = failure;
      // Threads that come late are cancelled, the one that does this fails.
      inTask = [] { dlc_context_cancel(running); };
      EXPECT_EQ(stepper.run(5), failure > 0 ? failure : failure == -11 ? DLC_ERROR_OUT_OF_MEMORY : DLC_ERROR_KERNEL);
      EXPECT_EQ(std::string(dlc_context_message(stepper.context)),
                "'step' failed in a kernel with status " + std::to_string(failure));
      taskStatus = DLC_OK;
      EXPECT_EQ(stepper.run(5), DLC_ERROR_CANCELLED);
    }
}

TEST_P(Cancel, AnswersSoon) {
  Stepper stepper(GetParam());
  inTask = [] { std::this_thread::sleep_for(std::chrono::microseconds(200)); };
  ASSERT_EQ(stepper.run(2), DLC_OK);
  for (int round = 0; round < 3; ++round) {
    std::chrono::steady_clock::time_point asked;
    std::thread other([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20 + 3 * round));
      asked = std::chrono::steady_clock::now();
      dlc_context_cancel(stepper.context);
    });
    EXPECT_EQ(stepper.run(1 << 20), DLC_ERROR_CANCELLED);
    std::chrono::steady_clock::time_point answered = std::chrono::steady_clock::now();
    other.join();
    std::chrono::duration<double> latency = answered - asked;
    // A task is a fraction of a millisecond; the rest is for machines that are busy.
    EXPECT_LT(latency.count(), 0.5);
    EXPECT_EQ(dlc_context_resume(stepper.context), DLC_OK);
  }
}

TEST_P(Cancel, MayComeAtAnyMoment) {
  Stepper stepper(GetParam());
  std::atomic<bool> isOver{false};
  std::thread canceller([&] {
    while (!isOver) {
      dlc_context_cancel(stepper.context);
      std::this_thread::yield();
    }
  });
  float expected = 0;
  int cancelled = 0, completed = 0;
  for (int round = 0; round < 300; ++round) {
    dlc_int32 status = stepper.run(5);
    ASSERT_TRUE(status == DLC_OK || status == DLC_ERROR_CANCELLED) << status;
    (status ? cancelled : completed) += 1;
    expected += status ? 0 : 5;
    ASSERT_EQ(stepper.total(), expected);
    if (round % 3 == 0) {
      ASSERT_EQ(dlc_context_set_threads(stepper.context, 1 + round % 4, nullptr), DLC_OK);
    }
    ASSERT_EQ(dlc_context_resume(stepper.context), DLC_OK);
  }
  isOver = true;
  canceller.join();
  EXPECT_EQ(cancelled + completed, 300);
  EXPECT_EQ(dlc_context_resume(stepper.context), DLC_OK);
  EXPECT_EQ(stepper.run(5), DLC_OK);
}

INSTANTIATE_TEST_SUITE_P(Threads, Cancel, testing::Values(1u, 3u));

TEST(CancelCalls, RejectsNoContextAndSaysWhatALibraryLacks) {
  EXPECT_EQ(dlc_context_cancel(nullptr), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_context_resume(nullptr), DLC_ERROR_ARGUMENT);
  Stepper stepper;
  // As a library that was made before there was dlc_context_cancel.
  dlc_runtime_api older = *stepper.context->api;
  older.struct_bytes = offsetof(dlc_runtime_api, context_cancel);
  const dlc_runtime_api *api = stepper.context->api;
  stepper.context->api = &older;
  EXPECT_EQ(dlc_context_cancel(stepper.context), DLC_ERROR_ABI);
  EXPECT_EQ(dlc_context_resume(stepper.context), DLC_ERROR_ABI);
  stepper.context->api = api;
  EXPECT_STREQ(dlc_status_text(DLC_ERROR_CANCELLED), "cancelled");
}

TEST(CancelCalls, ResumeWaitsForTheRun) {
  Stepper stepper;
  dlc_int32 status = DLC_OK;
  beforeLaunch = [&](dlc_int64) { status = dlc_context_resume(stepper.context); };
  EXPECT_EQ(stepper.run(1), DLC_OK);
  beforeLaunch = nullptr;
  EXPECT_EQ(status, DLC_ERROR_BUSY);
}

} // namespace
