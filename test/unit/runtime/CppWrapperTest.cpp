// SPDX-License-Identifier: Apache-2.0
#include "dlc/runtime.hpp"

#include "FakeModel.h"

#include <gtest/gtest.h>

namespace {

TEST(RuntimeCppWrapper, Runs) {
  dlc::Library library(DLC_RUNTIME_TEST_LIBRARY);
  dlc::Pool pool(library.model(), 2);
  dlc::Context context(library.model(), dlc::contextOptions(2, pool.executor()));
  std::vector<float> x(8, 1.0f), y(8);
  auto shapes = context.outputShapes(context.entry("run"), {dlc::Tensor(x, {2, 4})});
  ASSERT_EQ(shapes, (std::vector<std::vector<dlc_int64>>{{2, 4}}));
  context.run("run", {dlc::Tensor(x, {2, 4})}, {dlc::Tensor(y, shapes[0])});
  EXPECT_EQ(y, (std::vector<float>{12, 22, 32, 42, 12, 22, 32, 42}));
}

TEST(RuntimeCppWrapper, ThrowsWithStatusAndMessage) {
  auto statusOf = [](auto &&action) {
    try {
      action();
    } catch (const dlc::Error &error) {
      EXPECT_STRNE(error.what(), "");
      return error.status();
    }
    return dlc_int32(DLC_OK);
  };
  EXPECT_EQ(statusOf([] { dlc::Library library("/nonexistent.so"); }), DLC_ERROR_NOT_FOUND);
  dlc::Context context(&fakeModel);
  std::vector<float> x(8), y(7);
  EXPECT_EQ(statusOf([&] { context.entry("nothing"); }), DLC_ERROR_NOT_FOUND);
  EXPECT_EQ(statusOf([&] { context.run("run", {dlc::Tensor(x, {2, 4})}, {dlc::Tensor(y, {2, 4})}); }),
            DLC_ERROR_TOO_SMALL);
  EXPECT_EQ(statusOf([&] { context.run("run", {}, {dlc::Tensor(y, {2, 4})}); }), DLC_ERROR_COUNT);
  EXPECT_EQ(statusOf([&] { dlc::Pool pool(&fakeModel, 999); }), DLC_ERROR_ARGUMENT);
}

} // namespace
