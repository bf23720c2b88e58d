// SPDX-License-Identifier: Apache-2.0
#include "Run.h"

#include "CallFrame.h"
#include "ContextEntry.h"
#include "ContextLifetime.h"
#include "ContextMessage.h"
#include "FloatMode.h"
#include "IndexCheck.h"
#include "Recorder.h"
#include "Scratch.h"
#include "State.h"
#include "TensorCheck.h"
#include "Text.h"
#include "UnwantedOutputs.h"

#define HALIDE_OUT_OF_MEMORY (-11)

/// The shape of an input against the declaration; symbols met for the first
/// time (still -1) get their value.
static dlc_int32 checkInputShape(const Subject *subject, dlc_int64 *symbols) {
  for (dlc_uint32 i = 0; i < subject->info->rank; ++i) {
    dlc_int64 extent = subject->tensor->shape[i], dim = subject->info->dims[i];
    if (dim >= 0) {
      if (__builtin_expect(extent != dim, 0))
        return dlcFailShape(subject, DLC_ERROR_SHAPE);
      continue;
    }
    const dlc_symbol_info *symbol = &subject->entry->symbols[-(dim + 1)];
    dlc_int64 *value = &symbols[-(dim + 1)];
    if (__builtin_expect(extent < symbol->minimum || extent > symbol->maximum || extent < 0, 0))
      return dlcContextFail(subject->context, DLC_ERROR_SYMBOL,
                            "input '%s' of '%s' has %s = %d (dimension %u), which is not within %d to %d",
                            subject->info->name, subject->entry->name, symbol->name, extent, (dlc_uint64)i,
                            symbol->minimum, symbol->maximum);
    if (*value < 0)
      *value = extent;
    else if (__builtin_expect(*value != extent, 0))
      return dlcContextFail(subject->context, DLC_ERROR_SYMBOL,
                            "input '%s' of '%s' has %s = %d (dimension %u), but an earlier dimension has %s = %d",
                            subject->info->name, subject->entry->name, symbol->name, extent, (dlc_uint64)i,
                            symbol->name, *value);
  }
  return DLC_OK;
}

static dlc_int32 checkCount(Context *context, const dlc_entry_point *entry, const char *role, dlc_uint32 given,
                            dlc_uint32 expected, const dlc_tensor *tensors) {
  if (__builtin_expect(given != expected, 0))
    return dlcContextFail(context, DLC_ERROR_COUNT, "'%s' takes %u %ss, not %u", entry->name, (dlc_uint64)expected,
                          role, (dlc_uint64)given);
  if (__builtin_expect(expected && !tensors, 0))
    return dlcContextFail(context, DLC_ERROR_ARGUMENT, "no array of %ss for '%s'", role, entry->name);
  return DLC_OK;
}

/// Gives symbol `s`, which is not an extent, the value of its element.
static dlc_int32 bindElement(Context *context, const dlc_entry_point *entry, const dlc_tensor *inputs, dlc_uint32 s,
                             dlc_int64 *symbols) {
  const dlc_symbol_info *symbol = &entry->symbols[s];
  if (symbol->source == DLC_SYMBOL_EXTENT)
    return dlcContextFail(context, DLC_ERROR_SYMBOL, "no input of '%s' gives a value to %s", entry->name, symbol->name);
  Subject subject = {context, entry, &entry->inputs[symbol->input], &inputs[symbol->input], "input", 0};
  void *first;
  dlc_byte *end;
  dlc_int32 status = dlcCheckMemory(&subject, (const dlc_uint64 *)0, &first, &end);
  if (status)
    return status;
  const dlc_byte *data = (const dlc_byte *)first + symbol->element * dlcElementBytes(subject.info->element_type);
  if (__builtin_expect(subject.tensor->device.type == DLC_DEVICE_CUDA, 0)) {
    data = context->device->view(context, data, dlcElementBytes(subject.info->element_type));
    if (!data)
      return DLC_ERROR_DEVICE_LOST;
  }
  dlc_int64 element = dlcLoadInteger(data, subject.info->element_type, 0), value = element;
  if (symbol->source == DLC_SYMBOL_NEGATIVE)
    value = element == INT64_MIN ? INT64_MAX : -element;
  if (value < 0)
    value = 0;
  if (value >= INT64_MAX - 1)
    value = symbol->maximum;
  if (__builtin_expect(value < symbol->minimum || value > symbol->maximum, 0))
    return dlcContextFail(context, DLC_ERROR_SYMBOL,
                          "input '%s' of '%s' has %d at position %u, which is not from %d to %d", subject.info->name,
                          entry->name, element, symbol->element, -symbol->maximum, symbol->maximum);
  symbols[s] = value;
  return DLC_OK;
}

/// Kinds and shapes of all inputs; leaves the symbols' values.
static dlc_int32 bindInputs(Context *context, const dlc_entry_point *entry, const dlc_tensor *inputs, dlc_uint32 count,
                            dlc_int64 *symbols) {
  dlc_int32 status = checkCount(context, entry, "input", count, entry->input_count, inputs);
  if (status)
    return status;
  for (dlc_uint32 s = 0; s < entry->symbol_count; ++s)
    symbols[s] = -1;
  for (dlc_uint32 i = 0; i < count; ++i) {
    Subject subject = {context, entry, &entry->inputs[i], &inputs[i], "input", 0};
    status = dlcCheckKind(&subject);
    if (!status)
      status = checkInputShape(&subject, symbols);
    if (status)
      return status;
  }
  for (dlc_uint32 s = 0; s < entry->symbol_count && !status; ++s)
    if (__builtin_expect(symbols[s] < 0, 0) && entry->symbols[s].source != DLC_SYMBOL_COMPUTED)
      status = bindElement(context, entry, inputs, s, symbols);
  return status;
}

/// The extents that outputs must have, one output after another.
static void computeShapes(const Context *context, const dlc_entry_point *entry, const dlc_int64 *symbols,
                          dlc_int64 *dims) {
  const dlc_entry_code *code = dlcContextCode(context, entry);
  if (code->output_shapes) {
    code->output_shapes(symbols, dims);
    return;
  }
  for (dlc_uint32 i = 0; i < entry->output_count; ++i)
    for (dlc_uint32 d = 0; d < entry->outputs[i].rank; ++d) {
      dlc_int64 dim = entry->outputs[i].dims[d];
      *dims++ = dim >= 0 ? dim : symbols[-(dim + 1)];
    }
}

/// Elements of inputs may ask for extents that no tensor has.
static dlc_int32 checkShapes(Context *context, const dlc_entry_point *entry, const dlc_int64 *dims) {
  for (dlc_uint32 i = 0; i < entry->output_count; dims += entry->outputs[i++].rank)
    for (dlc_uint32 d = 0; d < entry->outputs[i].rank; ++d)
      if (__builtin_expect(dims[d] < 0, 0) && !(entry->outputs[i].flags & DLC_TENSOR_UNBOUNDED)) {
        char shape[DLC_SHAPE_TEXT];
        dlcFormatShape(shape, sizeof shape, dims, entry->outputs[i].rank);
        return dlcContextFail(context, DLC_ERROR_SHAPE, "these inputs give output '%s' of '%s' the shape %s",
                              entry->outputs[i].name, entry->name, shape);
      }
  return DLC_OK;
}

static dlc_int32 checkOutputs(Context *context, const dlc_entry_point *entry, const dlc_tensor *outputs,
                              dlc_uint32 count, const dlc_uint64 *capacities) {
  dlc_int32 status = checkCount(context, entry, "output", count, entry->output_count, outputs);
  if (status)
    return status;
  computeShapes(context, entry, context->symbols, context->dims);
  const dlc_int64 *expected = context->dims;
  int areWanted = 1;
  for (dlc_uint32 i = 0; i < count; ++i) {
    if (__builtin_expect(dlcIsUnwanted(&outputs[i]), 0)) {
      expected += entry->outputs[i].rank;
      context->tensors[entry->input_count + i] = context->ends[entry->input_count + i] = (dlc_byte *)0;
      areWanted = 0;
      continue;
    }
    int isKept = (entry->outputs[i].flags & DLC_TENSOR_UNBOUNDED) != 0;
    Subject subject = {context, entry, &entry->outputs[i], &outputs[i], "output", isKept};
    status = dlcCheckKind(&subject);
    if (status)
      return status;
    dlc_uint32 slot = entry->input_count + i;
    if (__builtin_expect(isKept, 0)) {
      expected += subject.info->rank;
      context->tensors[slot] = context->ends[slot] = (dlc_byte *)0;
      continue;
    }
    for (dlc_uint32 d = 0; d < subject.info->rank; ++d)
      if (__builtin_expect(outputs[i].shape[d] != expected[d], 0)) {
        char given[DLC_SHAPE_TEXT], wanted[DLC_SHAPE_TEXT];
        dlcFormatShape(given, sizeof given, outputs[i].shape, subject.info->rank);
        dlcFormatShape(wanted, sizeof wanted, expected, subject.info->rank);
        return dlcContextFail(context, DLC_ERROR_SHAPE, "output '%s' of '%s' has shape %s, and these inputs give %s",
                              subject.info->name, entry->name, given, wanted);
      }
    expected += subject.info->rank;
    status = dlcCheckMemory(&subject, capacities ? &capacities[slot] : (const dlc_uint64 *)0, &context->tensors[slot],
                            &context->ends[slot]);
    if (status)
      return status;
  }
  if (areWanted)
    return DLC_OK;
  // What the caller's tensors are compared with otherwise.
  status = checkShapes(context, entry, context->dims);
  return status ? status : dlcProvideUnwanted(context, entry, outputs);
}

/// Kernels write an output before they have read all inputs.
static dlc_int32 checkOverlap(Context *context, const dlc_entry_point *entry) {
  dlc_uint32 count = entry->input_count + entry->output_count;
  for (dlc_uint32 i = entry->input_count; i < count; ++i) {
    const dlc_byte *begin = context->tensors[i], *end = context->ends[i];
    for (dlc_uint32 j = 0; j < i; ++j)
      if (__builtin_expect((const dlc_byte *)context->tensors[j] < end && begin < context->ends[j] &&
                               context->tensors[j] != context->ends[j] && begin != end,
                           0))
        return dlcContextFail(context, DLC_ERROR_OVERLAP, "output '%s' of '%s' shares memory with '%s'",
                              entry->outputs[i - entry->input_count].name, entry->name,
                              j < entry->input_count ? entry->inputs[j].name
                                                     : entry->outputs[j - entry->input_count].name);
  }
  return DLC_OK;
}

static dlc_int32 runEntered(Context *context, const dlc_entry_point *entry, const dlc_tensor *inputs,
                            dlc_uint32 inputCount, const dlc_tensor *outputs, dlc_uint32 outputCount,
                            const dlc_uint64 *capacities) {
  context->ran = (const dlc_entry_point *)0;
  context->inputs = inputs;
  context->outputs = outputs;
  dlc_int32 status = bindInputs(context, entry, inputs, inputCount, context->symbols);
  for (dlc_uint32 i = 0; !status && i < inputCount; ++i) {
    Subject subject = {context, entry, &entry->inputs[i], &inputs[i], "input", 0};
    status = dlcCheckMemory(&subject, capacities ? &capacities[i] : (const dlc_uint64 *)0, &context->tensors[i],
                            &context->ends[i]);
  }
  if (!status)
    status = checkOutputs(context, entry, outputs, outputCount, capacities);
  if (!status)
    status = checkOverlap(context, entry);
  if (!status && __builtin_expect(entry->flags && !context->variables, 0))
    status = dlcContextFail(context, DLC_ERROR_VARIABLES,
                            "'%s' needs the variables of model '%s', and none are bound to the context", entry->name,
                            context->face.model->name);
  if (!status &&
      __builtin_expect(
          entry->flags & DLC_ENTRY_READS_DERIVED && (!context->stamp || *context->stamp != DLC_STAMP_PREPARED), 0))
    status =
        dlcContextFail(context, DLC_ERROR_VARIABLES,
                       "'%s' needs what 'prepare_weights' computes from the weights of model '%s', which have changed "
                       "since: call dlc_weights_prepare",
                       entry->name, context->face.model->name);
  if (!status && entry->check_count)
    status = dlcCheckIndices(context, entry);
  if (!status)
    status = dlcContextGrow(context, entry, context->symbols);
  if (!status && entry->state_count)
    status = dlcStateBegin(context, entry);
  if (status)
    return status;

  dlc_call call = dlcContextCall(context);
  call.tensors = context->tensors;
  call.symbols = context->symbols;
  context->hasMessage = context->isCommitted = 0;
  dlcFloatMode before = dlcEnterFloatMode(context->flushesDenormals);
  status = dlcRunIsCancelled(context) ? DLC_ERROR_CANCELLED : dlcContextCode(context, entry)->execute(&call);
  dlcLeaveFloatMode(before, context->flushesDenormals);
  dlcContextGrowScratch(context);
  if (entry->state_count)
    dlcStateEnd(context, entry, status == DLC_OK);
  if (__builtin_expect(status != DLC_OK, 0)) {
    // A kernel that failed while somebody cancelled has its own status: the run would have failed anyway.
    if (status == DLC_ERROR_CANCELLED)
      return dlcContextFail(context, status, "'%s' was cancelled; see dlc_context_resume", entry->name);
    if (!context->hasMessage)
      dlcContextFail(context, status, "'%s' failed in a kernel with status %d", entry->name, (dlc_int64)status);
    // Halide's own codes are negative.
    return status > 0 ? status : status == HALIDE_OUT_OF_MEMORY ? DLC_ERROR_OUT_OF_MEMORY : DLC_ERROR_KERNEL;
  }
  context->ran = entry;
  return DLC_OK;
}

dlc_int32 dlcRun(dlc_context *face, const dlc_entry_point *entry, const dlc_tensor *inputs, dlc_uint32 inputCount,
                 const dlc_tensor *outputs, dlc_uint32 outputCount, const dlc_uint64 *capacities) {
  Context *context = (Context *)face;
  dlc_int32 status = dlcContextEnter(context);
  if (status)
    return status;
  status = DLC_ERROR_ARGUMENT;
  if (!entry)
    dlcContextFail(context, status, "dlc_run: no entry point");
  else if (dlcContextHasEntry(context, entry)) {
    dlc_uint32 number = (dlc_uint32)(entry - context->face.model->entries);
    if (__builtin_expect(context->team->recorders != (dlc_recorder *)0, 0))
      dlcRecordRunStart(context->team, number);
    status = runEntered(context, entry, inputs, inputCount, outputs, outputCount, capacities);
    if (__builtin_expect(context->team->recorders != (dlc_recorder *)0, 0))
      dlcRecordRunStop(context->team, number);
  }
  dlcContextLeave(context);
  return status;
}

dlc_int32 dlcInferSymbols(dlc_context *face, const dlc_entry_point *entry, const dlc_tensor *inputs,
                          dlc_uint32 inputCount, dlc_int64 *symbols) {
  Context *context = (Context *)face;
  dlc_int32 status = dlcContextEnter(context);
  if (status)
    return status;
  status = DLC_ERROR_ARGUMENT;
  if (!entry || (entry->symbol_count && !symbols))
    dlcContextFail(context, status, "no entry point, or no array for its symbols");
  else if (dlcContextHasEntry(context, entry))
    status = bindInputs(context, entry, inputs, inputCount, symbols);
  dlcContextLeave(context);
  return status;
}

dlc_int32 dlcOutputShapes(dlc_context *face, const dlc_entry_point *entry, const dlc_int64 *symbols, dlc_int64 *dims) {
  Context *context = (Context *)face;
  dlc_int32 status = dlcContextEnter(context);
  if (status)
    return status;
  status = DLC_ERROR_ARGUMENT;
  if (!entry || !dims || (entry->symbol_count && !symbols))
    dlcContextFail(context, status, "no entry point, no symbols for it, or no array for the extents");
  else if (dlcContextHasEntry(context, entry))
    status = dlcContextCheckSymbols(context, entry, symbols);
  if (!status) {
    computeShapes(context, entry, symbols, dims);
    status = checkShapes(context, entry, dims);
  }
  dlcContextLeave(context);
  return status;
}

const void *dlcResultData(dlc_context *face, const dlc_entry_point *entry, dlc_uint32 output) {
  Context *context = (Context *)face;
  if (dlcContextEnter(context))
    return (const void *)0;
  const void *data = (const void *)0;
  if (entry && context->ran == entry && output < entry->output_count)
    data = context->tensors[entry->input_count + output];
  dlcContextLeave(context);
  return data;
}

dlc_int32 dlcResultShapes(dlc_context *face, const dlc_entry_point *entry, dlc_int64 *dims) {
  Context *context = (Context *)face;
  dlc_int32 status = dlcContextEnter(context);
  if (status)
    return status;
  if (!entry || !dims || context->ran != entry)
    status = dlcContextFail(context, DLC_ERROR_ARGUMENT,
                            "dlc_result_shapes: no array for the extents, or the last run of the context was not a "
                            "successful one of this entry point");
  else
    computeShapes(context, entry, context->symbols, dims);
  dlcContextLeave(context);
  return status;
}
