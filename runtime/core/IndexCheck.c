// SPDX-License-Identifier: Apache-2.0
#include "IndexCheck.h"

#include "ContextMessage.h"
#include "Text.h"

/// Deepest tensor whose parts are checked; no front end makes deeper ones.
#define MAX_RANK 16

dlc_int64 dlcLoadInteger(const void *data, dlc_uint32 type, dlc_int64 i) {
  switch (type) {
  case DLC_I8:
    return ((const signed char *)data)[i];
  case DLC_I16:
    return ((const short *)data)[i];
  case DLC_I32:
    return ((const dlc_int32 *)data)[i];
  case DLC_U8:
  case DLC_BOOL:
    return ((const dlc_byte *)data)[i];
  case DLC_U16:
    return ((const dlc_uint16 *)data)[i];
  case DLC_U32:
    return ((const dlc_uint32 *)data)[i];
  case DLC_U64: {
    dlc_uint64 value = ((const dlc_uint64 *)data)[i];
    return value > (dlc_uint64)INT64_MAX ? INT64_MAX : (dlc_int64)value;
  }
  default:
    return ((const dlc_int64 *)data)[i];
  }
}

/// What elements may be: low to high (nothing if high < low), or `exception`;
/// without one, that is `low`, so that it says nothing new of a range that is not
/// empty.
typedef struct Bounds {
  dlc_int64 low, high, exception;
  int hasException;
} Bounds;

static int isInside(dlc_int64 value, const Bounds *bounds) {
  return (value >= bounds->low && value <= bounds->high) || (bounds->hasException && value == bounds->exception);
}

/// Whether all of `count` elements from `first` on keep `bounds`. The loops have
/// no way out, so that they become vectors.
static int areInside(const void *data, dlc_uint32 type, dlc_int64 first, dlc_int64 count, const Bounds *bounds) {
  dlc_int64 low = bounds->low, high = bounds->high, exception = bounds->exception;
  dlc_uint64 width = (dlc_uint64)high - (dlc_uint64)low, outside = 0;
  if (high < low) {
    for (dlc_int64 i = 0; i < count; ++i)
      outside |= (dlc_uint64)!isInside(dlcLoadInteger(data, type, first + i), bounds);
  } else if (type == DLC_I64) {
    const dlc_int64 *values = (const dlc_int64 *)data + first;
    for (dlc_int64 i = 0; i < count; ++i)
      outside |= ((dlc_uint64)values[i] - (dlc_uint64)low > width) & (values[i] != exception);
  } else if (type == DLC_I32 && low >= INT32_MIN && high <= INT32_MAX) {
    const dlc_int32 *values = (const dlc_int32 *)data + first;
    dlc_uint32 outside32 = 0;
    for (dlc_int64 i = 0; i < count; ++i)
      outside32 |= ((dlc_uint32)values[i] - (dlc_uint32)low > (dlc_uint32)width) & (values[i] != exception);
    outside = outside32;
  } else {
    for (dlc_int64 i = 0; i < count; ++i) {
      dlc_int64 value = dlcLoadInteger(data, type, first + i);
      outside |= ((dlc_uint64)value - (dlc_uint64)low > width) & (value != exception);
    }
  }
  return !outside;
}

static dlc_int64 resolve(dlc_int64 extent, const dlc_int64 *symbols) {
  return extent >= 0 ? extent : symbols[-(extent + 1)];
}

static dlc_int32 failIndex(Context *context, const dlc_index_check *check, const dlc_tensor_info *info,
                           const dlc_int64 *place, dlc_int64 value, const Bounds *bounds) {
  char text[DLC_SHAPE_TEXT];
  dlcFormatShape(text, sizeof text, place, info->rank);
  // A tensor of rank 0 has one position.
  const char *at = info->rank ? " at " : "", *where = info->rank ? text : "";
  dlc_int64 low = bounds->low, high = bounds->high;
  if (high < low)
    return dlcContextFail(context, DLC_ERROR_INDEX, "input '%s' holds %d%s%s, but %s is empty", info->name, value, at,
                          where, check->what);
  if (bounds->hasException)
    return dlcContextFail(context, DLC_ERROR_INDEX, "input '%s' holds %d%s%s, which is not in %s (%d to %d, or %d)",
                          info->name, value, at, where, check->what, low, high, bounds->exception);
  return dlcContextFail(context, DLC_ERROR_INDEX, "input '%s' holds %d%s%s, which is not in %s (%d to %d)", info->name,
                        value, at, where, check->what, low, high);
}

/// Checks one run of elements along the last dimension, or tells which is wrong.
static dlc_int32 checkRow(Context *context, const dlc_index_check *check, const dlc_tensor_info *info, const void *data,
                          dlc_int64 first, dlc_int64 count, dlc_int64 *place, const Bounds *bounds) {
  if (__builtin_expect(areInside(data, info->element_type, first, count, bounds), 1))
    return DLC_OK;
  dlc_int64 i = 0, value = dlcLoadInteger(data, info->element_type, first);
  while (isInside(value, bounds))
    value = dlcLoadInteger(data, info->element_type, first + ++i);
  if (info->rank)
    place[info->rank - 1] += i;
  return failIndex(context, check, info, place, value, bounds);
}

/// Whether element `i` is from 0 to 1: its bits are not above those of 1, or are
/// those of -0.
static int isProbability(const void *data, dlc_uint32 type, dlc_int64 i) {
  switch (type) {
  case DLC_F64: {
    dlc_uint64 bits = ((const dlc_uint64 *)data)[i];
    return bits <= 0x3FF0000000000000u || bits == 0x8000000000000000u;
  }
  case DLC_F32: {
    dlc_uint32 bits = ((const dlc_uint32 *)data)[i];
    return bits <= 0x3F800000u || bits == 0x80000000u;
  }
  default: {
    dlc_uint16 bits = ((const dlc_uint16 *)data)[i];
    return bits <= (type == DLC_F16 ? 0x3C00u : 0x3F80u) || bits == 0x8000u;
  }
  }
}

/// The elements of input `number` where the host can read them; null, with a message, if the device has failed.
static const void *findData(Context *context, const dlc_entry_point *entry, dlc_uint32 number) {
  const dlc_byte *first = context->tensors[number];
  if (__builtin_expect(!dlcIsOnDevice(context, entry, number), 1) || first == context->ends[number])
    return first;
  return context->device->view(context, first, (dlc_uint64)(context->ends[number] - first));
}

static dlc_int32 checkProbabilities(Context *context, const dlc_entry_point *entry, const dlc_index_check *check,
                                    const void *data) {
  const dlc_tensor_info *info = &entry->inputs[check->tensor];
  dlc_int64 count = 1, i = 0;
  for (dlc_uint32 d = 0; d < info->rank; ++d)
    count *= resolve(info->dims[d], context->symbols);
  while (i < count && isProbability(data, info->element_type, i))
    ++i;
  if (i == count)
    return DLC_OK;
  return dlcContextFail(context, DLC_ERROR_INDEX, "element %d of input '%s' is not from 0 to 1, as %s takes it", i,
                        info->name, check->what);
}

static dlc_int32 checkInput(Context *context, const dlc_entry_point *entry, const dlc_index_check *check,
                            const void *data) {
  const dlc_tensor_info *info = &entry->inputs[check->tensor];
  dlc_int64 extent = resolve(check->extent, context->symbols);
  Bounds bounds = {check->flags & DLC_CHECK_FROM_END ? -extent : 0,
                   check->flags & DLC_CHECK_LENGTHS ? extent : extent - 1, 0, check->flags & DLC_CHECK_EXCEPTION};
  bounds.exception = check->flags & DLC_CHECK_EXCEPTION ? check->exception : bounds.low;
  dlc_uint32 rank = info->rank;
  dlc_int64 extents[MAX_RANK], starts[MAX_RANK], ends[MAX_RANK], place[MAX_RANK];
  if (rank > MAX_RANK)
    return DLC_OK;
  for (dlc_uint32 d = 0; d < rank; ++d) {
    extents[d] = resolve(info->dims[d], context->symbols);
    int isWhole = !check->sizes || check->sizes[d] < 0;
    starts[d] = place[d] = isWhole ? 0 : check->starts[d];
    ends[d] = isWhole ? extents[d] : starts[d] + check->sizes[d];
    if (ends[d] > extents[d])
      ends[d] = extents[d];
    if (starts[d] >= ends[d])
      return DLC_OK;
  }
  if (!rank)
    return checkRow(context, check, info, data, 0, 1, place, &bounds);
  if (!check->sizes) {
    dlc_int64 count = 1;
    for (dlc_uint32 d = 0; d < rank; ++d)
      count *= extents[d];
    if (__builtin_expect(areInside(data, info->element_type, 0, count, &bounds), 1))
      return DLC_OK;
  }
  for (;;) {
    dlc_int64 first = 0;
    for (dlc_uint32 d = 0; d < rank; ++d)
      first = first * extents[d] + place[d];
    dlc_int32 status = checkRow(context, check, info, data, first, ends[rank - 1] - starts[rank - 1], place, &bounds);
    if (status)
      return status;
    dlc_uint32 d = rank - 1;
    while (d-- > 0) {
      if (++place[d] < ends[d])
        break;
      place[d] = starts[d];
    }
    if (d == (dlc_uint32)-1)
      return DLC_OK;
  }
}

/// Whether a cache of fixed length takes the steps of this run.
static dlc_int32 checkRoom(Context *context, const dlc_entry_point *entry, const dlc_index_check *check) {
  const dlc_tensor_info *info = &entry->states[check->tensor];
  const KeptState *state = &context->kept[info->slot];
  dlc_int64 extent = resolve(check->extent, context->symbols), steps = resolve(check->steps, context->symbols);
  dlc_int64 count = 1, most = 0;
  for (dlc_uint32 d = 0; state->hasShape && d < info->rank; ++d)
    count *= state->dims[d];
  for (dlc_int64 i = 0; state->hasShape && i < count; ++i) {
    dlc_int64 value = dlcLoadInteger(state->now, info->element_type, i);
    most = value > most ? value : most;
  }
  if (__builtin_expect(steps <= extent - most, 1))
    return DLC_OK;
  return dlcContextFail(context, DLC_ERROR_STATE,
                        "%s holds %d of at most %d steps, and this run brings %d: reset the context first", check->what,
                        most, extent, steps);
}

dlc_int32 dlcCheckIndices(Context *context, const dlc_entry_point *entry) {
  dlc_int32 status = DLC_OK;
  for (dlc_uint32 i = 0; !status && i < entry->check_count; ++i) {
    const dlc_index_check *check = &entry->checks[i];
    if (check->flags & DLC_CHECK_ROOM) {
      status = checkRoom(context, entry, check);
      continue;
    }
    const void *data = findData(context, entry, check->tensor);
    if (__builtin_expect(!data && context->tensors[check->tensor] != context->ends[check->tensor], 0))
      return DLC_ERROR_DEVICE_LOST;
    status = check->flags & DLC_CHECK_PROBABILITY ? checkProbabilities(context, entry, check, data)
                                                  : checkInput(context, entry, check, data);
  }
  return status;
}
