// SPDX-License-Identifier: Apache-2.0
#include "FakeModel.h"

#include <chrono>
#include <gtest/gtest.h>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <time.h>

namespace {

class RuntimePool : public testing::Test {
protected:
  void SetUp() override {
    rowMicroseconds = 0;
    taskHook = nullptr;
  }
  void TearDown() override { SetUp(); }

  dlc_pool *makePool(dlc_uint32 threads) {
    dlc_pool_options options = {};
    options.struct_bytes = sizeof options;
    options.threads = threads;
    dlc_pool *pool = nullptr;
    EXPECT_EQ(dlc_pool_create(&fakeModel, &options, &error, &pool), DLC_OK) << error.message;
    return pool;
  }
  dlc_context *makeContext(dlc_uint32 threads, const dlc_executor *executor = nullptr,
                           const dlc_model *model = &fakeModel) {
    dlc_context_options options = makeOptions(threads, executor);
    dlc_context *context = nullptr;
    EXPECT_EQ(dlc_context_create(model, &options, &error, &context), DLC_OK) << error.message;
    return context;
  }
  dlc_error error = {};
};

using Clock = std::chrono::steady_clock;
/// How long a busy machine may take to give every thread a core, before a test calls it a mistake.
constexpr std::chrono::seconds patience(60);

/// Threads that took part in tasks, collected by the hook.
std::mutex seenLock;
std::set<std::thread::id> seenThreads;
void noteThread() {
  std::lock_guard<std::mutex> guard(seenLock);
  seenThreads.insert(std::this_thread::get_id());
}

/// Runs until so many threads have taken part in tasks; returns how many have. Sleeps for `pause` before each run.
size_t runOnThreads(dlc_context *context, dlc_int64 rows, size_t threads, std::chrono::milliseconds pause,
                    int &failures) {
  seenThreads.clear();
  taskHook = noteThread;
  for (Clock::time_point end = Clock::now() + patience; seenThreads.size() < threads && Clock::now() < end;) {
    std::this_thread::sleep_for(pause);
    Rows data(rows);
    failures += data.run(context) != DLC_OK || !data.isRight();
  }
  return seenThreads.size();
}

TEST_F(RuntimePool, AnyNumberOfThreadsComputesTheSame) {
  for (dlc_uint32 threads = 1; threads <= 8; ++threads) {
    dlc_context *context = makeContext(threads);
    for (int rows : {0, 1, 2, 7, 8, 9, 64, 1000})
      for (int repeat = 0; repeat < 5; ++repeat) {
        Rows data(rows);
        ASSERT_EQ(data.run(context), DLC_OK);
        ASSERT_TRUE(data.isRight()) << rows << " rows on " << threads << " threads";
      }
    dlc_context_release(context);
  }
}

TEST_F(RuntimePool, AllThreadsTakePart) {
  dlc_context *context = makeContext(4);
  rowMicroseconds = 200;
  int failures = 0;
  EXPECT_EQ(runOnThreads(context, 64, 4, std::chrono::milliseconds(0), failures), 4u);
  EXPECT_EQ(failures, 0);
  dlc_context_release(context);
}

TEST_F(RuntimePool, WakesAfterSleeping) {
  dlc_context *context = makeContext(2);
  rowMicroseconds = 300;
  int failures = 0;
  EXPECT_EQ(runOnThreads(context, 16, 2, std::chrono::milliseconds(5), failures), 2u);
  EXPECT_EQ(failures, 0);
  dlc_context_release(context);
}

TEST_F(RuntimePool, IdleThreadsBurnNoCore) {
  dlc_pool *pool = makePool(4);
  dlc_context *context = makeContext(4, &pool->executor);
  Rows data(64);
  ASSERT_EQ(data.run(context), DLC_OK);
  auto processTime = [] {
    timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * 1e3 + time.tv_nsec * 1e-6;
  };
  // On a busy machine threads get a core late, even the one that they spin away before they sleep.
  double burnt = 200;
  for (Clock::time_point end = Clock::now() + patience; burnt >= 20 && Clock::now() < end;) {
    double before = processTime();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    burnt = processTime() - before;
  }
  EXPECT_LT(burnt, 20) << "milliseconds of CPU time in 200 idle ones";
  dlc_context_release(context);
  dlc_pool_release(pool);
}

TEST_F(RuntimePool, SharedByTwoModels) {
  dlc_pool *pool = makePool(3);
  dlc_context *first = makeContext(0, &pool->executor), *second = makeContext(2, &pool->executor, &otherFakeModel);
  for (int repeat = 0; repeat < 20; ++repeat) {
    Rows a(33), b(20);
    ASSERT_EQ(a.run(first), DLC_OK);
    ASSERT_EQ(b.run(second), DLC_OK);
    ASSERT_TRUE(a.isRight() && b.isRight());
  }
  dlc_context_release(first);
  dlc_context_release(second);
  dlc_pool_retain(pool);
  dlc_pool_release(pool);
  dlc_pool_release(pool);
}

TEST_F(RuntimePool, ConcurrentRunsOnOnePool) {
  dlc_pool *pool = makePool(3);
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      dlc_context_options options = makeOptions(3, &pool->executor);
      dlc_context *context = nullptr;
      failures += dlc_context_create(&fakeModel, &options, nullptr, &context) != DLC_OK;
      for (int repeat = 0; repeat < 200; ++repeat) {
        Rows data(40);
        failures += data.run(context) != DLC_OK || !data.isRight();
      }
      dlc_context_release(context);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(failures, 0);
  dlc_pool_release(pool);
}

TEST_F(RuntimePool, ContextsComeAndGoWithTheSharedPool) {
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (dlc_uint32 i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int repeat = 0; repeat < 20; ++repeat) {
        dlc_context_options options = makeOptions(1 + (i + repeat) % 4);
        dlc_context *context = nullptr;
        failures += dlc_context_create(&fakeModel, &options, nullptr, &context) != DLC_OK;
        Rows data(10);
        failures += data.run(context) != DLC_OK || !data.isRight();
        dlc_context_release(context);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(failures, 0);
}

TEST_F(RuntimePool, NestedRunsAreSerial) {
  static dlc_pool *shared;
  static std::atomic<int> failures;
  shared = makePool(2);
  failures = 0;
  dlc_context *context = makeContext(2, &shared->executor);
  taskHook = [] {
    taskHook = nullptr;
    dlc_context_options options = makeOptions(2, &shared->executor);
    dlc_context *inner = nullptr;
    failures += dlc_context_create(&otherFakeModel, &options, nullptr, &inner) != DLC_OK;
    Rows data(9);
    failures += data.run(inner) != DLC_OK || !data.isRight();
    dlc_context_release(inner);
  };
  Rows data(12);
  EXPECT_EQ(data.run(context), DLC_OK);
  EXPECT_TRUE(data.isRight());
  EXPECT_EQ(failures, 0);
  dlc_context_release(context);
  dlc_pool_release(shared);
}

TEST_F(RuntimePool, CallersExecutor) {
  struct Calls {
    int runs = 0;
    int mode = 0; // 0: a thread each, 1: one call only, 2: none, 3: in reverse order
  } calls;
  dlc_executor executor = {};
  executor.struct_bytes = sizeof executor;
  executor.threads = 3;
  executor.self = &calls;
  executor.run = [](void *self, dlc_uint32 count, void (*body)(void *, dlc_uint32), void *argument) {
    auto *calls = static_cast<Calls *>(self);
    ++calls->runs;
    std::vector<std::thread> threads;
    switch (calls->mode) {
    case 0:
      for (dlc_uint32 i = 0; i < count; ++i)
        threads.emplace_back(body, argument, i);
      for (std::thread &thread : threads)
        thread.join();
      break;
    case 1:
      body(argument, count - 1);
      break;
    case 3:
      for (dlc_uint32 i = count; i-- > 0;)
        body(argument, i);
      break;
    default:
      break;
    }
  };
  dlc_context *context = makeContext(0, &executor);
  for (calls.mode = 0; calls.mode < 4; ++calls.mode) {
    Rows data(31);
    ASSERT_EQ(data.run(context), DLC_OK);
    EXPECT_TRUE(data.isRight()) << "mode " << calls.mode;
  }
  EXPECT_EQ(calls.runs, 4);
  Rows one(1);
  ASSERT_EQ(one.run(context), DLC_OK);
  EXPECT_EQ(calls.runs, 4) << "a single grain needs no other thread";
  dlc_context_release(context);
}

TEST_F(RuntimePool, ThreadsCanChange) {
  dlc_context *context = makeContext(1);
  dlc_pool *pool = makePool(2);
  for (int repeat = 0; repeat < 5; ++repeat)
    for (dlc_uint32 threads : {4u, 1u, 2u}) {
      ASSERT_EQ(dlc_context_set_threads(context, threads, threads == 2 ? &pool->executor : nullptr), DLC_OK);
      Rows data(50);
      ASSERT_EQ(data.run(context), DLC_OK);
      ASSERT_TRUE(data.isRight());
    }
  EXPECT_EQ(dlc_context_set_threads(context, 1000, nullptr), DLC_ERROR_ARGUMENT);
  EXPECT_NE(std::string(dlc_context_message(context)).find("1000 threads"), std::string::npos);
  dlc_context_release(context);
  dlc_pool_release(pool);
}

TEST_F(RuntimePool, RefusesBadOptions) {
  dlc_pool *pool = nullptr;
  dlc_pool_options options = {};
  EXPECT_EQ(dlc_pool_create(&fakeModel, &options, &error, &pool), DLC_ERROR_ARGUMENT);
  options.struct_bytes = sizeof options;
  options.threads = 300;
  EXPECT_EQ(dlc_pool_create(&fakeModel, &options, &error, &pool), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_pool_create(&fakeModel, nullptr, &error, nullptr), DLC_ERROR_ARGUMENT);
  ASSERT_EQ(dlc_pool_create(&fakeModel, nullptr, &error, &pool), DLC_OK) << "one thread a CPU";
  EXPECT_GE(pool->executor.threads, 1u);
  dlc_pool_release(pool);
  dlc_pool_release(nullptr);
}

} // namespace
