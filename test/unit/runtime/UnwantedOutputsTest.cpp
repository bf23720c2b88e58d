// SPDX-License-Identifier: Apache-2.0
#include "FakeModel.h"
#include "SteppingModel.h"

#include "dlc/runtime.hpp"

#include <gtest/gtest.h>
#include <string>

namespace {

TEST(UnwantedOutputs, NeedNoBuffer) {
  for (dlc_uint32 threads : {1, 3}) {
    Stepper stepper(threads);
    dlc_uint64 bytes = dlc_context_bytes(stepper.context);
    ASSERT_EQ(stepper.run(3, 1 << 30, false, true), DLC_OK) << dlc_context_message(stepper.context);
    EXPECT_EQ(stepper.y[0], 0) << "not written";
    EXPECT_EQ(stepper.twice[7], 48);
    dlc_int64 dims[2];
    ASSERT_EQ(dlc_result_shapes(stepper.context, stepper.context->model->entries, dims), DLC_OK);
    EXPECT_EQ(dims[0], 8);
    EXPECT_EQ(dims[1], 8);
    // The context has it, as it has all else that the run writes.
    auto *y = static_cast<const float *>(dlc_result_data(stepper.context, stepper.context->model->entries, 0));
    ASSERT_NE(y, nullptr);
    EXPECT_EQ(y[7], 24);
    EXPECT_GT(dlc_context_bytes(stepper.context), bytes);
    ASSERT_EQ(stepper.run(5, 1 << 30, false, false), DLC_OK) << dlc_context_message(stepper.context);
    EXPECT_EQ(stepper.twice[7], 48) << "not written";
    EXPECT_EQ(stepper.total(), 8);
    bytes = dlc_context_bytes(stepper.context);
    ASSERT_EQ(stepper.run(1, 1 << 30, false, true), DLC_OK);
    ASSERT_EQ(stepper.run(1), DLC_OK);
    EXPECT_EQ(stepper.y[7], 8);
    EXPECT_EQ(dlc_context_bytes(stepper.context), bytes) << "memory is kept for later runs";
  }
}

/// Runs `mix` of the fake model for M = `m`, without output `t` (0), `s` (1), both (2) or neither (3).
dlc_int32 runMix(dlc_context *context, dlc_int64 m, int without, double *s, uint16_t *t) {
  signed char a[3] = {1, 2, 3};
  double n = 40;
  std::vector<float> b(2 * m + 1), c(m + 1);
  dlc_int64 three[] = {3}, pairs[] = {m, 2}, vector[] = {m}, computed[] = {2 * m + 1};
  dlc_tensor inputs[] = {dlc_tensor_of(a, DLC_I8, 1, three), dlc_tensor_of(&n, DLC_F64, 0, nullptr),
                         dlc_tensor_of(b.data(), DLC_F32, 2, pairs), dlc_tensor_of(c.data(), DLC_F32, 1, vector)};
  dlc_tensor outputs[] = {dlc_tensor_of(s, DLC_F64, 0, nullptr), dlc_tensor_of(t, DLC_BF16, 1, computed)};
  if (without == 0 || without == 2)
    outputs[1] = dlc_no_tensor();
  if (without == 1 || without == 2)
    outputs[0] = dlc_no_tensor();
  return dlc_run(context, dlc_find_entry(context->model, "mix"), inputs, 4, outputs, 2);
}

TEST(UnwantedOutputs, MayDifferFromRunToRun) {
  scratchDemand = 100;
  CountingAllocator allocator;
  dlc_context_options options = makeOptions();
  options.allocator = allocator.interface();
  dlc_error error = {};
  dlc_context *context = nullptr;
  ASSERT_EQ(dlc_context_create(&fakeModel, &options, &error, &context), DLC_OK) << error.message;
  for (dlc_int64 m : {1, 7, 31, 2})
    for (int without : {3, 0, 1, 2}) {
      double s = -5;
      std::vector<uint16_t> t(2 * m + 2, 7);
      ASSERT_EQ(runMix(context, m, without, &s, t.data()), DLC_OK) << dlc_context_message(context);
      EXPECT_EQ(s, without == 1 || without == 2 ? -5 : 43) << m;
      for (dlc_int64 i = 0; i < 2 * m + 1; ++i)
        EXPECT_EQ(t[i], without == 0 || without == 2 ? 7 : 0x3f80) << m;
      EXPECT_EQ(t.back(), 7);
    }
  // No memory for one: an error, and the context works afterwards.
  double s = 0;
  std::vector<uint16_t> t(201);
  allocator.remaining = 0;
  EXPECT_EQ(runMix(context, 100, 0, &s, t.data()), DLC_ERROR_OUT_OF_MEMORY);
  EXPECT_NE(std::string(dlc_context_message(context)).find("no memory for tensors as large"), std::string::npos)
      << dlc_context_message(context);
  allocator.remaining = 1 << 30;
  EXPECT_EQ(runMix(context, 100, 0, &s, t.data()), DLC_OK) << dlc_context_message(context);
  dlc_context_release(context);
  EXPECT_EQ(allocator.alive, 0);
}

TEST(UnwantedOutputs, ANullPointerIsStillAnError) {
  dlc_error error = {};
  dlc_context *context = nullptr;
  ASSERT_EQ(dlc_context_create(&fakeModel, nullptr, &error, &context), DLC_OK) << error.message;
  Rows rows(3);
  rows.output.data = nullptr;
  EXPECT_EQ(rows.run(context), DLC_ERROR_NULL_DATA);
  // An input has to be there.
  Rows other(3);
  other.input = dlc_no_tensor();
  EXPECT_NE(other.run(context), DLC_OK);
  dlc_context_release(context);
}

TEST(UnwantedOutputs, InCpp) {
  dlc::Context context(&fakeModel);
  std::vector<float> x(8), y(8);
  context.run("run", {dlc::Tensor(x, {2, 4})}, {dlc::Tensor::none()});
  context.run("run", {dlc::Tensor(x, {2, 4})}, {dlc::Tensor(y, {2, 4})});
  EXPECT_EQ(y[0], 10);
  context.cancel();
  try {
    context.run("run", {dlc::Tensor(x, {2, 4})}, {dlc::Tensor(y, {2, 4})});
    ADD_FAILURE() << "a cancelled context runs";
  } catch (const dlc::Error &failure) {
    EXPECT_EQ(failure.status(), DLC_ERROR_CANCELLED);
  }
  context.resume();
  context.run("run", {dlc::Tensor(x, {2, 4})}, {dlc::Tensor(y, {2, 4})});
}

} // namespace
