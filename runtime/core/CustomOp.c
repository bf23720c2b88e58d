// SPDX-License-Identifier: Apache-2.0
#include "CustomOp.h"

#include "CallFrame.h"
#include "ContextMessage.h"
#include "FloatMode.h"
#include "Parallel.h"
#include "Scratch.h"
#include "Text.h"

/// Behind dlc_op_call.owner: a call that is going on.
typedef struct Owner {
  struct dlc_scratch *scratch;
  struct Block *blocks; // what the function has allocated, the newest first
  dlc_uint32 hasText;   // the first task that fails writes it
  char text[256];
} Owner;

/// Before every block that the function has allocated.
typedef struct Block {
  _Alignas(DLC_CACHE_LINE) struct Block *before;
} Block;

static void *allocate(const dlc_op_call *call, dlc_uint64 bytes) {
  Owner *owner = call->owner;
  dlc_uint64 total;
  if (dlcAddOverflows(bytes, sizeof(Block), &total))
    return (void *)0;
  Block *block = halide_malloc(owner->scratch, total);
  if (!block)
    return (void *)0;
  block->before = owner->blocks;
  owner->blocks = block;
  return block + 1;
}

static dlc_int32 fail(const dlc_op_call *call, dlc_int32 status, const char *text) {
  Owner *owner = call->owner;
  if (text && !__atomic_exchange_n(&owner->hasText, 1, __ATOMIC_RELAXED))
    dlcFormat(owner->text, sizeof owner->text, "%s", text);
  return status;
}

typedef struct Parts {
  const dlc_op_call *call;
  dlc_op_task task;
  void *data;
} Parts;

static dlc_int32 runPart(const void *arguments, dlc_int64 begin, dlc_int64 end, struct dlc_scratch *scratch) {
  const Parts *parts = arguments;
  dlc_int32 status = parts->task(parts->call, parts->data, begin, end);
  dlcEnterFloatMode(scratch->context->flushesDenormals); // as after the function
  return status;
}

static dlc_int32 parallelFor(const dlc_op_call *call, dlc_op_task task, void *data, dlc_int64 extent, dlc_int64 grain) {
  const Owner *owner = call->owner;
  Context *context = owner->scratch->context;
  if (extent <= 0)
    return DLC_OK;
  if (context->team->isParallel)
    return task(call, data, 0, extent);
  Parts parts = {call, task, data};
  dlc_call frame = dlcContextCall(context);
  return dlcParallelFor(&frame, runPart, &parts, extent, grain < 1 ? 1 : grain);
}

dlc_int32 dlcRunCustomOp(struct dlc_scratch *scratch, dlc_op_function function, dlc_op_call *call) {
  Context *context = scratch->context;
  Owner owner;
  owner.scratch = scratch;
  owner.blocks = (Block *)0;
  owner.hasText = 0;
  call->struct_bytes = sizeof *call;
  call->allocate = allocate;
  call->parallel_for = parallelFor;
  call->fail = fail;
  call->threads = context->team->isParallel ? 1 : context->team->threads;
  call->reserved = 0;
  call->owner = &owner;
  dlc_int32 status = function(call);
  // What the function has set (rounding, denormals, traps) is not for the kernels behind it.
  dlcEnterFloatMode(context->flushesDenormals);
  while (owner.blocks) {
    Block *block = owner.blocks;
    owner.blocks = block->before;
    halide_free(scratch, block);
  }
  if (__builtin_expect(status == DLC_OK, 1))
    return DLC_OK;
  char message[480];
  int isNamed = call->layer[0] != 0;
  dlcFormat(message, sizeof message, "custom op '%s'%s%s%s failed with status %d%s%s", call->op, isNamed ? " ('" : "",
            call->layer, isNamed ? "')" : "", (dlc_int64)status, owner.hasText ? ": " : "",
            owner.hasText ? owner.text : "");
  dlcContextKernelMessage(context, message);
  return DLC_ERROR_KERNEL;
}
