// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/KernelProcess.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/thread.h"
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dlc::halide {

MemoryFile::MemoryFile() : descriptor(memfd_create("kernel", MFD_CLOEXEC)) {
  if (descriptor < 0)
    throw std::runtime_error(std::string("no memory for a compiled kernel: ") + std::strerror(errno));
}

MemoryFile::~MemoryFile() {
  if (descriptor >= 0)
    close(descriptor);
}

std::string MemoryFile::getPath() const { return "/proc/self/fd/" + std::to_string(descriptor); }

std::string MemoryFile::read() const {
  std::string bytes(static_cast<size_t>(std::max<off_t>(lseek(descriptor, 0, SEEK_END), 0)), '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t count = pread(descriptor, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (count <= 0)
      throw std::runtime_error("a compiled kernel cannot be read back");
    done += static_cast<size_t>(count);
  }
  return bytes;
}

void MemoryFile::write(llvm::StringRef bytes) const {
  while (!bytes.empty()) {
    ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count <= 0)
      throw std::runtime_error("no memory for a compiled kernel");
    bytes = bytes.drop_front(static_cast<size_t>(count));
  }
}

/// What a child's exit status says; everything else is a crash.
static constexpr int childSucceeded = 0, childFailed = 1;

/// The stack of the thread that compiles a kernel: LLVM's passes call themselves as deeply as expressions are nested.
static constexpr unsigned kernelStackBytes = 64u << 20;

/// Runs `task` in the child and leaves; nothing of the parent's state may be flushed or destroyed twice.
[[noreturn]] static void runChild(const std::function<Outcome()> &task, const MemoryFile &result) {
  int status = childFailed;
  try {
    Outcome outcome = task();
    if (auto *kernel = std::get_if<CompiledKernel>(&outcome)) {
      result.write(kernel->serialize());
      status = childSucceeded;
    } else {
      result.write(std::get<std::string>(outcome));
    }
  } catch (const std::exception &error) {
    status = childFailed + 1;
  }
  _exit(status);
}

void followParent(pid_t parent) {
  llvm::sys::unregisterHandlers();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // A parent that has died in between sends no signal any more.
  if (getppid() != parent)
    _exit(childFailed);
}

ProcessPool::ProcessPool(unsigned jobs, unsigned timeoutSeconds) : jobs(std::max(jobs, 1u)), timeout(timeoutSeconds) {
  // A program may be started with this signal ignored. The system then reaps children itself, and the parent cannot
  // find out how they ended.
  signal(SIGCHLD, SIG_DFL);
}

ProcessPool::~ProcessPool() {
  for (Job &job : running) {
    kill(job.process, SIGKILL);
    while (waitpid(job.process, nullptr, 0) < 0 && errno == EINTR)
      continue;
  }
}

void ProcessPool::submit(const std::function<Outcome()> &task, std::function<void(Outcome)> done) {
  while (running.size() >= jobs)
    collect();
  MemoryFile result;
  pid_t parent = getpid(), process = fork();
  if (process < 0) {
    done(std::string("no process could be started: ") + std::strerror(errno));
    return;
  }
  if (process == 0) {
    followParent(parent);
    // In a thread, malloc has an arena of its own. In the first thread it would fill holes in the heap that this
    // process shares with its parent, and the system would copy a page for each: a tenth of the time of small kernels.
    llvm::thread worker(std::optional<unsigned>(kernelStackBytes), [&] { runChild(task, result); });
    worker.join();
  }
  running.push_back({process, std::move(result), std::move(done), std::chrono::steady_clock::now() + timeout});
}

/// The outcome of a process that ended with `status`.
static Outcome readOutcome(int status, const MemoryFile &result) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
    return std::string("its process was killed, as the system does when memory runs out; try fewer --jobs");
  if (WIFSIGNALED(status))
    return std::string("the kernel compiler crashed (") + strsignal(WTERMSIG(status)) + ")";
  std::string bytes = result.read();
  if (WEXITSTATUS(status) == childFailed)
    return bytes.empty() ? std::string("no schedule fits") : bytes;
  std::optional<CompiledKernel> kernel;
  if (WEXITSTATUS(status) == childSucceeded)
    kernel = CompiledKernel::deserialize(bytes);
  if (!kernel)
    return std::string("the kernel compiler ended without a result");
  return std::move(*kernel);
}

void ProcessPool::collect() {
  for (;;) {
    for (auto job = running.begin(); job != running.end(); ++job) {
      int status = 0;
      bool isLate = std::chrono::steady_clock::now() > job->deadline;
      if (isLate)
        kill(job->process, SIGKILL);
      pid_t ended = waitpid(job->process, &status, isLate ? 0 : WNOHANG);
      if (ended == 0 || (ended < 0 && errno == EINTR))
        continue;
      int problem = ended < 0 ? errno : 0;
      Job finished = std::move(*job);
      running.erase(job);
      if (problem)
        finished.done(std::string("it is unknown how its process ended: ") + std::strerror(problem));
      else if (isLate)
        finished.done(std::string("the kernel took more than ") + std::to_string(timeout.count()) +
                      " seconds to compile");
      else
        finished.done(readOutcome(status, finished.result));
      return;
    }
    // Kernels take 50 ms and more: polling costs nothing beside that.
    usleep(500);
  }
}

void ProcessPool::finish() {
  while (!running.empty())
    collect();
}

} // namespace dlc::halide
