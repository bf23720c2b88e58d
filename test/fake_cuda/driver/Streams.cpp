// SPDX-License-Identifier: Apache-2.0
#include "test/fake_cuda/driver/Streams.h"

using namespace fake_cuda;

namespace fake_cuda {

namespace {
CUstream_st &defaultStream() {
  static auto *const stream = new CUstream_st;
  return *stream;
}
// The handles CU_STREAM_LEGACY and CU_STREAM_PER_THREAD.
bool isDefault(CUstream handle) { return reinterpret_cast<uint64_t>(handle) <= 2; }

bool hasWork(const CUstream_st &stream) { return stream.done < stream.enqueued; }
} // namespace

CUstream_st *streamOf(CUstream handle) {
  if (isDefault(handle))
    return &defaultStream();
  return driver().streams.count(handle) ? handle : nullptr;
}

bool anyCaptures() {
  for (CUstream stream : driver().streams)
    if (stream->capture)
      return true;
  return false;
}

CUresult enqueue(CUstream handle, Work work) {
  CUstream_st *stream = streamOf(handle);
  if (!stream)
    return InvalidHandle;
  if (stream->capture) {
    stream->capture->work.push_back(std::move(work));
    return Success;
  }
  // The default stream and blocking streams wait for each other.
  auto waitFor = [&](CUstream_st &other) {
    if (!hasWork(other))
      return;
    Work wait;
    wait.kind = Work::Wait;
    wait.run = [&other, position = other.enqueued] { return drain(other, position); };
    stream->queue.push_back(std::move(wait));
    ++stream->enqueued;
  };
  if (stream == &defaultStream()) {
    for (CUstream each : driver().streams)
      if (each->blocksOnDefault && !each->capture)
        waitFor(*each);
  } else if (stream->blocksOnDefault) {
    waitFor(defaultStream());
  }
  stream->queue.push_back(std::move(work));
  ++stream->enqueued;
  return Success;
}

CUresult drain(CUstream_st &stream, uint64_t until) {
  while (!stream.queue.empty() && stream.done < until) {
    Work work = std::move(stream.queue.front());
    stream.queue.pop_front();
    ++stream.done;
    if (CUresult error = work.run())
      return error;
  }
  return Success;
}

CUresult synchronizeAll() {
  if (anyCaptures())
    return StreamCaptureUnsupported;
  if (CUresult error = drain(defaultStream(), UINT64_MAX))
    return error;
  for (CUstream stream : driver().streams)
    if (CUresult error = drain(*stream, UINT64_MAX))
      return error;
  return Success;
}

} // namespace fake_cuda

namespace {
bool isEvent(CUevent event) { return event != nullptr; }

/// Whether a thread may wait for `stream`. In a capture it may not, and the attempt makes the capture invalid.
CUresult checkAwaitable(CUstream_st *stream) {
  if (!stream)
    return InvalidHandle;
  if (!stream->capture)
    return Success;
  stream->capture->isInvalid = true;
  return StreamCaptureUnsupported;
}

CUresult createStream(const char *function, CUstream *stream, unsigned flags) {
  Call call(function);
  if (call.error)
    return call.error;
  *stream = new CUstream_st;
  (*stream)->blocksOnDefault = !(flags & 1);
  driver().streams.insert(*stream);
  return Success;
}
} // namespace

extern "C" {

CUresult cuStreamCreate(CUstream *stream, unsigned flags) { return createStream("cuStreamCreate", stream, flags); }
CUresult cuStreamCreateWithPriority(CUstream *stream, unsigned flags, int) {
  return createStream("cuStreamCreateWithPriority", stream, flags);
}

CUresult cuStreamDestroy_v2(CUstream stream) {
  Call call("cuStreamDestroy_v2");
  if (call.error)
    return call.error;
  if (!driver().streams.count(stream))
    return InvalidHandle;
  drain(*stream, UINT64_MAX);
  driver().streams.erase(stream);
  delete stream;
  return Success;
}

CUresult cuStreamSynchronize(CUstream handle) {
  Call call("cuStreamSynchronize");
  if (call.error)
    return call.error;
  CUstream_st *stream = streamOf(handle);
  if (CUresult error = checkAwaitable(stream))
    return error;
  return drain(*stream, UINT64_MAX);
}

CUresult cuStreamQuery(CUstream handle) {
  Call call("cuStreamQuery");
  if (call.error)
    return call.error;
  CUstream_st *stream = streamOf(handle);
  if (CUresult error = checkAwaitable(stream))
    return error;
  // Who polls gets on by one piece of work a call.
  if (CUresult error = drain(*stream, stream->done + 1))
    return error;
  return hasWork(*stream) ? NotReady : Success;
}

CUresult cuStreamWaitEvent(CUstream handle, CUevent event, unsigned) {
  Call call("cuStreamWaitEvent");
  if (call.error)
    return call.error;
  CUstream_st *stream = streamOf(handle);
  if (!stream || !isEvent(event))
    return InvalidHandle;
  if (event->capture) { // the stream joins the capture in which the event was recorded
    if (stream->capture && stream->capture != event->capture)
      return InvalidValue;
    stream->capture = event->capture;
    return Success;
  }
  if (!event->stream)
    return Success;
  Work wait;
  wait.kind = Work::Wait;
  wait.run = [other = event->stream, position = event->position] {
    return streamOf(other) ? drain(*other, position) : Success; // a destroyed stream has ended its work
  };
  return enqueue(handle, std::move(wait));
}

CUresult cuEventCreate(CUevent *event, unsigned) {
  Call call("cuEventCreate");
  if (!call.error)
    *event = new CUevent_st;
  return call.error;
}

CUresult cuEventRecord(CUevent event, CUstream handle) {
  Call call("cuEventRecord");
  if (call.error)
    return call.error;
  CUstream_st *stream = streamOf(handle);
  if (!stream || !isEvent(event))
    return InvalidHandle;
  event->capture = stream->capture;
  event->stream = stream;
  event->position = stream->enqueued;
  return Success;
}

CUresult cuEventSynchronize(CUevent event) {
  Call call("cuEventSynchronize");
  if (call.error)
    return call.error;
  if (!isEvent(event))
    return InvalidHandle;
  if (event->capture)
    return StreamCaptureUnsupported;
  return event->stream && streamOf(event->stream) ? drain(*event->stream, event->position) : Success;
}

CUresult cuEventQuery(CUevent event) {
  Call call("cuEventQuery");
  if (call.error)
    return call.error;
  if (!isEvent(event))
    return InvalidHandle;
  if (!event->stream || !streamOf(event->stream))
    return Success;
  if (CUresult error = drain(*event->stream, std::min(event->position, event->stream->done + 1)))
    return error;
  return event->stream->done < event->position ? NotReady : Success;
}

CUresult cuEventElapsedTime(float *milliseconds, CUevent begin, CUevent end) {
  Call call("cuEventElapsedTime");
  if (call.error)
    return call.error;
  if (!isEvent(begin) || !isEvent(end) || !begin->stream || !end->stream)
    return InvalidHandle;
  *milliseconds = 1; // the interpreter's time says nothing about a GPU's
  return Success;
}
CUresult cuEventElapsedTime_v2(float *milliseconds, CUevent begin, CUevent end) {
  return cuEventElapsedTime(milliseconds, begin, end);
}

CUresult cuEventDestroy_v2(CUevent event) {
  Call call("cuEventDestroy_v2");
  if (call.error)
    return call.error;
  if (!isEvent(event))
    return InvalidHandle;
  delete event;
  return Success;
}

CUresult cuLaunchHostFunc(CUstream handle, CUhostFn function, void *argument) {
  Call call("cuLaunchHostFunc");
  if (call.error)
    return call.error;
  if (!function)
    return InvalidValue;
  Work work;
  work.kind = Work::Host;
  work.run = [=] {
    function(argument);
    return Success;
  };
  return enqueue(handle, std::move(work));
}

} // extern "C"
