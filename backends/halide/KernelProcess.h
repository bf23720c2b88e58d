// SPDX-License-Identifier: Apache-2.0
/// \file
/// Compiling kernels in processes of their own.
#ifndef DLC_BACKENDS_HALIDE_KERNELPROCESS_H
#define DLC_BACKENDS_HALIDE_KERNELPROCESS_H

#include "backends/halide/CompiledKernel.h"
#include "llvm/ADT/StringRef.h"
#include <chrono>
#include <functional>
#include <sys/types.h>
#include <variant>
#include <vector>

namespace dlc::halide {

/// A file in memory without a name in the file system. Throws std::runtime_error if the system has none left.
class MemoryFile {
public:
  MemoryFile();
  ~MemoryFile();
  MemoryFile(MemoryFile &&other) noexcept : descriptor(std::exchange(other.descriptor, -1)) {}
  MemoryFile &operator=(MemoryFile &&other) noexcept {
    std::swap(descriptor, other.descriptor);
    return *this;
  }

  /// A path by which this process, and those it forks, can open the file.
  std::string getPath() const;
  std::string read() const;
  void write(llvm::StringRef bytes) const;

private:
  int descriptor;
};

/// For a child that was just forked: it ends when the process `parent` does, in whatever way that ends, and leaves the
/// files alone that the parent removes when a signal stops it.
void followParent(pid_t parent);

/// A kernel, or what went wrong.
using Outcome = std::variant<CompiledKernel, std::string>;

/// Runs tasks in forked processes, a limited number at a time. They end with this process, also if that is killed.
class ProcessPool {
public:
  ProcessPool(unsigned jobs, unsigned timeoutSeconds);
  /// Ends tasks that `finish` did not wait for; their `done` is not called.
  ~ProcessPool();
  ProcessPool(const ProcessPool &) = delete;
  ProcessPool &operator=(const ProcessPool &) = delete;

  /// Forks a process that runs `task`; waits first if all jobs are busy. `done` runs in this process. A task that
  /// crashes, is killed or takes too long counts as one that went wrong.
  void submit(const std::function<Outcome()> &task, std::function<void(Outcome)> done);
  /// Waits for all tasks.
  void finish();

private:
  struct Job {
    pid_t process;
    MemoryFile result;
    std::function<void(Outcome)> done;
    std::chrono::steady_clock::time_point deadline;
  };
  /// Waits until one job at least has ended.
  void collect();

  unsigned jobs;
  std::chrono::seconds timeout;
  std::vector<Job> running;
};

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_KERNELPROCESS_H
