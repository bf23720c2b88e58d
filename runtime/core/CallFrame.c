// SPDX-License-Identifier: Apache-2.0
#include "CallFrame.h"

#include "ModelState.h"
#include "Parallel.h"
#include "Segment.h"

dlc_call dlcContextCall(Context *context) {
  static const dlc_services services = {
      .struct_bytes = sizeof services, .parallel_for = dlcParallelFor, .reserve = dlcReserveSegment};
  return (dlc_call){
      .struct_bytes = sizeof(dlc_call),
      .constants = context->state ? context->state->constants : (const dlc_byte *)0,
      .prepared = context->state ? context->state->prepared : (dlc_byte *)0,
      .workspace = context->workspace,
      .scratch = context->team->scratches,
      .threads = context->team->threads,
      .device_id = context->deviceId,
      .services = &services,
      .stream = context->stream,
      .executor = context,
      .states = context->states,
      .next_states = context->nextStates,
      .variables = context->variables,
  };
}
