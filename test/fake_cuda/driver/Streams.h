// SPDX-License-Identifier: Apache-2.0
// Streams and events. What is enqueued runs when somebody waits for it, not before, so that a program that forgets to
// wait sees old data.
#pragma once
#include "test/fake_cuda/driver/Modules.h"
#include <deque>
#include <functional>
#include <memory>
#include <optional>

namespace fake_cuda {

/// One piece of work on a stream, or one node of a graph.
struct Work {
  enum Kind { Kernel = 0, Copy = 1, Fill = 2, Host = 3, ChildGraph = 4, Empty = 5, Wait = 6, Record = 7 } kind = Empty;
  std::function<CUresult()> run;
  std::shared_ptr<KernelLaunch> launch; // of a kernel: `run` runs it
};

/// Work on a captured stream belongs to the graph that is being made.
struct Capture {
  std::vector<Work> work;
  CUstream origin = nullptr;
  bool isInvalid = false;
};

/// Enqueues on `stream`, or adds to the graph that it captures.
CUresult enqueue(CUstream stream, Work work);

/// The stream behind a handle: 0 is the default stream; null if no stream has this handle.
CUstream_st *streamOf(CUstream handle);

/// Runs what is enqueued on `stream`, up to its work number `until`.
CUresult drain(CUstream_st &stream, uint64_t until);
CUresult synchronizeAll();

/// Whether any stream captures: calls that synchronize then fail, as in the driver's global mode.
bool anyCaptures();

} // namespace fake_cuda

struct CUstream_st {
  std::deque<fake_cuda::Work> queue;
  uint64_t enqueued = 0, done = 0;
  bool blocksOnDefault = true; // not created as non-blocking
  std::shared_ptr<fake_cuda::Capture> capture;
};

struct CUevent_st {
  CUstream_st *stream = nullptr; // where it was recorded, or null
  uint64_t position = 0;
  std::shared_ptr<fake_cuda::Capture> capture; // it was recorded while capturing
};
