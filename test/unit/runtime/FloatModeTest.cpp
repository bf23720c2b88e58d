// SPDX-License-Identifier: Apache-2.0
#include "SteppingModel.h"

#include <cfenv>
#include <cfloat>
#include <gtest/gtest.h>
#include <string>

namespace {

#if defined(__x86_64__)
constexpr unsigned flush = 0x8040, towardZero = 0x6000, modes = 0xffc0;
unsigned readMode() { return __builtin_ia32_stmxcsr() & modes; }
void writeMode(unsigned mode) { __builtin_ia32_ldmxcsr(mode); }
#else
constexpr unsigned flush = 1u << 24, towardZero = 3u << 22;
unsigned readMode() {
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return static_cast<unsigned>(mode);
}
void writeMode(unsigned mode) { __asm__ volatile("msr fpcr, %0" : : "r"(uint64_t(mode)) : "memory"); }
#endif

/// The mode of each task, by the bits in which they differ from the first.
std::atomic<unsigned> seenMode, tasks, otherModes;

class FloatMode : public testing::TestWithParam<dlc_uint32> {
protected:
  void SetUp() override {
    before = readMode();
    tasks = otherModes = 0;
    inTask = [] {
      unsigned mode = readMode();
      if (!tasks++)
        seenMode = mode;
      else if (mode != seenMode)
        ++otherModes;
    };
  }
  void TearDown() override {
    inTask = nullptr;
    beforeLaunch = nullptr;
    writeMode(before);
  }
  unsigned before = 0;
};

TEST_P(FloatMode, IsTheSameOnAllThreadsWhateverTheCallerHasSet) {
  for (dlc_uint32 flags : {0u, unsigned(DLC_CONTEXT_FLUSH_DENORMALS)})
    for (unsigned own : {before, before | flush, before | towardZero, before | flush | towardZero}) {
      // Threads of a pool inherit the mode of who starts them.
      writeMode(own);
      Stepper stepper(GetParam(), flags);
      tasks = otherModes = 0;
      ASSERT_EQ(stepper.run(20), DLC_OK) << dlc_context_message(stepper.context);
      EXPECT_EQ(readMode(), own) << "the caller's mode is as it was";
      writeMode(before);
      EXPECT_GE(tasks, 20u);
      EXPECT_EQ(otherModes, 0u);
      EXPECT_EQ(seenMode & flush, flags ? flush : 0);
      EXPECT_EQ(seenMode & towardZero, 0u);
    }
}

TEST_P(FloatMode, IsRestoredAfterAFailure) {
  Stepper stepper(GetParam(), DLC_CONTEXT_FLUSH_DENORMALS);
  unsigned own = before | towardZero;
  writeMode(own);
  beforeLaunch = [&](dlc_int64 launch) {
    if (launch == 1)
      dlc_context_cancel(stepper.context);
  };
  EXPECT_EQ(stepper.run(20), DLC_ERROR_CANCELLED);
  EXPECT_EQ(readMode(), own);
}

TEST_P(FloatMode, DecidesWhatBecomesOfDenormals) {
  for (dlc_uint32 flags : {0u, unsigned(DLC_CONTEXT_FLUSH_DENORMALS)}) {
    Stepper stepper(GetParam(), flags);
    for (float &element : stepper.x)
      element = FLT_TRUE_MIN;
    ASSERT_EQ(stepper.run(3), DLC_OK);
    for (int i = 0; i < 8; ++i)
      EXPECT_EQ(stepper.y[i], flags ? 0 : 3 * FLT_TRUE_MIN) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, FloatMode, testing::Values(1u, 4u));

TEST(FloatModeOptions, RejectsUnknownFlags) {
  dlc_context_options options = {};
  options.struct_bytes = sizeof options;
  options.flags = 2;
  dlc_error error = {};
  dlc_context *context = nullptr;
  EXPECT_EQ(dlc_context_create(&steppingModel, &options, &error, &context), DLC_ERROR_ARGUMENT);
  EXPECT_NE(std::string(error.message).find("set a field that model 'stepping'"), std::string::npos) << error.message;
  EXPECT_EQ(context, nullptr);
  options.flags = 0;
  options.device_type = 99; // of a later version
  EXPECT_EQ(dlc_context_create(&steppingModel, &options, &error, &context), DLC_ERROR_ARGUMENT);
}

} // namespace
