// SPDX-License-Identifier: Apache-2.0
/// \file
/// Scratch memory of one thread: a stack of blocks that kernels take through
/// halide_malloc. It starts with what the compiler computed; what does not
/// fit comes from the context's allocator and is remembered, so that there is
/// room for it, in all threads, when the run has ended.
#ifndef DLC_CORE_SCRATCH_H
#define DLC_CORE_SCRATCH_H

#include "Base.h"

struct Context;

/// One cache line of its own, since each thread writes to its scratch.
struct dlc_scratch {
  /// First, where generated code looks; null while nobody records. DLC_CANCELLED may be written by any thread.
  _Alignas(DLC_CACHE_LINE) dlc_recorder *recorder;
  dlc_byte *base; // capacity bytes, 64-byte aligned
  dlc_uint64 capacity;
  dlc_uint64 used;
  dlc_uint64 topBlock;  // offset + 1 of the last block's header; 0 if there is none
  dlc_uint64 heapBytes; // alive in blocks that did not fit
  dlc_uint64 wanted;    // the most that was ever alive at once
  struct Context *context;
};

/// In place of a recorder: makes launches call the runtime, since the context has been cancelled.
#define DLC_CANCELLED ((dlc_recorder *)1)

/// The recorder of the thread; null if it has none.
static inline dlc_recorder *dlcScratchRecorder(const struct dlc_scratch *scratch) {
  dlc_recorder *recorder = __atomic_load_n(&scratch->recorder, __ATOMIC_RELAXED);
  return __builtin_expect((dlc_uint64)recorder > (dlc_uint64)DLC_CANCELLED, 0) ? recorder : (dlc_recorder *)0;
}

/// Makes room for `bytes` and for all that earlier runs wanted. Returns
/// nonzero without memory; the scratch is usable in either case. Not while a
/// run is going on.
int dlcScratchGrow(struct dlc_scratch *scratch, dlc_uint64 bytes);

void dlcScratchDestroy(struct dlc_scratch *scratch);

void *halide_malloc(void *userContext, size_t bytes);
void halide_free(void *userContext, void *memory);

#endif // DLC_CORE_SCRATCH_H
