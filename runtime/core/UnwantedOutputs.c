// SPDX-License-Identifier: Apache-2.0
#include "UnwantedOutputs.h"

#include "Segment.h"
#include "TensorCheck.h"

/// Whether output `i` gets memory here. What has no bound is a segment's in any case.
static int isProvided(const dlc_entry_point *entry, const dlc_tensor *outputs, dlc_uint32 i) {
  return dlcIsUnwanted(&outputs[i]) && !(entry->outputs[i].flags & DLC_TENSOR_UNBOUNDED);
}

dlc_int32 dlcProvideUnwanted(Context *context, const dlc_entry_point *entry, const dlc_tensor *outputs) {
  void **tensors = context->tensors + entry->input_count;
  dlc_byte **ends = context->ends + entry->input_count;
  // First where they are from an address of 0, but not at 0, which would be no address.
  dlc_uint64 next = DLC_CACHE_LINE;
  dlc_int64 *dims = context->dims;
  for (dlc_uint32 i = 0; i < entry->output_count; dims += entry->outputs[i++].rank) {
    if (!isProvided(entry, outputs, i))
      continue;
    dlc_tensor tensor = {.data = (void *)next, .ndim = (dlc_int32)entry->outputs[i].rank, .shape = dims};
    Subject subject = {context, entry, &entry->outputs[i], &tensor, "output", 1};
    dlc_int32 status = dlcCheckMemory(&subject, (const dlc_uint64 *)0, &tensors[i], &ends[i]);
    if (status)
      return status;
    next = ((dlc_uint64)ends[i] + DLC_CACHE_LINE - 1) & ~(dlc_uint64)(DLC_CACHE_LINE - 1);
  }
  context->hasMessage = 0;
  dlc_byte *memory = dlcGrowSegment(context, context->segmentCount - 1, next);
  if (!memory)
    return DLC_ERROR_OUT_OF_MEMORY;
  for (dlc_uint32 i = 0; i < entry->output_count; ++i)
    if (isProvided(entry, outputs, i)) {
      tensors[i] = memory + (dlc_uint64)tensors[i];
      ends[i] = memory + (dlc_uint64)ends[i];
    }
  return DLC_OK;
}
