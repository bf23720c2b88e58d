// SPDX-License-Identifier: Apache-2.0
#include "Run.h"

#include "Context.h"
#include "Text.h"

#define HALIDE_OUT_OF_MEMORY (-11)

/// A tensor under check, with what messages say about it.
typedef struct Subject {
  Context *context;
  const dlc_entry_point *entry;
  const dlc_tensor_info *info;
  const dlc_tensor *tensor;
  const char *role; // "input", "output"
} Subject;

static dlc_int32 failShape(const Subject *subject, dlc_int32 status) {
  char given[DLC_SHAPE_TEXT], wanted[DLC_SHAPE_TEXT];
  dlcFormatShape(given, sizeof given, subject->tensor->shape, (dlc_uint32)subject->tensor->ndim);
  dlcFormatDims(wanted, sizeof wanted, subject->info, subject->entry->symbols);
  return dlcContextFail(subject->context, status, "%s '%s' of '%s' has shape %s, expected %s", subject->role,
                        subject->info->name, subject->entry->name, given, wanted);
}

/// Type, device and rank: what is the same for any shape.
static dlc_int32 checkKind(const Subject *subject) {
  const dlc_tensor *tensor = subject->tensor;
  const dlc_tensor_info *info = subject->info;
  dlc_uint32 type = (dlc_uint32)tensor->dtype.code << 8 | tensor->dtype.bits;
  if (__builtin_expect(tensor->device.type != DLC_DEVICE_CPU, 0))
    return dlcContextFail(subject->context, DLC_ERROR_DEVICE,
                          "%s '%s' of '%s' lies on a device of DLPack type %d, and the model runs on the CPU",
                          subject->role, info->name, subject->entry->name, (dlc_int64)tensor->device.type);
  if (__builtin_expect(type != info->element_type || tensor->dtype.lanes != 1, 0)) {
    if (tensor->dtype.lanes != 1)
      return dlcContextFail(subject->context, DLC_ERROR_TYPE, "%s '%s' of '%s' has vector elements (%u lanes)",
                            subject->role, info->name, subject->entry->name, (dlc_uint64)tensor->dtype.lanes);
    return dlcContextFail(subject->context, DLC_ERROR_TYPE,
                          "%s '%s' of '%s' has elements of type %s (DLPack code %u, %u bits), expected %s",
                          subject->role, info->name, subject->entry->name, dlcTypeName(type),
                          (dlc_uint64)tensor->dtype.code, (dlc_uint64)tensor->dtype.bits,
                          dlcTypeName(info->element_type));
  }
  if (__builtin_expect(tensor->ndim < 0 || (dlc_uint32)tensor->ndim != info->rank, 0))
    return dlcContextFail(subject->context, DLC_ERROR_RANK, "%s '%s' of '%s' has %d dimensions, expected %u",
                          subject->role, info->name, subject->entry->name, (dlc_int64)tensor->ndim,
                          (dlc_uint64)info->rank);
  if (__builtin_expect(info->rank && !tensor->shape, 0))
    return dlcContextFail(subject->context, DLC_ERROR_ARGUMENT, "%s '%s' of '%s' has no shape", subject->role,
                          info->name, subject->entry->name);
  return DLC_OK;
}

/// Memory: extents whose product fits, strides, address; writes the first
/// byte and the end. The shape is already known to be the right one.
static dlc_int32 checkMemory(const Subject *subject, const dlc_uint64 *capacity, void **first, dlc_byte **end) {
  const dlc_tensor *tensor = subject->tensor;
  const dlc_tensor_info *info = subject->info;
  dlc_uint64 elementBytes = (info->element_type & 0xff) / 8;
  dlc_uint64 bytes = elementBytes;
  int isEmpty = 0;
  for (dlc_uint32 i = 0; i < info->rank; ++i)
    isEmpty |= tensor->shape[i] == 0;
  if (__builtin_expect(isEmpty, 0))
    bytes = 0;
  else
    for (dlc_uint32 i = 0; i < info->rank; ++i)
      if (__builtin_expect(dlcMultiplyOverflows(bytes, (dlc_uint64)tensor->shape[i], &bytes), 0)) {
        bytes = UINT64_MAX;
        break;
      }
  if (__builtin_expect(bytes > (dlc_uint64)INT64_MAX, 0))
    return failShape(subject, DLC_ERROR_OVERFLOW);

  if (tensor->strides && bytes) {
    dlc_int64 stride = 1;
    for (dlc_uint32 i = info->rank; i-- > 0; stride *= tensor->shape[i])
      if (__builtin_expect(tensor->shape[i] != 1 && tensor->strides[i] != stride, 0)) {
        char given[DLC_SHAPE_TEXT];
        dlcFormatShape(given, sizeof given, tensor->strides, info->rank);
        return dlcContextFail(
            subject->context, DLC_ERROR_STRIDES,
            "%s '%s' of '%s' has strides %s, and only compact row-major tensors are taken: copy it first",
            subject->role, info->name, subject->entry->name, given);
      }
  }
  if (__builtin_expect(capacity && *capacity < bytes, 0))
    return dlcContextFail(subject->context, DLC_ERROR_TOO_SMALL,
                          "%s '%s' of '%s' needs %u bytes, and its buffer has %u", subject->role, info->name,
                          subject->entry->name, bytes, *capacity);
  dlc_uint64 address = (dlc_uint64)tensor->data, last;
  if (__builtin_expect(!address && bytes, 0))
    return dlcContextFail(subject->context, DLC_ERROR_NULL_DATA, "%s '%s' of '%s' has no data", subject->role,
                          info->name, subject->entry->name);
  if (__builtin_expect(
          dlcAddOverflows(address, tensor->byte_offset, &address) || dlcAddOverflows(address, bytes, &last), 0))
    return dlcContextFail(subject->context, DLC_ERROR_OVERFLOW, "%s '%s' of '%s' ends beyond the address space",
                          subject->role, info->name, subject->entry->name);
  if (__builtin_expect(bytes && address % elementBytes, 0))
    return dlcContextFail(subject->context, DLC_ERROR_ALIGNMENT,
                          "%s '%s' of '%s' starts at an address that is no multiple of its element's %u bytes",
                          subject->role, info->name, subject->entry->name, elementBytes);
  *first = (void *)address;
  *end = (dlc_byte *)last;
  return DLC_OK;
}

/// The shape of an input against the declaration; symbols met for the first
/// time (still -1) get their value.
static dlc_int32 checkInputShape(const Subject *subject, dlc_int64 *symbols) {
  for (dlc_uint32 i = 0; i < subject->info->rank; ++i) {
    dlc_int64 extent = subject->tensor->shape[i], dim = subject->info->dims[i];
    if (dim >= 0) {
      if (__builtin_expect(extent != dim, 0))
        return failShape(subject, DLC_ERROR_SHAPE);
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

/// Kinds and shapes of all inputs; leaves the symbols' values.
static dlc_int32 bindInputs(Context *context, const dlc_entry_point *entry, const dlc_tensor *inputs, dlc_uint32 count,
                            dlc_int64 *symbols) {
  dlc_int32 status = checkCount(context, entry, "input", count, entry->input_count, inputs);
  if (status)
    return status;
  for (dlc_uint32 s = 0; s < entry->symbol_count; ++s)
    symbols[s] = -1;
  for (dlc_uint32 i = 0; i < count; ++i) {
    Subject subject = {context, entry, &entry->inputs[i], &inputs[i], "input"};
    status = checkKind(&subject);
    if (!status)
      status = checkInputShape(&subject, symbols);
    if (status)
      return status;
  }
  for (dlc_uint32 s = 0; s < entry->symbol_count; ++s)
    if (__builtin_expect(symbols[s] < 0, 0))
      return dlcContextFail(context, DLC_ERROR_SYMBOL, "no input of '%s' gives a value to %s", entry->name,
                            entry->symbols[s].name);
  return DLC_OK;
}

/// The extents that outputs must have, one output after another.
static void computeShapes(const dlc_entry_point *entry, const dlc_int64 *symbols, dlc_int64 *dims) {
  if (entry->output_shapes) {
    entry->output_shapes(symbols, dims);
    return;
  }
  for (dlc_uint32 i = 0; i < entry->output_count; ++i)
    for (dlc_uint32 d = 0; d < entry->outputs[i].rank; ++d) {
      dlc_int64 dim = entry->outputs[i].dims[d];
      *dims++ = dim >= 0 ? dim : symbols[-(dim + 1)];
    }
}

static dlc_int32 checkOutputs(Context *context, const dlc_entry_point *entry, const dlc_tensor *outputs,
                              dlc_uint32 count, const dlc_uint64 *capacities) {
  dlc_int32 status = checkCount(context, entry, "output", count, entry->output_count, outputs);
  if (status)
    return status;
  computeShapes(entry, context->symbols, context->dims);
  const dlc_int64 *expected = context->dims;
  for (dlc_uint32 i = 0; i < count; ++i) {
    Subject subject = {context, entry, &entry->outputs[i], &outputs[i], "output"};
    status = checkKind(&subject);
    if (status)
      return status;
    for (dlc_uint32 d = 0; d < subject.info->rank; ++d)
      if (__builtin_expect(outputs[i].shape[d] != expected[d], 0)) {
        char given[DLC_SHAPE_TEXT], wanted[DLC_SHAPE_TEXT];
        dlcFormatShape(given, sizeof given, outputs[i].shape, subject.info->rank);
        dlcFormatShape(wanted, sizeof wanted, expected, subject.info->rank);
        return dlcContextFail(context, DLC_ERROR_SHAPE, "output '%s' of '%s' has shape %s, and these inputs give %s",
                              subject.info->name, entry->name, given, wanted);
      }
    expected += subject.info->rank;
    dlc_uint32 slot = entry->input_count + i;
    status = checkMemory(&subject, capacities ? &capacities[slot] : (const dlc_uint64 *)0, &context->tensors[slot],
                         &context->ends[slot]);
    if (status)
      return status;
  }
  return DLC_OK;
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
  dlc_int32 status = bindInputs(context, entry, inputs, inputCount, context->symbols);
  for (dlc_uint32 i = 0; !status && i < inputCount; ++i) {
    Subject subject = {context, entry, &entry->inputs[i], &inputs[i], "input"};
    status = checkMemory(&subject, capacities ? &capacities[i] : (const dlc_uint64 *)0, &context->tensors[i],
                         &context->ends[i]);
  }
  if (!status)
    status = checkOutputs(context, entry, outputs, outputCount, capacities);
  if (!status)
    status = checkOverlap(context, entry);
  if (!status)
    status = dlcContextGrow(context, entry, context->symbols);
  if (status)
    return status;

  dlc_call call = dlcContextCall(context);
  call.tensors = context->tensors;
  call.symbols = context->symbols;
  context->hasMessage = 0;
  status = entry->execute(&call);
  if (__builtin_expect(status != DLC_OK, 0)) {
    if (!context->hasMessage)
      dlcContextFail(context, status, "'%s' failed in a kernel with status %d", entry->name, (dlc_int64)status);
    // Halide's own codes are negative.
    return status > 0 ? status : status == HALIDE_OUT_OF_MEMORY ? DLC_ERROR_OUT_OF_MEMORY : DLC_ERROR_KERNEL;
  }
  return DLC_OK;
}

dlc_int32 dlcRun(dlc_context *face, const dlc_entry_point *entry, const dlc_tensor *inputs, dlc_uint32 inputCount,
                 const dlc_tensor *outputs, dlc_uint32 outputCount, const dlc_uint64 *capacities) {
  Context *context = (Context *)face;
  if (!context)
    return DLC_ERROR_ARGUMENT;
  if (dlcContextEnter(context))
    return DLC_ERROR_BUSY;
  dlc_int32 status = entry ? runEntered(context, entry, inputs, inputCount, outputs, outputCount, capacities)
                           : dlcContextFail(context, DLC_ERROR_ARGUMENT, "dlc_run: no entry point");
  dlcContextLeave(context);
  return status;
}

dlc_int32 dlcInferSymbols(dlc_context *face, const dlc_entry_point *entry, const dlc_tensor *inputs,
                          dlc_uint32 inputCount, dlc_int64 *symbols) {
  Context *context = (Context *)face;
  if (!context)
    return DLC_ERROR_ARGUMENT;
  if (dlcContextEnter(context))
    return DLC_ERROR_BUSY;
  dlc_int32 status = !entry || (entry->symbol_count && !symbols)
                         ? dlcContextFail(context, DLC_ERROR_ARGUMENT, "no entry point, or no place for its symbols")
                         : bindInputs(context, entry, inputs, inputCount, symbols);
  dlcContextLeave(context);
  return status;
}

dlc_int32 dlcOutputShapes(dlc_context *face, const dlc_entry_point *entry, const dlc_int64 *symbols, dlc_int64 *dims) {
  Context *context = (Context *)face;
  if (!context)
    return DLC_ERROR_ARGUMENT;
  if (dlcContextEnter(context))
    return DLC_ERROR_BUSY;
  dlc_int32 status = DLC_OK;
  if (!entry || !dims || (entry->symbol_count && !symbols))
    status =
        dlcContextFail(context, DLC_ERROR_ARGUMENT, "no entry point, no symbols for it, or no place for the extents");
  for (dlc_uint32 s = 0; !status && s < entry->symbol_count; ++s)
    if (symbols[s] < entry->symbols[s].minimum || symbols[s] > entry->symbols[s].maximum)
      status = dlcContextFail(context, DLC_ERROR_SYMBOL, "%s = %d is not within its bounds, %d to %d",
                              entry->symbols[s].name, symbols[s], entry->symbols[s].minimum, entry->symbols[s].maximum);
  if (!status)
    computeShapes(entry, symbols, dims);
  dlcContextLeave(context);
  return status;
}
