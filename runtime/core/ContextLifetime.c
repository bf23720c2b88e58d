// SPDX-License-Identifier: Apache-2.0
#include "ContextLifetime.h"

#include "Api.h"
#include "Cancel.h"
#include "ContextEntry.h"
#include "ContextMessage.h"
#include "Model.h"
#include "Options.h"
#include "Scratch.h"
#include "State.h"
#include "StateMemory.h"
#include "Team.h"
#include "Text.h"

/// Checks what the caller asks for and fills in `*threads`.
static dlc_int32 checkThreads(dlc_uint32 *threads, const dlc_executor *executor, dlc_error *error) {
  if (executor && (executor->struct_bytes < DLC_LEAST_EXECUTOR || !executor->run))
    return dlcFail(error, DLC_ERROR_ARGUMENT, "the executor has no function, or its struct_bytes is less than %u",
                   (dlc_uint64)DLC_LEAST_EXECUTOR);
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
    context->segmentCount = context->segmentCount > entry->segment_count ? context->segmentCount : entry->segment_count;
  }
  dlc_uint64 segmentBytes = ++context->segmentCount * sizeof(Segment);
  context->tableBytes =
      (symbols + dims + 2 * tensors + 2 * states + stateDims) * 8 + states * sizeof(KeptState) + segmentBytes + 8;
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
  context->segments = (Segment *)(context->kept + states);
  memset(context->segments, 0, segmentBytes);
  return DLC_OK;
}

static void destroyContext(Context *context) {
  if (context->state)
    dlcModelRelease(context->state);
  dlcTeamDrop(context, context->team);
  dlcStateDestroy(context);
  dlc_allocator allocator = context->allocator;
  dlcRelease(&allocator, context->workspace, context->workspaceBytes);
  for (dlc_uint32 i = 0; context->symbols && i < context->segmentCount; ++i)
    dlcRelease(&allocator, context->segments[i].data, context->segments[i].bytes);
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
      int isComputed = entry->symbols[s].source == DLC_SYMBOL_COMPUTED;
      context->symbols[s] = isComputed ? -1 : entry->symbols[s].minimum;
      isFixed &= isComputed || entry->symbols[s].minimum == entry->symbols[s].maximum;
    }
    dlc_int32 status = isFixed ? dlcContextGrow(context, entry, context->symbols) : DLC_OK;
    if (!status && isFixed)
      status = dlcStateReserve(context, entry, context->symbols);
    if (status)
      return status;
  }
  return DLC_OK;
}

dlc_int32 dlcContextCreate(const dlc_model *model, const dlc_context_options *given, dlc_error *error,
                           dlc_context **result) {
  if (!result)
    return dlcFail(error, DLC_ERROR_ARGUMENT, "dlc_context_create: the parameter for the context is null");
  *result = (dlc_context *)0;
  dlc_context_options options;
  int areUnreadable = dlcReadOptions(&options, sizeof options, DLC_LEAST_CONTEXT_OPTIONS, given);
  const dlc_program *program;
  dlc_int32 status = dlcModelChooseProgram(model, areUnreadable ? 0 : options.device_type, error, &program);
  if (status)
    return status;
  if (areUnreadable || (options.flags & ~(dlc_uint32)DLC_CONTEXT_FLUSH_DENORMALS))
    return dlcFail(error, DLC_ERROR_ARGUMENT,
                   "dlc_context_create: options.struct_bytes is less than %u, or the options set a field that model "
                   "'%s', which was compiled by %s, does not support",
                   (dlc_uint64)DLC_LEAST_CONTEXT_OPTIONS, model->name, model->compiler);
  if (!options.allocator.allocate != !options.allocator.release)
    return dlcFail(error, DLC_ERROR_ARGUMENT, "dlc_context_create: the allocator lacks one of its two functions");
  dlc_uint32 threads = options.threads;
  status = checkThreads(&threads, options.executor, error);
  if (status)
    return status;

  Context *context = dlcAllocate(&options.allocator, sizeof(Context));
  if (!context)
    return dlcFail(error, DLC_ERROR_OUT_OF_MEMORY, "no memory for a context of model '%s'", model->name);
  memset(context, 0, sizeof *context);
  context->face.api = &dlc_rt_api;
  context->face.model = model;
  context->program = program;
  context->references = 1;
  context->allocator = options.allocator;
  context->log = options.log;
  context->logSelf = options.log_self;
  context->stream = options.stream;
  context->deviceId = options.device_id;

  status = makeTables(context);
  if (!status) {
    context->team = dlcTeamMake(context, threads, options.executor);
    status = context->team ? DLC_OK : DLC_ERROR_OUT_OF_MEMORY;
  }
  if (status) {
    dlcFail(error, status, "no memory for a context of model '%s'", model->name);
  } else {
    status = dlcModelAcquire(context, options.weights_folder, error, &context->state);
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
  // From now on: what is prepared of a model serves contexts with other flags, too.
  context->flushesDenormals = options.flags & DLC_CONTEXT_FLUSH_DENORMALS;
  *result = &context->face;
  return DLC_OK;
}

void dlcContextRetain(dlc_context *face) {
  if (face)
    __atomic_fetch_add(&((Context *)face)->references, 1, __ATOMIC_RELAXED);
}

void dlcContextRelease(dlc_context *face) {
  Context *context = (Context *)face;
  if (!context || __atomic_sub_fetch(&context->references, 1, __ATOMIC_ACQ_REL))
    return;
  dlc_uint32 holder = __atomic_load_n(&context->holder, __ATOMIC_RELAXED);
  if (holder)
    dlcContextTakeOver(context, holder);
  destroyContext(context);
}

dlc_int32 dlcContextSetThreads(dlc_context *face, dlc_uint32 threads, const dlc_executor *executor) {
  Context *context = (Context *)face;
  dlc_int32 status = dlcContextEnter(context);
  if (status)
    return status;
  dlc_error error;
  status = checkThreads(&threads, executor, &error);
  if (status) {
    dlcContextFail(context, status, "%s", error.message);
  } else {
    // The new team is set up beside the old one, so that a failure leaves the context as it was.
    Team *before = context->team, *team = dlcTeamMake(context, threads, executor);
    if (team) {
      __atomic_store_n(&context->team, team, __ATOMIC_SEQ_CST);
      dlcCancelSettle();
      dlcTeamDrop(context, before);
    } else {
      status = dlcContextFail(context, DLC_ERROR_OUT_OF_MEMORY, "no memory for %u threads", (dlc_uint64)threads);
    }
  }
  dlcContextLeave(context);
  return status;
}

dlc_int32 dlcContextGrow(Context *context, const dlc_entry_point *entry, const dlc_int64 *symbols) {
  const dlc_entry_code *code = dlcContextCode(context, entry);
  dlc_uint64 bytes = code->workspace_bytes ? code->workspace_bytes(symbols) : 0;
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
    dlcContextLog(context, DLC_LOG_INFO, "workspace grown to %u bytes", bytes);
  }
  return DLC_OK;
}

void dlcContextGrowScratch(Context *context) {
  dlc_uint64 wanted = 0, least = UINT64_MAX;
  for (dlc_uint32 i = 0; i < context->team->threads; ++i) {
    const struct dlc_scratch *scratch = &context->team->scratches[i];
    wanted = scratch->wanted > wanted ? scratch->wanted : wanted;
    least = scratch->capacity < least ? scratch->capacity : least;
  }
  if (__builtin_expect(wanted <= least, 1))
    return;
  for (dlc_uint32 i = 0; i < context->team->threads; ++i)
    dlcScratchGrow(&context->team->scratches[i], wanted);
  dlcContextLog(context, DLC_LOG_INFO, "scratch of each thread grown to %u bytes", wanted);
}

dlc_int32 dlcContextReserve(dlc_context *face, const dlc_entry_point *entry, const dlc_int64 *symbols) {
  Context *context = (Context *)face;
  dlc_int32 status = dlcContextEnter(context);
  if (status)
    return status;
  if (!entry || (entry->symbol_count && !symbols))
    status = dlcContextFail(context, DLC_ERROR_ARGUMENT, "dlc_context_reserve: no entry point, or no symbols for it");
  else
    status = dlcContextHasEntry(context, entry) ? dlcContextCheckSymbols(context, entry, symbols) : DLC_ERROR_ARGUMENT;
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
  bytes += context->team->bytes;
  for (dlc_uint32 i = 0; i < context->segmentCount; ++i)
    bytes += context->segments[i].bytes;
  for (dlc_uint32 i = 0; i < context->team->threads; ++i)
    bytes += context->team->scratches[i].capacity;
  return bytes;
}

const char *dlcContextMessage(const dlc_context *face) {
  return face ? ((const Context *)face)->message : "no context";
}

const dlc_program *dlcContextProgram(const dlc_context *face, dlc_int32 *type, dlc_int32 *id) {
  const Context *context = (const Context *)face;
  *type = dlcIsForDevice(context->program) ? DLC_DEVICE_CUDA : DLC_DEVICE_CPU;
  *id = *type == DLC_DEVICE_CUDA ? context->deviceId : 0;
  return context->program;
}
