// SPDX-License-Identifier: Apache-2.0
// How processes that compile kernels end: by themselves, by a signal, unseen, and with the process that started them.
#include "backends/halide/KernelProcess.h"
#include "gtest/gtest.h"
#include <csignal>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace dlc::halide;

namespace {

/// What `done` gets of a task that runs in a pool of its own.
Outcome run(const std::function<Outcome()> &task, const std::function<void()> &beforeFinish = [] {}) {
  Outcome result = std::string("done was not called");
  ProcessPool pool(1, 60);
  pool.submit(task, [&](Outcome outcome) { result = std::move(outcome); });
  beforeFinish();
  pool.finish();
  return result;
}

Outcome succeed() { return CompiledKernel{"bitcode", 64}; }

/// A pipe whose reading end sees the end of the file when the last process that holds the writing end is gone.
struct Lifeline {
  Lifeline() { EXPECT_EQ(pipe(ends), 0); }
  ~Lifeline() {
    close(ends[0]);
    close(ends[1]);
  }
  /// Waits for a byte of a process that has come to live.
  bool isAlive() {
    char byte;
    return read(ends[0], &byte, 1) == 1;
  }
  /// Whether all of them are gone within `seconds`. The caller gives up its own writing end.
  bool endsWithin(int seconds) {
    close(ends[1]);
    ends[1] = -1;
    pollfd end{ends[0], POLLIN, 0};
    char byte;
    return poll(&end, 1, seconds * 1000) == 1 && read(ends[0], &byte, 1) == 0;
  }
  int ends[2];
};

} // namespace

TEST(KernelProcessTest, ResultsComeBack) {
  Outcome outcome = run(succeed);
  auto *kernel = std::get_if<CompiledKernel>(&outcome);
  ASSERT_NE(kernel, nullptr) << std::get<std::string>(outcome);
  EXPECT_EQ(kernel->bitcode, "bitcode");
  EXPECT_EQ(kernel->scratchBytes, 64);
}

TEST(CompiledKernelTest, BytesAndBack) {
  for (const CompiledKernel &kernel :
       {CompiledKernel{"bitcode", 64}, CompiledKernel{"", 0, std::string("\0object\n", 8)},
        CompiledKernel{"b", CompiledKernel::allocatesItself}, CompiledKernel{}}) {
    std::string bytes = kernel.serialize();
    std::optional<CompiledKernel> back = CompiledKernel::deserialize(bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->bitcode, kernel.bitcode);
    EXPECT_EQ(back->object, kernel.object);
    EXPECT_EQ(back->scratchBytes, kernel.scratchBytes);
    // What ends within the numbers or the bitcode is none.
    for (size_t size = 0; size < 16 + kernel.bitcode.size(); ++size)
      EXPECT_FALSE(CompiledKernel::deserialize(llvm::StringRef(bytes).take_front(size))) << size;
  }
  EXPECT_FALSE(CompiledKernel::deserialize(std::string(16, '\xff')));
}

TEST(KernelProcessTest, AKilledProcessIsAnError) {
  Outcome outcome = run([]() -> Outcome {
    raise(SIGKILL);
    return succeed();
  });
  ASSERT_TRUE(std::holds_alternative<std::string>(outcome));
  EXPECT_NE(std::get<std::string>(outcome).find("memory"), std::string::npos) << std::get<std::string>(outcome);
}

TEST(KernelProcessTest, AProcessThatSomebodyElseWaitedForIsAnError) {
  Outcome outcome = run(
      []() -> Outcome {
        raise(SIGSEGV);
        return succeed();
      },
      [] { EXPECT_GT(waitpid(-1, nullptr, 0), 0); });
  ASSERT_TRUE(std::holds_alternative<std::string>(outcome)) << "a failed waitpid counts as success";
  EXPECT_NE(std::get<std::string>(outcome).find("how its process ended"), std::string::npos);
}

TEST(KernelProcessTest, AnIgnoredSignalOfChildrenDoesNoHarm) {
  auto before = signal(SIGCHLD, SIG_IGN);
  Outcome outcome = run(succeed);
  signal(SIGCHLD, before);
  EXPECT_TRUE(std::holds_alternative<CompiledKernel>(outcome)) << std::get<std::string>(outcome);
}

TEST(KernelProcessTest, ProcessesEndWithTheirParent) {
  for (int how : {SIGKILL, SIGTERM, SIGINT, SIGHUP}) {
    Lifeline lifeline;
    pid_t parent = fork();
    ASSERT_GE(parent, 0);
    if (parent == 0) {
      // Under nohup, or in the background of a shell, some of them are ignored.
      signal(how, SIG_DFL);
      run([&]() -> Outcome {
        if (write(lifeline.ends[1], "x", 1) == 1)
          for (;;)
            pause();
        return succeed();
      });
      _exit(0);
    }
    ASSERT_TRUE(lifeline.isAlive());
    kill(parent, how);
    EXPECT_EQ(waitpid(parent, nullptr, 0), parent);
    EXPECT_TRUE(lifeline.endsWithin(10)) << "a kernel's process outlives a parent that ended by signal " << how;
  }
}

TEST(KernelProcessTest, APoolThatIsLeftEarlyEndsItsProcesses) {
  Lifeline lifeline;
  {
    ProcessPool pool(1, 60);
    pool.submit(
        [&]() -> Outcome {
          if (write(lifeline.ends[1], "x", 1) == 1)
            for (;;)
              pause();
          return succeed();
        },
        [](const Outcome &) { FAIL() << "nobody waited for it"; });
    ASSERT_TRUE(lifeline.isAlive());
  }
  EXPECT_TRUE(lifeline.endsWithin(10));
}
