// SPDX-License-Identifier: Apache-2.0
#include "Context.h"

#include "Api.h"
#include "Parallel.h"
#include "State.h"
#include "Text.h"

/// The library's own pool, while a context uses it.
static Pool *sharedPool;
static dlc_uint32 sharedPoolUsers;
static dlc_uint32 sharedPoolLock;

static void logMessage(Context *context, dlc_int32 level, const char *format, ...) {
  if (!context->log)
    return;
  char message[256];
  __builtin_va_list arguments;
  __builtin_va_start(arguments, format);
  dlcFormatList(message, sizeof message, format, arguments);
  __builtin_va_end(arguments);
  context->log(context->logSelf, level, message);
}

dlc_int32 dlcContextFail(Context *context, dlc_int32 status, const char *format, ...) {
  __builtin_va_list arguments;
  __builtin_va_start(arguments, format);
  dlcFormatList(context->message, sizeof context->message, format, arguments);
  __builtin_va_end(arguments);
  return status;
}

void dlcContextKernelMessage(Context *context, const char *message) {
  if (!__atomic_exchange_n(&context->hasMessage, 1, __ATOMIC_RELAXED))
    dlcFormat(context->message, sizeof context->message, "%s", message);
}

dlc_call dlcContextCall(Context *context) {
  return (dlc_call){
      .constants = context->state ? context->state->constants : (const dlc_byte *)0,
      .prepared = context->state ? context->state->prepared : (dlc_byte *)0,
      .workspace = context->workspace,
      .scratch = context->scratches,
      .threads = context->threads,
      .device_id = context->deviceId,
      .parallel_for = dlcParallelFor,
      .stream = context->stream,
      .executor = context,
      .states = context->states,
      .next_states = context->nextStates,
      .variables = context->variables,
  };
}

static Pool *acquireSharedPool(Context *context, dlc_uint32 threads) {
  dlcLock(&sharedPoolLock);
  if (!sharedPool)
    sharedPool = dlcPoolCreate(&context->allocator, 50);
  Pool *pool = sharedPool;
  if (pool) {
    ++sharedPoolUsers;
    dlc_uint32 started = dlcPoolGrow(pool, threads);
    if (started < threads)
      logMessage(context, DLC_LOG_WARNING, "the system gave %u threads instead of %u", (dlc_uint64)started,
                 (dlc_uint64)threads);
  }
  dlcUnlock(&sharedPoolLock);
  return pool;
}

static void releaseSharedPool(void) {
  dlcLock(&sharedPoolLock);
  Pool *unused = --sharedPoolUsers ? (Pool *)0 : sharedPool;
  if (unused)
    sharedPool = (Pool *)0;
  dlcUnlock(&sharedPoolLock);
  if (unused)
    dlcPoolRelease(unused);
}

static void dropThreads(Context *context) {
  for (dlc_uint32 i = 0; i < context->threads && context->scratches; ++i)
    dlcScratchDestroy(&context->scratches[i]);
  dlcRelease(&context->allocator, context->scratches, context->threads * sizeof(struct dlc_scratch));
  dlcRelease(&context->allocator, context->shares, context->threads * sizeof(Share));
  context->scratches = (struct dlc_scratch *)0;
  context->shares = (Share *)0;
  if (context->ownPool)
    releaseSharedPool();
  context->ownPool = (Pool *)0;
  context->executor = (const dlc_executor *)0;
}

/// Sets up `threads` threads in place of none. On failure there are none, and
/// the context can only be released.
static dlc_int32 takeThreads(Context *context, dlc_uint32 threads, const dlc_executor *executor) {
  context->threads = threads;
  context->scratches = dlcAllocate(&context->allocator, threads * sizeof(struct dlc_scratch));
  context->shares = dlcAllocate(&context->allocator, threads * sizeof(Share));
  for (dlc_uint32 i = 0; i < threads && context->scratches; ++i)
    context->scratches[i] = (struct dlc_scratch){.context = context};
  int isOut = !context->scratches || !context->shares;
  for (dlc_uint32 i = 0; i < threads && !isOut; ++i)
    isOut = dlcScratchGrow(&context->scratches[i], context->face.model->scratch_bytes);
  if (!isOut && threads > 1) {
    context->executor = executor;
    if (!executor) {
      context->ownPool = acquireSharedPool(context, threads);
      isOut = !context->ownPool;
      if (!isOut)
        context->executor = &dlcPoolPublic(context->ownPool)->executor;
    }
  }
  if (!isOut)
    return DLC_OK;
  dropThreads(context);
  return DLC_ERROR_OUT_OF_MEMORY;
}

/// Checks what the caller asks for and fills in `*threads`.
static dlc_int32 checkThreads(dlc_uint32 *threads, const dlc_executor *executor, dlc_error *error) {
  if (executor && (executor->struct_bytes != sizeof(dlc_executor) || !executor->run))
    return dlcFail(error, DLC_ERROR_ARGUMENT, "the executor has no function, or its struct_bytes is not %u",
                   (dlc_uint64)sizeof(dlc_executor));
  if (!*threads)
    *threads = executor && executor->threads ? executor->threads : 1;
  if (*threads > DLC_MAX_THREADS)
    return dlcFail(error, DLC_ERROR_ARGUMENT, "%u threads are more than the largest number, %u", (dlc_uint64)*threads,
                   (dlc_uint64)DLC_MAX_THREADS);
  return DLC_OK;
}

/// Symbols, extents and tensors of the largest entry point, and the states of all.
static dlc_int32 makeTables(Context *context) {
  const dlc_model *model = context->face.model;
  dlc_uint64 symbols = 0, dims = 0, tensors = 0, states = model->state_count, stateDims = dlcStateDims(model);
  for (dlc_uint32 i = 0; i < model->entry_count; ++i) {
    const dlc_entry_point *entry = &model->entries[i];
    dlc_uint64 entryDims = 0;
    for (dlc_uint32 j = 0; j < entry->output_count; ++j)
      entryDims += entry->outputs[j].rank;
    dlc_uint64 entryTensors = (dlc_uint64)entry->input_count + entry->output_count;
    symbols = symbols > entry->symbol_count ? symbols : entry->symbol_count;
    dims = dims > entryDims ? dims : entryDims;
    tensors = tensors > entryTensors ? tensors : entryTensors;
  }
  context->tableBytes = (symbols + dims + 2 * tensors + 2 * states + stateDims) * 8 + states * sizeof(KeptState) + 8;
  dlc_int64 *table = dlcAllocate(&context->allocator, context->tableBytes);
  if (!table)
    return DLC_ERROR_OUT_OF_MEMORY;
  context->symbols = table;
  context->dims = table + symbols;
  context->tensors = (void **)(table + symbols + dims);
  context->ends = (dlc_byte **)(table + symbols + dims + tensors);
  table += symbols + dims + 2 * tensors;
  context->states = (dlc_byte **)table;
  context->nextStates = (dlc_byte **)(table + states);
  context->kept = (KeptState *)(table + 2 * states + stateDims);
  dlcStateTables(context, table + 2 * states);
  return DLC_OK;
}

static void destroyContext(Context *context) {
  if (context->state)
    dlcModelRelease(context->state);
  dropThreads(context);
  dlcStateDestroy(context);
  dlc_allocator allocator = context->allocator;
  dlcRelease(&allocator, context->workspace, context->workspaceBytes);
  dlcRelease(&allocator, context->symbols, context->tableBytes);
  dlcRelease(&allocator, context, sizeof(Context));
}

/// Reserves the workspace and state of every entry point whose sizes are all known.
static dlc_int32 reserveFixed(Context *context) {
  const dlc_model *model = context->face.model;
  for (dlc_uint32 i = 0; i < model->entry_count; ++i) {
    const dlc_entry_point *entry = &model->entries[i];
    int isFixed = 1;
    for (dlc_uint32 s = 0; s < entry->symbol_count; ++s) {
      context->symbols[s] = entry->symbols[s].minimum;
      isFixed &= entry->symbols[s].minimum == entry->symbols[s].maximum;
    }
    dlc_int32 status = isFixed ? dlcContextGrow(context, entry, context->symbols) : DLC_OK;
    if (!status && isFixed)
      status = dlcStateReserve(context, entry, context->symbols);
    if (status)
      return status;
  }
  return DLC_OK;
}

dlc_int32 dlcContextCreate(const dlc_model *model, const dlc_context_options *options, dlc_error *error,
                           dlc_context **result) {
  if (!result)
    return dlcFail(error, DLC_ERROR_ARGUMENT, "dlc_context_create: no place to put the context");
  *result = (dlc_context *)0;
  dlc_int32 status = dlcModelCheck(model, error);
  if (status)
    return status;
  static const dlc_context_options defaults = {.struct_bytes = sizeof(dlc_context_options)};
  if (!options)
    options = &defaults;
  if (options->struct_bytes != sizeof(dlc_context_options))
    return dlcFail(error, DLC_ERROR_ARGUMENT, "dlc_context_create: options.struct_bytes is %u, not %u",
                   (dlc_uint64)options->struct_bytes, (dlc_uint64)sizeof(dlc_context_options));
  if (!options->allocator.allocate != !options->allocator.release)
    return dlcFail(error, DLC_ERROR_ARGUMENT, "dlc_context_create: the allocator lacks one of its two functions");
  dlc_uint32 threads = options->threads;
  status = checkThreads(&threads, options->executor, error);
  if (status)
    return status;

  Context *context = dlcAllocate(&options->allocator, sizeof(Context));
  if (!context)
    return dlcFail(error, DLC_ERROR_OUT_OF_MEMORY, "no memory for a context of model '%s'", model->name);
  memset(context, 0, sizeof *context);
  context->face.api = &dlc_rt_api;
  context->face.model = model;
  context->references = 1;
  context->allocator = options->allocator;
  context->log = options->log;
  context->logSelf = options->log_self;
  context->stream = options->stream;
  context->deviceId = options->device_id;

  status = makeTables(context);
  if (!status)
    status = takeThreads(context, threads, options->executor);
  if (status) {
    dlcFail(error, status, "no memory for a context of model '%s'", model->name);
  } else {
    status = dlcModelAcquire(context, options->weights_folder, error, &context->state);
    if (!status) {
      status = reserveFixed(context);
      if (status)
        dlcFail(error, status, "%s", context->message);
    }
  }
  if (status) {
    destroyContext(context);
    return status;
  }
  context->message[0] = 0;
  *result = &context->face;
  return DLC_OK;
}

void dlcContextRetain(dlc_context *face) {
  if (face)
    __atomic_fetch_add(&((Context *)face)->references, 1, __ATOMIC_RELAXED);
}

void dlcContextRelease(dlc_context *face) {
  if (face && !__atomic_sub_fetch(&((Context *)face)->references, 1, __ATOMIC_ACQ_REL))
    destroyContext((Context *)face);
}

dlc_int32 dlcContextSetThreads(dlc_context *face, dlc_uint32 threads, const dlc_executor *executor) {
  Context *context = (Context *)face;
  if (!context)
    return DLC_ERROR_ARGUMENT;
  if (dlcContextEnter(context))
    return DLC_ERROR_BUSY;
  dlc_error error;
  dlc_int32 status = checkThreads(&threads, executor, &error);
  if (status) {
    dlcContextFail(context, status, "%s", error.message);
  } else {
    // The new threads are set up beside the old ones, so that a failure leaves the context as it was.
    Context before = *context;
    context->scratches = (struct dlc_scratch *)0;
    context->ownPool = (Pool *)0;
    context->executor = (const dlc_executor *)0;
    status = takeThreads(context, threads, executor);
    if (status) {
      context->threads = before.threads;
      context->scratches = before.scratches;
      context->shares = before.shares;
      context->ownPool = before.ownPool;
      context->executor = before.executor;
      dlcContextFail(context, status, "no memory for %u threads", (dlc_uint64)threads);
    } else {
      dropThreads(&before);
    }
  }
  dlcContextLeave(context);
  return status;
}

dlc_int32 dlcContextGrow(Context *context, const dlc_entry_point *entry, const dlc_int64 *symbols) {
  dlc_uint64 bytes = entry->workspace_bytes ? entry->workspace_bytes(symbols) : 0;
  if (__builtin_expect(bytes > context->workspaceBytes, 0)) {
    if (bytes == UINT64_MAX)
      return dlcContextFail(context, DLC_ERROR_OVERFLOW, "the workspace of '%s' for these shapes does not fit 64 bits",
                            entry->name);
    dlc_byte *workspace = dlcAllocate(&context->allocator, bytes);
    if (!workspace)
      return dlcContextFail(context, DLC_ERROR_OUT_OF_MEMORY, "no memory for the %u bytes of workspace of '%s'", bytes,
                            entry->name);
    dlcRelease(&context->allocator, context->workspace, context->workspaceBytes);
    context->workspace = workspace;
    context->workspaceBytes = bytes;
    logMessage(context, DLC_LOG_INFO, "workspace grown to %u bytes", bytes);
  }
  for (dlc_uint32 i = 0; i < context->threads; ++i) {
    struct dlc_scratch *scratch = &context->scratches[i];
    if (__builtin_expect(scratch->wanted > scratch->capacity, 0)) {
      // Without memory the kernels go on as in the run that wanted it.
      dlcScratchGrow(scratch, 0);
      logMessage(context, DLC_LOG_INFO, "scratch of thread %u grown to %u bytes", (dlc_uint64)i, scratch->capacity);
    }
  }
  return DLC_OK;
}

dlc_int32 dlcContextReserve(dlc_context *face, const dlc_entry_point *entry, const dlc_int64 *symbols) {
  Context *context = (Context *)face;
  if (!context)
    return DLC_ERROR_ARGUMENT;
  if (dlcContextEnter(context))
    return DLC_ERROR_BUSY;
  dlc_int32 status = DLC_OK;
  if (!entry || (entry->symbol_count && !symbols))
    status = dlcContextFail(context, DLC_ERROR_ARGUMENT, "dlc_context_reserve: no entry point, or no symbols for it");
  for (dlc_uint32 s = 0; !status && s < entry->symbol_count; ++s)
    if (symbols[s] < entry->symbols[s].minimum || symbols[s] > entry->symbols[s].maximum)
      status = dlcContextFail(context, DLC_ERROR_SYMBOL, "%s = %d is not within its bounds, %d to %d",
                              entry->symbols[s].name, symbols[s], entry->symbols[s].minimum, entry->symbols[s].maximum);
  if (!status)
    status = dlcContextGrow(context, entry, symbols);
  if (!status)
    status = dlcStateReserve(context, entry, symbols);
  dlcContextLeave(context);
  return status;
}

dlc_uint64 dlcContextBytes(const dlc_context *face) {
  const Context *context = (const Context *)face;
  if (!context)
    return 0;
  dlc_uint64 bytes = sizeof(Context) + context->tableBytes + context->workspaceBytes + dlcStateBytes(context);
  for (dlc_uint32 i = 0; i < context->threads; ++i)
    bytes += sizeof(struct dlc_scratch) + sizeof(Share) + context->scratches[i].capacity;
  return bytes;
}

const char *dlcContextMessage(const dlc_context *face) {
  return face ? ((const Context *)face)->message : "no context";
}
