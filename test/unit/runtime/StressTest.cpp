// SPDX-License-Identifier: Apache-2.0
// Everything at once, on 1 to 8 threads: for the sanitizers above all.
#include "FakeModel.h"

#include <gtest/gtest.h>
#include <thread>

namespace {

class RuntimeStress : public testing::TestWithParam<dlc_uint32> {};

TEST_P(RuntimeStress, ContextsPoolsAndPreparedModels) {
  const dlc_uint32 count = GetParam();
  dlc_pool_options poolOptions = {};
  poolOptions.struct_bytes = sizeof poolOptions;
  poolOptions.threads = count;
  dlc_pool *pool = nullptr;
  ASSERT_EQ(dlc_pool_create(&fakeModel, &poolOptions, nullptr, &pool), DLC_OK);
  dlc_context_options sharedOptions = makeOptions(count, &pool->executor);
  dlc_context *shared = nullptr;
  ASSERT_EQ(dlc_context_create(&fakeModel, &sharedOptions, nullptr, &shared), DLC_OK);
  CountingAllocator allocator;
  std::atomic<int> failures{0}, busy{0};
  std::vector<std::thread> threads;
  for (dlc_uint32 i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      const dlc_model &model = i % 2 ? otherFakeModel : fakeModel;
      for (dlc_uint32 repeat = 0; repeat < 25; ++repeat) {
        dlc_context_options options = makeOptions(1 + (i + repeat) % count, repeat % 3 ? nullptr : &pool->executor);
        options.allocator = allocator.interface();
        failures += dlc_prepare(&model, &options, nullptr) != DLC_OK;
        dlc_context *context = nullptr;
        failures += dlc_context_create(&model, &options, nullptr, &context) != DLC_OK;
        Rows data(3 * repeat + i);
        failures += data.run(context) != DLC_OK || !data.isRight();
        failures += dlc_context_set_threads(context, 1 + (i + repeat + 1) % count, nullptr) != DLC_OK;
        Rows more(90);
        failures += more.run(context) != DLC_OK || !more.isRight();
        dlc_unprepare(&model);
        dlc_context_release(context);
        // One context that all threads want: who does not get it is told so.
        dlc_context_retain(shared);
        Rows wanted(20);
        dlc_int32 status = wanted.run(shared);
        if (!status)
          status = dlc_context_set_threads(shared, 1 + repeat % count, repeat % 2 ? &pool->executor : nullptr);
        failures += status != DLC_OK && status != DLC_ERROR_BUSY;
        busy += status == DLC_ERROR_BUSY;
        dlc_context_release(shared);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(failures, 0);
  if (count == 1)
    EXPECT_EQ(busy, 0);
  dlc_context_release(shared);
  dlc_pool_release(pool);
  EXPECT_EQ(allocator.alive, 0);
}

INSTANTIATE_TEST_SUITE_P(Threads, RuntimeStress, testing::Range(1u, 9u));

} // namespace
