// SPDX-License-Identifier: Apache-2.0
#include "TensorCheck.h"

#include "ContextMessage.h"
#include "Text.h"

dlc_int32 dlcFailShape(const Subject *subject, dlc_int32 status) {
  char given[DLC_SHAPE_TEXT], wanted[DLC_SHAPE_TEXT];
  dlcFormatShape(given, sizeof given, subject->tensor->shape, (dlc_uint32)subject->tensor->ndim);
  dlcFormatDims(wanted, sizeof wanted, subject->info, subject->entry->symbols);
  return dlcContextFail(subject->context, status, "%s '%s' of '%s' has shape %s, expected %s", subject->role,
                        subject->info->name, subject->entry->name, given, wanted);
}

/// A tensor that is not in the CPU's memory.
static dlc_int32 checkDevice(const Subject *subject) {
  Context *context = subject->context;
  const dlc_tensor *tensor = subject->tensor;
  const char *role = subject->role, *name = subject->info->name, *owner = subject->entry->name;
  dlc_int64 type = tensor->device.type, id = tensor->device.id;
  if (!context->device)
    return dlcContextFail(context, DLC_ERROR_DEVICE,
                          "%s '%s' of '%s' is on a device of DLPack type %d, and the model runs on the CPU", role, name,
                          owner, type);
  // Pinned memory of the host.
  if (type == DLC_DEVICE_CUDA_HOST)
    return DLC_OK;
  if (type != DLC_DEVICE_CUDA)
    return dlcContextFail(context, DLC_ERROR_DEVICE,
                          "%s '%s' of '%s' is on a device of DLPack type %d, and the model runs on an NVIDIA GPU (type "
                          "%d): pass it there, or in the CPU's memory",
                          role, name, owner, type, (dlc_int64)DLC_DEVICE_CUDA);
  if (subject->isOnHost)
    return dlcContextFail(context, DLC_ERROR_DEVICE, "%s '%s' of '%s' is on GPU %d, and has to be in the CPU's memory",
                          role, name, owner, id);
  if (id != context->deviceId)
    return dlcContextFail(context, DLC_ERROR_DEVICE,
                          "%s '%s' of '%s' is on GPU %d, and the context runs on GPU %d: copy it there, or create the "
                          "context for the other one",
                          role, name, owner, id, (dlc_int64)context->deviceId);
  return DLC_OK;
}

dlc_int32 dlcCheckKind(const Subject *subject) {
  const dlc_tensor *tensor = subject->tensor;
  const dlc_tensor_info *info = subject->info;
  dlc_uint32 type = (dlc_uint32)tensor->dtype.code << 8 | tensor->dtype.bits;
  if (__builtin_expect(tensor->device.type != DLC_DEVICE_CPU, 0)) {
    dlc_int32 status = checkDevice(subject);
    if (status)
      return status;
  }
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

dlc_int32 dlcCheckMemory(const Subject *subject, const dlc_uint64 *capacity, void **first, dlc_byte **end) {
  const dlc_tensor *tensor = subject->tensor;
  const dlc_tensor_info *info = subject->info;
  dlc_uint64 elementBytes = dlcElementBytes(info->element_type);
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
    return dlcFailShape(subject, DLC_ERROR_OVERFLOW);

  if (tensor->strides && bytes) {
    dlc_int64 stride = 1;
    for (dlc_uint32 i = info->rank; i-- > 0; stride *= tensor->shape[i])
      if (__builtin_expect(tensor->shape[i] != 1 && tensor->strides[i] != stride, 0)) {
        char given[DLC_SHAPE_TEXT];
        dlcFormatShape(given, sizeof given, tensor->strides, info->rank);
        return dlcContextFail(
            subject->context, DLC_ERROR_STRIDES,
            "%s '%s' of '%s' has strides %s, and only compact row-major tensors are accepted: copy it first",
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
  if (__builtin_expect(bytes && (address & (elementBytes - 1)), 0))
    return dlcContextFail(subject->context, DLC_ERROR_ALIGNMENT,
                          "%s '%s' of '%s' starts at an address that is not a multiple of its element's %u bytes",
                          subject->role, info->name, subject->entry->name, elementBytes);
  *first = (void *)address;
  *end = (dlc_byte *)last;
  return DLC_OK;
}
