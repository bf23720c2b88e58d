// SPDX-License-Identifier: Apache-2.0
#include "StateMemory.h"

void dlcStateDestroy(Context *context) {
  for (dlc_uint32 slot = 0; context->kept && slot < context->face.model->state_count; ++slot) {
    dlcRelease(&context->allocator, context->kept[slot].now, context->kept[slot].nowBytes);
    dlcRelease(&context->allocator, context->kept[slot].next, context->kept[slot].nextBytes);
  }
}

void dlcStateForget(Context *context) {
  for (dlc_uint32 slot = 0; slot < context->face.model->state_count; ++slot) {
    KeptState *state = &context->kept[slot];
    *state = (KeptState){.info = state->info, .dims = state->dims};
  }
}

dlc_uint64 dlcStateBytes(const Context *context) {
  dlc_uint64 bytes = 0;
  for (dlc_uint32 slot = 0; slot < context->face.model->state_count; ++slot)
    bytes += context->kept[slot].nowBytes + context->kept[slot].nextBytes;
  return bytes;
}
