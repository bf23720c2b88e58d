// SPDX-License-Identifier: Apache-2.0
// Children that were forked before, during and after runs, with more threads than their parent had, and with fewer:
// they compute, on threads of their own, and wait for nobody who is not there.
#include "FakeModel.h"
#include "TrainableModel.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <mutex>
#include <set>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#if defined(__SANITIZE_THREAD__) || (defined(__has_feature) && __has_feature(thread_sanitizer))
/// Without this the sanitizer ends a child that starts threads.
extern "C" const char *__tsan_default_options() { return "die_after_fork=0"; }
#endif

// The address sanitizer's own locks, which threads take when they start and end, may stay locked in a child.
#if defined(__SANITIZE_ADDRESS__) || (defined(__has_feature) && __has_feature(address_sanitizer))
constexpr bool forksBetweenStarts = false;
#else
constexpr bool forksBetweenStarts = true;
#endif

namespace {

using Clock = std::chrono::steady_clock;

/// A child that hangs ends by a signal after so many seconds.
constexpr unsigned patience = 120;

/// How many threads a test has started itself; all of them run when it forks.
size_t ownThreads = 0;

/// Waits until every worker has a name of its own, and so has started.
void awaitWorkers() {
  size_t starting = 1;
  while (starting) {
    starting = 0;
    for (const std::filesystem::directory_entry &thread : std::filesystem::directory_iterator("/proc/self/task")) {
      std::string name;
      std::getline(std::ifstream(thread.path() / "comm"), name);
      starting += name != "dlc-worker";
    }
    starting -= std::min(starting, 1 + ownThreads);
  }
}

/// Forks; the exit status of the child, in which `body` returns it. 1000 and more: it died of a signal.
int inChild(const std::function<int()> &body) {
  if (!forksBetweenStarts)
    awaitWorkers();
  pid_t child = fork();
  if (!child) {
    alarm(patience);
    _exit(body());
  }
  int status = -1;
  if (waitpid(child, &status, 0) != child)
    return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

dlc_context *makeContext(dlc_uint32 threads, const dlc_executor *executor = nullptr) {
  dlc_context_options options = makeOptions(threads, executor);
  dlc_context *context = nullptr;
  dlc_context_create(&fakeModel, &options, nullptr, &context);
  return context;
}

dlc_pool *makePool(dlc_uint32 threads) {
  dlc_pool_options options = {};
  options.struct_bytes = sizeof options;
  options.threads = threads;
  dlc_pool *pool = nullptr;
  dlc_pool_create(&fakeModel, &options, nullptr, &pool);
  return pool;
}

/// Runs of several sizes; how many of them failed or gave a wrong result.
int countFailures(dlc_context *context) {
  int failures = 0;
  for (int rows : {0, 1, 2, 7, 13, 64, 257}) {
    Rows data(rows);
    failures += data.run(context) != DLC_OK || !data.isRight();
  }
  return failures;
}

std::mutex seenLock;
std::set<std::thread::id> seenThreads;

/// Whether `threads` threads take part in one run or another.
bool usesThreads(dlc_context *context, size_t threads) {
  seenThreads.clear();
  rowMicroseconds = 100;
  taskHook = [] {
    std::lock_guard<std::mutex> guard(seenLock);
    seenThreads.insert(std::this_thread::get_id());
  };
  Clock::time_point end = Clock::now() + std::chrono::seconds(patience / 2);
  while (seenThreads.size() < threads && Clock::now() < end) {
    Rows data(64);
    if (data.run(context) != DLC_OK || !data.isRight())
      break;
  }
  taskHook = nullptr;
  rowMicroseconds = 0;
  return seenThreads.size() >= threads;
}

struct Counts {
  dlc_uint32 parent, child;
};

class RuntimeFork : public testing::TestWithParam<Counts> {
protected:
  RuntimeFork() { reset(); }
  ~RuntimeFork() override { reset(); }
  static void reset() {
    rowMicroseconds = 0;
    taskHook = prepareHook = nullptr;
    prepareStatus = 0;
    ownThreads = 0;
  }
  dlc_uint32 parentThreads = GetParam().parent, childThreads = GetParam().child;
};

/// What a child does with a context that it makes itself: runs on all of its threads (on `wanted` of them, if
/// `executor` has no more), changes their number, releases it. Returns 0, or where it failed.
int useNewContext(dlc_uint32 threads, const dlc_executor *executor = nullptr, dlc_uint32 wanted = DLC_MAX_THREADS) {
  dlc_context *context = makeContext(threads, executor);
  if (!context)
    return 10;
  if (countFailures(context))
    return 11;
  if (!usesThreads(context, std::min(threads, wanted)))
    return 12;
  if (dlc_context_set_threads(context, threads + 2, nullptr) || countFailures(context))
    return 13;
  dlc_context_release(context);
  return 0;
}

TEST_P(RuntimeFork, BeforeAnyRun) {
  EXPECT_EQ(inChild([&] { return useNewContext(childThreads); }), 0);
  EXPECT_EQ(useNewContext(parentThreads), 0);
}

TEST_P(RuntimeFork, AfterRuns) {
  dlc_context *context = makeContext(parentThreads);
  ASSERT_EQ(countFailures(context), 0);
  // With the parent's context first.
  EXPECT_EQ(inChild([&] {
              if (countFailures(context) || !usesThreads(context, parentThreads))
                return 1;
              int status = useNewContext(childThreads);
              dlc_context_release(context);
              return status;
            }),
            0);
  // With one of its own first: its pool is the parent's, which has no threads here.
  EXPECT_EQ(inChild([&] {
              int status = useNewContext(childThreads);
              if (!status && (countFailures(context) || !usesThreads(context, parentThreads)))
                return 2;
              dlc_context_release(context);
              return status;
            }),
            0);
  // Without a run.
  EXPECT_EQ(inChild([&] {
              dlc_context_release(context);
              return 0;
            }),
            0);
  // A child's child.
  EXPECT_EQ(inChild([&] {
              int status = useNewContext(childThreads);
              return status ? status
                            : inChild([&] { return countFailures(context) ? 3 : useNewContext(childThreads); });
            }),
            0);
  EXPECT_EQ(countFailures(context), 0);
  dlc_context_release(context);
}

TEST_P(RuntimeFork, DuringARun) {
  static std::atomic<int> tasks;
  static std::atomic<bool> mayGoOn;
  dlc_pool *pool = makePool(parentThreads);
  dlc_context *context = makeContext(parentThreads, &pool->executor), *idle = makeContext(parentThreads);
  ASSERT_EQ(countFailures(context) + countFailures(idle), 0);
  dlc_int64 reserved = 300;
  ASSERT_EQ(dlc_context_reserve(context, dlc_find_entry(&fakeModel, "run"), &reserved), DLC_OK);
  tasks = 0;
  mayGoOn = false;
  taskHook = [] {
    ++tasks;
    while (!mayGoOn)
      std::this_thread::yield();
  };
  std::atomic<int> failures{0};
  ownThreads = 1;
  std::thread runner([&] {
    Rows data(100);
    failures += data.run(context) != DLC_OK || !data.isRight();
  });
  while (!tasks)
    std::this_thread::yield();
  // A task is in the middle of its scratch, the pool and the context are taken.
  int status = inChild([&] {
    taskHook = nullptr;
    if (countFailures(idle))
      return 1;
    if (int problem = useNewContext(childThreads, &pool->executor, parentThreads))
      return problem;
    if (countFailures(context))
      return 2;
    if (!usesThreads(context, parentThreads))
      return 3;
    if (dlc_context_set_threads(context, childThreads, nullptr) || countFailures(context))
      return 4;
    dlc_context_release(context);
    dlc_context_release(idle);
    dlc_pool_release(pool);
    return useNewContext(childThreads);
  });
  // Another releases the context while it still looks taken.
  int released = inChild([&] {
    taskHook = nullptr;
    dlc_context_release(context);
    dlc_pool_release(pool);
    return 0;
  });
  mayGoOn = true;
  runner.join();
  taskHook = nullptr;
  EXPECT_EQ(status, 0);
  EXPECT_EQ(released, 0);
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(countFailures(context), 0);
  dlc_context_release(context);
  dlc_context_release(idle);
  dlc_pool_release(pool);
}

TEST_P(RuntimeFork, WhileAnotherThreadPrepares) {
  static std::atomic<bool> isPreparing, mayGoOn;
  isPreparing = mayGoOn = false;
  prepareHook = [] {
    isPreparing = true;
    while (!mayGoOn)
      std::this_thread::yield();
  };
  std::atomic<int> failures{0};
  ownThreads = 1;
  std::thread other([&] {
    dlc_context *context = makeContext(parentThreads);
    failures += !context || countFailures(context);
    dlc_context_release(context);
  });
  while (!isPreparing)
    std::this_thread::yield();
  int status = inChild([&] {
    prepareHook = nullptr;
    return useNewContext(childThreads);
  });
  mayGoOn = true;
  other.join();
  EXPECT_EQ(status, 0);
  EXPECT_EQ(failures, 0);
}

TEST_P(RuntimeFork, WhileAnotherThreadCancels) {
  dlc_context *context = makeContext(parentThreads);
  ASSERT_EQ(countFailures(context), 0);
  std::atomic<bool> isCancelling{false}, isOver{false};
  ownThreads = 1;
  std::thread canceller([&] {
    while (!isOver) {
      dlc_context_cancel(context);
      isCancelling = true;
    }
  });
  while (!isCancelling)
    std::this_thread::yield();
  for (int repeat = 0; repeat < 12; ++repeat)
    EXPECT_EQ(inChild([&] {
                // Waits for those who cancel: there are none here.
                if (dlc_context_set_threads(context, childThreads, nullptr))
                  return 1;
                if (dlc_context_resume(context))
                  return 2;
                if (countFailures(context))
                  return 3;
                // And for this thread, which has come back.
                if (dlc_context_cancel(context) || dlc_context_set_threads(context, parentThreads, nullptr))
                  return 4;
                dlc_context_release(context);
                return 0;
              }),
              0)
        << "fork " << repeat;
  isOver = true;
  canceller.join();
  EXPECT_EQ(dlc_context_resume(context), DLC_OK);
  EXPECT_EQ(countFailures(context), 0);
  dlc_context_release(context);
}

/// Contexts come and go and checkpoints are written in other threads, so that some lock or other is held at most forks.
TEST_P(RuntimeFork, AtAnyMoment) {
  if (!forksBetweenStarts)
    GTEST_SKIP() << "the address sanitizer's own locks may stay locked in a child";
  std::string folder = std::filesystem::temp_directory_path() / "dlc-fork-XXXXXX";
  ASSERT_TRUE(mkdtemp(folder.data()));
  std::atomic<bool> isOver{false};
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (dlc_uint32 i = 0; i < 3; ++i)
    threads.emplace_back([&, i] {
      dlc::Variables variables(&trainableModel);
      while (!isOver) {
        dlc_context *context = makeContext(1 + (parentThreads + i) % 5);
        failures += !context || countFailures(context);
        failures += dlc_context_set_threads(context, 1 + (parentThreads + i + 2) % 5, nullptr) != DLC_OK;
        failures += countFailures(context);
        dlc_context_release(context);
        failures += dlc_variables_save(&trainableModel, variables.data(), (folder + "/parent").c_str(), nullptr, 0,
                                       nullptr) != DLC_OK;
      }
    });
  for (int repeat = 0; repeat < 12; ++repeat)
    EXPECT_EQ(inChild([&] {
                dlc_context *context = makeContext(childThreads);
                if (!context || countFailures(context))
                  return 1;
                dlc_context_release(context);
                dlc::Variables variables(&trainableModel);
                return dlc_variables_save(&trainableModel, variables.data(), (folder + "/child").c_str(), nullptr, 0,
                                          nullptr)
                           ? 2
                           : 0;
              }),
              0)
        << "fork " << repeat;
  isOver = true;
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(failures, 0);
  std::filesystem::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(Threads, RuntimeFork,
                         testing::Values(Counts{1, 1}, Counts{1, 4}, Counts{2, 5}, Counts{4, 2}, Counts{6, 1}),
                         [](const auto &info) {
                           return std::to_string(info.param.parent) + "Then" + std::to_string(info.param.child);
                         });

} // namespace
