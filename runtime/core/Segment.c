// SPDX-License-Identifier: Apache-2.0
#include "Segment.h"

#include "ContextMessage.h"
#include "Scratch.h"

void *dlcReserveSegment(const dlc_call *call, dlc_uint32 number, dlc_uint64 bytes) {
  return dlcGrowSegment(call->scratch->context, number, bytes);
}

void *dlcGrowSegment(Context *context, dlc_uint32 number, dlc_uint64 bytes) {
  Segment *segment = &context->segments[number];
  if (segment->data && bytes <= segment->bytes)
    return segment->data;
  // Nothing of the last run is needed any more, and something a little larger may come next.
  dlcRelease(&context->allocator, segment->data, segment->bytes);
  segment->bytes = bytes > INT64_MAX ? bytes : bytes + bytes / 4 + 64;
  segment->data = bytes > INT64_MAX ? (dlc_byte *)0 : dlcAllocate(&context->allocator, segment->bytes);
  if (!segment->data) {
    segment->bytes = 0;
    dlcContextKernelMessage(context, "no memory for tensors as large as these data make them");
  }
  return segment->data;
}
