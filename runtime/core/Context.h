// SPDX-License-Identifier: Apache-2.0
/// \file
/// A context: all memory that one run at a time needs. What is done with it is in
/// ContextEntry.h (calls), ContextLifetime.h and the files about its parts.
#ifndef DLC_CORE_CONTEXT_H
#define DLC_CORE_CONTEXT_H

#include "Base.h"

struct ModelState;
struct Pool;

/// What is left of one thread's share of a parallel loop; on a cache line of
/// its own, since others steal from it only when they have nothing to do.
typedef struct Share {
  _Alignas(DLC_CACHE_LINE) dlc_int64 next; // in grains
  dlc_int64 end;
} Share;

/// What the context keeps from one run to the next, one for each of the model's states.
typedef struct KeptState {
  const dlc_tensor_info *info;    // of the first entry point that has it
  dlc_byte *now;                  // its value; null until it is needed
  dlc_byte *next;                 // where a run writes its next value; null while no run needs that
  dlc_uint64 nowBytes, nextBytes; // of these blocks: what the largest shape so far has needed
  dlc_int64 *dims;                // extents; count while hasShape
  dlc_uint32 hasShape;
  dlc_uint32 isNew; // got shape and zeros for the current run
} KeptState;

/// A block that grows while an entry point runs.
typedef struct Segment {
  dlc_byte *data; // null until it is reserved
  dlc_uint64 bytes;
} Segment;

/// The threads of a context, with what each of them needs; one block of memory,
/// replaced as a whole.
typedef struct Team {
  const dlc_executor *executor;  // null if threads is 1
  struct Pool *ownPool;          // the library's, if executor is its
  struct dlc_scratch *scratches; // one per thread
  Share *shares;                 // one per thread
  dlc_recorder *recorders;       // one per thread; null while nobody records
  dlc_uint64 bytes;              // of the block
  dlc_uint32 threads;
  dlc_uint32 isRecorded; // whether the scratches have these recorders, as in runs that are not skipped
  dlc_uint32 isParallel; // while tasks of a parallel loop run
} Team;

struct Context;

/// What a context on a GPU adds to the core.
typedef struct ContextDevice {
  /// A copy in the host's memory of `bytes` bytes of the device, as they are after all work before; valid until the
  /// next call. Null, with the context's message, if it fails.
  const void *(*view)(struct Context *context, const void *from, dlc_uint64 bytes);
} ContextDevice;

typedef struct Context {
  dlc_context face; // first, so that a dlc_context * is a Context *
  dlc_uint32 references;
  dlc_uint32 holder;      // generation of the process of which a thread is in a call; 0 if none is
  dlc_uint32 hasMessage;  // the first kernel that fails writes it
  dlc_uint32 isCancelled; // from a dlc_context_cancel to the next dlc_context_resume
  dlc_uint32 isCommitted; // the run changes variables, so that it has to complete
  dlc_allocator allocator;
  dlc_log log;
  void *logSelf;
  void *stream;
  dlc_int32 deviceId;
  const ContextDevice *device;        // null on the CPU
  const dlc_tensor *inputs, *outputs; // the caller's, of the current run
  const dlc_program *program;
  struct ModelState *state;
  Team *team;
  dlc_byte *workspace;
  dlc_uint64 workspaceBytes;
  dlc_uint64 tableBytes;
  const dlc_entry_point *ran; // of the last run, to which `symbols` belong; null if it failed
  dlc_int64 *symbols;         // the tables: as long as the largest entry point needs
  dlc_int64 *dims;
  void **tensors;
  dlc_byte **ends;   // one past the last byte of each tensor
  KeptState *kept;   // one per state of the model
  dlc_byte **states; // those of the current entry point
  dlc_byte **nextStates;
  Segment *segments; // as many as the entry point with most of them reserves, and one for unwanted outputs
  dlc_uint32 segmentCount;
  dlc_uint32 flushesDenormals; // see DLC_CONTEXT_FLUSH_DENORMALS
  dlc_byte *variables;         // the caller's; null until they are bound
  dlc_int64 *stamp;            // in them; null if the model has none
  char message[508];
} Context;

/// Whether the caller's tensor `number` of the current run, inputs first, is in the memory of a GPU.
static inline int dlcIsOnDevice(const Context *context, const dlc_entry_point *entry, dlc_uint32 number) {
  const dlc_tensor *tensor =
      number < entry->input_count ? &context->inputs[number] : &context->outputs[number - entry->input_count];
  return tensor->device.type == DLC_DEVICE_CUDA;
}

/// Whether the run that `context` is in has to end.
static inline int dlcRunIsCancelled(const Context *context) {
  return __builtin_expect(__atomic_load_n(&context->isCancelled, __ATOMIC_RELAXED), 0) && !context->isCommitted;
}

#endif // DLC_CORE_CONTEXT_H
