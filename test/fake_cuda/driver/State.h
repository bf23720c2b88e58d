// SPDX-License-Identifier: Apache-2.0
// What the driver holds: devices, contexts, memory, and what the environment asks for.
#pragma once
#include "test/fake_cuda/driver/Cuda.h"
#include "test/fake_cuda/machine/Launch.h"
#include <cstdio>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

/// A primary context; a device has one.
struct CUctx_st {
  CUdevice device = 0;
  unsigned retained = 0;
  /// The error of a kernel that failed. Every call in the context returns it from then on.
  CUresult stickyError = 0;
};

namespace fake_cuda {

/// Settings by environment variables, read when they are needed so that a test may change them.
struct Environment {
  static uint64_t number(const char *name, uint64_t otherwise);
  static unsigned capability() { return static_cast<unsigned>(number("FAKE_CUDA_CAPABILITY", 90)); }
  static unsigned devices() { return static_cast<unsigned>(number("FAKE_CUDA_DEVICES", 1)); }
  static uint64_t memory() { return number("FAKE_CUDA_MEMORY", 8ull << 30); }
  static unsigned multiprocessors() { return static_cast<unsigned>(number("FAKE_CUDA_MULTIPROCESSORS", 4)); }
  static bool logs();
  static LaunchOptions launchOptions();
};

struct Driver {
  std::recursive_mutex mutex; // held by every call
  bool isInitialized = false;
  Memory memory;
  std::vector<std::unique_ptr<CUctx_st>> contexts; // of each device
  std::set<CUstream> streams;
  std::set<CUmodule> modules; // that are loaded
  Counters totals;            // of all launches
  uint64_t launches = 0;
};

/// The one driver of the process. It is never destroyed: models may release their contexts in destructors at exit.
Driver &driver();

/// The calling thread's stack of contexts; the last one is current.
std::vector<CUctx_st *> &contextStack();

/// The context that the calling thread has current, or null.
CUctx_st *currentContext();

/// What a call begins with: an error that the environment injects here, a missing cuInit, no current context, a sticky
/// error of the context; or Success.
enum class Needs { Nothing, Initialization, Context };
CUresult enter(const char *function, Needs needs = Needs::Context);

/// Holds the driver's lock during a call.
struct Call {
  explicit Call(const char *function, Needs needs = Needs::Context);
  std::lock_guard<std::recursive_mutex> lock;
  CUresult error;
};

/// One line for the person who runs the tests, on stderr.
void report(const std::string &message);

/// A line of the log, if FAKE_CUDA_LOG asks for one.
void log(const std::string &message);

} // namespace fake_cuda
