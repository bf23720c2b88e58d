// SPDX-License-Identifier: Apache-2.0
#include "Segment.h"

#include "ContextMessage.h"
#include "Scratch.h"
#include "Text.h"

void *dlcReserveSegment(const dlc_call *call, dlc_uint32 number, dlc_uint64 bytes) {
  Context *context = call->scratch->context;
  Segment *segment = &context->segments[number];
  if (segment->data && bytes <= segment->bytes)
    return segment->data;
  char message[128];
  if (bytes == UINT64_MAX) {
    dlcContextKernelMessage(context, "the memory for the extents that data gives does not fit 64 bits");
    return (void *)0;
  }
  // Nothing of the last run is needed any more, and something a little larger may come next.
  dlcRelease(&context->allocator, segment->data, segment->bytes);
  segment->bytes = bytes + bytes / 4 + 64;
  segment->data = dlcAllocate(&context->allocator, segment->bytes);
  if (!segment->data) {
    segment->bytes = bytes ? bytes : 64;
    segment->data = dlcAllocate(&context->allocator, segment->bytes);
  }
  if (!segment->data) {
    segment->bytes = 0;
    dlcFormat(message, sizeof message, "no memory for the %u bytes that the extents given by data need", bytes);
    dlcContextKernelMessage(context, message);
    return (void *)0;
  }
  dlcContextLog(context, DLC_LOG_INFO, "segment %u grown to %u bytes", (dlc_uint64)number, segment->bytes);
  return segment->data;
}
