// SPDX-License-Identifier: Apache-2.0
#include "LaunchTable.h"

#include "Base.h"

static dlc_int64 evaluate(const dlc_int64 *value, const dlc_int64 *terms) {
  // Without a sign: a sum that is out of range in between is right in the end.
  dlc_uint64 sum = (dlc_uint64)value[0] + (dlc_uint64)terms[value[1]] * (dlc_uint64)value[2];
  for (dlc_int64 more = value[3]; more > 0; --more, value += 2)
    sum += (dlc_uint64)terms[value[4]] * (dlc_uint64)value[5];
  return (dlc_int64)sum;
}

dlc_int32 dlcRunLaunches(const dlc_call *call, dlc_int64 count, const dlc_int32 *words, const dlc_int64 *values,
                         const dlc_task *functions, const dlc_int64 *terms, dlc_int64 *arguments,
                         dlcLaunchInRanges launchInRanges) {
  static const dlc_int64 zero = 0;
  const dlc_int64 *const blocks[8] = {
      [DLC_BASE_NONE] = &zero,
      [DLC_BASE_WORKSPACE] = (const dlc_int64 *)&call->workspace,
      [DLC_BASE_CONSTANTS] = (const dlc_int64 *)&call->constants,
      [DLC_BASE_PREPARED] = (const dlc_int64 *)&call->prepared,
      [DLC_BASE_VARIABLES] = (const dlc_int64 *)&call->variables,
      [DLC_BASE_TENSOR] = (const dlc_int64 *)call->tensors,
      [DLC_BASE_STATE] = (const dlc_int64 *)call->states,
      [DLC_BASE_NEXT_STATE] = (const dlc_int64 *)call->next_states,
  };
  for (; count > 0; --count) {
    dlc_int32 function = words[0], argumentCount = words[1], grain = words[3];
    dlc_int64 extent = evaluate(values + words[2], terms);
    dlc_int64 nanoseconds = grain ? evaluate(values + words[4], terms) : 0;
    words += 5;
    for (dlc_int32 i = 0; i < argumentCount; ++i, words += 2) {
      dlc_int64 block = blocks[words[0] & 7][words[0] >> DLC_BASE_BITS];
      arguments[i] = block + (words[0] & DLC_BASE_IMMEDIATE ? words[1] : evaluate(values + words[1], terms));
    }

    if (function == DLC_LAUNCH_COPY) {
      memcpy((void *)arguments[0], (const void *)arguments[1], (size_t)extent);
      continue;
    }
    dlc_int32 status = grain ? launchInRanges(call, functions[function], arguments, extent, grain, nanoseconds)
                             : functions[function](arguments, 0, extent, call->scratch);
    if (status)
      return status;
  }
  return DLC_OK;
}
