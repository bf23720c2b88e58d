// SPDX-License-Identifier: Apache-2.0
// A model that dlc compiled, linked into this program: with the runtime that it carries, and with the runtime as this
// program's own compiler made it, so that sanitizers see every access of the runtime.
#include "dlc/runtime.h"
#include "test/unit/compiled/CountingMalloc.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <iterator>
#include <memory>
#include <random>
#include <thread>
#include <vector>

extern "C" const dlc_model dlc_model_digits;
extern "C" const dlc_runtime_api dlc_rt_api;

namespace {

constexpr int64_t pixelsOfAnImage = 64, classes = 10;

std::vector<float> randomImages(int64_t count) {
  std::mt19937 random(static_cast<unsigned>(count));
  std::vector<float> pixels(count * pixelsOfAnImage);
  for (float &pixel : pixels)
    pixel = static_cast<float>(random() % 17) / 16;
  return pixels;
}

using ContextPointer = std::unique_ptr<dlc_context, decltype(&dlc_context_release)>;

class CompiledModel : public testing::TestWithParam<bool> {
protected:
  CompiledModel() : model(dlc_model_digits) {
    if (GetParam())
      model.runtime = &dlc_rt_api;
  }

  ContextPointer makeContext(uint32_t threads, const dlc_executor *executor = nullptr) {
    dlc_context_options options = {};
    options.struct_bytes = sizeof options;
    options.threads = threads;
    options.executor = executor;
    dlc_error error = {};
    dlc_context *context = nullptr;
    EXPECT_EQ(dlc_context_create(&model, &options, &error, &context), DLC_OK) << error.message;
    return {context, dlc_context_release};
  }

  /// The probabilities of `count` images, written to `result`.
  void classify(dlc_context *context, std::vector<float> &pixels, int64_t count, float *result) {
    int64_t imageShape[] = {count, 1, 8, 8}, probabilityShape[] = {count, classes};
    dlc_tensor image = dlc_tensor_of(pixels.data(), DLC_F32, 4, imageShape);
    dlc_tensor probability = dlc_tensor_of(result, DLC_F32, 2, probabilityShape);
    ASSERT_EQ(dlc_run(context, &model.entries[0], &image, 1, &probability, 1), DLC_OK) << dlc_context_message(context);
  }

  dlc_model model;
};

TEST_P(CompiledModel, GivesTheSameBitsOnAnyNumberOfThreads) {
  ContextPointer serial = makeContext(1), parallel = makeContext(4);
  for (int64_t count : {1, 2, 3, 16, 17, 101, 512}) {
    std::vector<float> pixels = randomImages(count), first(count * classes), second(count * classes);
    classify(serial.get(), pixels, count, first.data());
    classify(parallel.get(), pixels, count, second.data());
    EXPECT_EQ(first, second) << count << " images";
    for (int64_t i = 0; i < count; ++i) {
      float sum = 0;
      for (int64_t c = 0; c < classes; ++c)
        sum += first[i * classes + c];
      EXPECT_NEAR(sum, 1, 1e-5) << "image " << i << " of " << count;
    }
  }
}

TEST_P(CompiledModel, WritesNothingOutsideOfItsOutput) {
  constexpr float mark = 12345;
  constexpr size_t guard = 1024;
  ContextPointer context = makeContext(2);
  for (int64_t count : {0, 1, 2, 5, 31}) {
    std::vector<float> pixels = randomImages(count), buffer(guard + count * classes + guard, mark);
    classify(context.get(), pixels, count, buffer.data() + guard);
    for (size_t i = 0; i < guard; ++i) {
      EXPECT_EQ(buffer[i], mark) << "before the output of " << count << " images";
      EXPECT_EQ(buffer[buffer.size() - 1 - i], mark) << "behind the output of " << count << " images";
    }
  }
}

TEST_P(CompiledModel, RunsInManyThreadsThatShareAPool) {
  dlc_pool_options options = {};
  options.struct_bytes = sizeof options;
  options.threads = 3;
  dlc_error error = {};
  dlc_pool *pool = nullptr;
  ASSERT_EQ(dlc_pool_create(&model, &options, &error, &pool), DLC_OK) << error.message;
  constexpr int64_t count = 64;
  std::vector<float> expected(count * classes), pixels = randomImages(count);
  classify(makeContext(1).get(), pixels, count, expected.data());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      ContextPointer context = makeContext(3, &pool->executor);
      std::vector<float> own = randomImages(count), result(count * classes);
      for (int run = 0; run < 20; ++run) {
        classify(context.get(), own, count, result.data());
        EXPECT_EQ(result, expected);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  dlc_pool_release(pool);
}

/// Numbers of threads to try: the one that scripts/check.sh asks for, or a few.
std::vector<uint32_t> threadCounts() {
  if (const char *count = std::getenv("DLC_STRESS_THREADS"))
    return {static_cast<uint32_t>(std::strtoul(count, nullptr, 10))};
  return {1, 2, 5, 8};
}

TEST_P(CompiledModel, ManyCallersOnAnyNumberOfThreads) {
  constexpr int64_t counts[] = {1, 17, 64};
  std::vector<std::vector<float>> expected;
  for (int64_t count : counts) {
    std::vector<float> pixels = randomImages(count);
    classify(makeContext(1).get(), pixels, count, expected.emplace_back(count * classes).data());
  }
  for (uint32_t threads : threadCounts()) {
    dlc_pool_options options = {};
    options.struct_bytes = sizeof options;
    options.threads = threads;
    dlc_error error = {};
    dlc_pool *pool = nullptr;
    ASSERT_EQ(dlc_pool_create(&model, &options, &error, &pool), DLC_OK) << error.message;
    std::vector<std::thread> callers;
    for (uint32_t caller = 0; caller <= threads; ++caller)
      callers.emplace_back([&, caller] {
        for (int round = 0; round < 3; ++round) {
          // Half of the callers share the pool, the others bring threads of their own; contexts come and go.
          ContextPointer context = makeContext(threads, caller % 2 ? &pool->executor : nullptr);
          for (size_t i = 0; i < std::size(counts); ++i) {
            std::vector<float> pixels = randomImages(counts[i]), result(counts[i] * classes);
            classify(context.get(), pixels, counts[i], result.data());
            EXPECT_EQ(result, expected[i]) << threads << " threads, caller " << caller;
          }
        }
      });
    for (std::thread &caller : callers)
      caller.join();
    dlc_pool_release(pool);
  }
}

TEST_P(CompiledModel, RunsWithoutMalloc) {
  if (!isMallocCounted())
    GTEST_SKIP() << "a sanitizer brings its own malloc";
  for (uint32_t threads : {1, 2}) {
    ContextPointer context = makeContext(threads);
    constexpr int64_t count = 32;
    std::vector<float> pixels = randomImages(count), result(count * classes);
    // The workspace grows with the batch: its size is known once a first run, or dlc_context_reserve, has seen the
    // batch.
    classify(context.get(), pixels, count, result.data());
    size_t before = mallocCalls();
    for (int run = 0; run < 10; ++run)
      classify(context.get(), pixels, count, result.data());
    EXPECT_EQ(mallocCalls(), before) << threads << " threads";
  }
  size_t before = mallocCalls();
  void *volatile something = malloc(8); // volatile: compilers drop a malloc that nobody uses
  free(something);
  EXPECT_NE(mallocCalls(), before) << "malloc is not counted, so nothing was tested";
}

// The thread sanitizer cannot see the synchronization of the library's own runtime, which is not compiled with it, and
// takes every hand-over between threads for a race.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DLC_TEST_RUNTIMES testing::Values(true)
#endif
#endif
#ifndef DLC_TEST_RUNTIMES
#define DLC_TEST_RUNTIMES testing::Values(false, true)
#endif

INSTANTIATE_TEST_SUITE_P(Runtime, CompiledModel, DLC_TEST_RUNTIMES, [](const testing::TestParamInfo<bool> &info) {
  return info.param ? "Instrumented" : "Carried";
});

} // namespace
