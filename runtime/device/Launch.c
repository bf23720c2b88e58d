// SPDX-License-Identifier: Apache-2.0
#include "Launch.h"

#include "../core/ContextMessage.h"
#include "Device.h"

/// Parameters of one kernel: buffers and scalars.
#define MOST_ARGUMENTS 256

/// Makes room for one more element; returns nonzero without memory.
static int grow(Device *device, void **table, dlc_uint32 *capacity, dlc_uint32 count, dlc_uint64 elementBytes) {
  if (count < *capacity)
    return 0;
  dlc_uint32 larger = *capacity ? 2 * *capacity : 16;
  void *memory = dlcAllocate(&device->context->allocator, larger * elementBytes);
  if (!memory)
    return 1;
  memcpy(memory, *table, count * elementBytes);
  dlcRelease(&device->context->allocator, *table, *capacity * elementBytes);
  *table = memory;
  *capacity = larger;
  return 0;
}

/// Reports that the driver refused the code of a kernel.
static CUresult refuse(Device *device, const char *name, CUresult result, const char *log) {
  if (dlcDeviceFailed(device, result))
    dlcContextLog(device->context, DLC_LOG_WARNING, "the driver refuses kernel '%s': %s %s", name,
                  dlcDriverText(device->driver, result), log);
  return result;
}

static CUresult findModule(Device *device, const char *ptx, const char *name, CUmodule *module) {
  for (dlc_uint32 i = 0; i < device->moduleCount; ++i)
    if (device->modules[i].ptx == ptx) {
      *module = device->modules[i].module;
      return CUDA_SUCCESS;
    }
  if (grow(device, (void **)&device->modules, &device->moduleCapacity, device->moduleCount, sizeof(LoadedModule)))
    return refuse(device, name, CUDA_ERROR_OUT_OF_MEMORY, "");
  char log[256];
  log[0] = 0;
  dlc_int32 options[2] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_BYTES};
  void *values[2] = {log, (void *)sizeof log};
  CUresult result = device->driver->cuModuleLoadDataEx(module, ptx, 2, options, values);
  if (result)
    return refuse(device, name, result, log);
  device->modules[device->moduleCount++] = (LoadedModule){ptx, *module};
  return CUDA_SUCCESS;
}

/// Where the kernel is in the table, or belongs.
static LoadedKernel *slotOf(LoadedKernel *kernels, dlc_uint32 capacity, const char *ptx, const char *name) {
  dlc_uint64 hash = ((dlc_uint64)name ^ (dlc_uint64)ptx << 1) * 0x9e3779b97f4a7c15u >> 32;
  dlc_uint64 slot = hash & (capacity - 1);
  while (kernels[slot].name && (kernels[slot].name != name || kernels[slot].ptx != ptx))
    slot = (slot + 1) & (capacity - 1);
  return &kernels[slot];
}

/// Keeps a quarter of the table free.
static int growKernels(Device *device) {
  if (device->kernelCapacity && device->kernelCount < device->kernelCapacity / 4 * 3)
    return 0;
  dlc_uint32 larger = device->kernelCapacity ? 2 * device->kernelCapacity : 64;
  LoadedKernel *kernels = dlcAllocate(&device->context->allocator, larger * sizeof(LoadedKernel));
  if (!kernels)
    return 1;
  memset(kernels, 0, larger * sizeof(LoadedKernel));
  for (dlc_uint32 i = 0; i < device->kernelCapacity; ++i)
    if (device->kernels[i].name)
      *slotOf(kernels, larger, device->kernels[i].ptx, device->kernels[i].name) = device->kernels[i];
  dlcRelease(&device->context->allocator, device->kernels, device->kernelCapacity * sizeof(LoadedKernel));
  device->kernels = kernels;
  device->kernelCapacity = larger;
  return 0;
}

static CUresult findKernel(Device *device, const char *ptx, const char *name, dlc_int32 sharedBytes,
                           CUfunction *function) {
  if (growKernels(device))
    return refuse(device, name, CUDA_ERROR_OUT_OF_MEMORY, "");
  LoadedKernel *slot = slotOf(device->kernels, device->kernelCapacity, ptx, name);
  if (!slot->name) {
    CUmodule module;
    CUresult result = findModule(device, ptx, name, &module);
    if (result)
      return result;
    result = device->driver->cuModuleGetFunction(function, module, name);
    // More than 48 KB have to be asked for.
    if (!result && sharedBytes > 48 << 10)
      result = device->driver->cuFuncSetAttribute(*function, CU_FUNC_MAX_DYNAMIC_SHARED, sharedBytes);
    if (result)
      return refuse(device, name, result, "");
    *slot = (LoadedKernel){ptx, name, *function};
    ++device->kernelCount;
  }
  *function = slot->function;
  return CUDA_SUCCESS;
}

dlc_int32 dlcDeviceLaunch(struct dlc_scratch *scratch, const char *ptx, const char *name, dlc_int32 gridX,
                          dlc_int32 gridY, dlc_int32 gridZ, dlc_int32 blockX, dlc_int32 blockY, dlc_int32 blockZ,
                          dlc_int32 sharedBytes, const dlc_uint64 *sizes, void **arguments,
                          const signed char *isBuffer) {
  Device *device = dlcDeviceOf(scratch);
  if (device->failure)
    return DLC_ERROR_DEVICE_LOST;
  if (dlcRunIsCancelled(device->context))
    return DLC_ERROR_CANCELLED;
  // A tensor without elements.
  if (gridX <= 0 || gridY <= 0 || gridZ <= 0)
    return DLC_OK;
  CUfunction function;
  if (findKernel(device, ptx, name, sharedBytes, &function))
    return DLC_ERROR_DEVICE_LOST;
  dlc_uint64 addresses[MOST_ARGUMENTS];
  void *parameters[MOST_ARGUMENTS];
  for (dlc_uint32 i = 0; sizes[i]; ++i) {
    if (i == MOST_ARGUMENTS) {
      dlcContextKernelMessage(device->context, "a kernel has more than 256 parameters");
      return DLC_ERROR_KERNEL;
    }
    addresses[i] = isBuffer[i] ? ((const Buffer *)arguments[i])->device : 0;
    parameters[i] = isBuffer[i] ? &addresses[i] : arguments[i];
  }
  CUresult result = device->driver->cuLaunchKernel(function, (dlc_uint32)gridX, (dlc_uint32)gridY, (dlc_uint32)gridZ,
                                                   (dlc_uint32)blockX, (dlc_uint32)blockY, (dlc_uint32)blockZ,
                                                   (dlc_uint32)sharedBytes, device->stream, parameters, (void **)0);
  return dlcDeviceFailed(device, result) ? DLC_ERROR_DEVICE_LOST : DLC_OK;
}

dlc_int32 dlcDeviceMalloc(struct dlc_scratch *scratch, Buffer *buffer) {
  // A kernel asks for each launch that uses the tensor.
  if (buffer->device)
    return DLC_OK;
  Device *device = dlcDeviceOf(scratch);
  DeviceScratch *memory = &device->scratch;
  dlc_uint64 bytes = (dlcBufferBytes(buffer) + 255) & ~(dlc_uint64)255;
  bytes = bytes ? bytes : 256;
  // Launches follow each other on one stream, so the memory of a kernel that is over can be given away at once.
  if (!memory->alive) {
    memory->used = 0;
    if (memory->wanted > memory->block.bytes && dlcDeviceGrow(device, &memory->block, memory->wanted, "a kernel"))
      return DLC_ERROR_OUT_OF_MEMORY;
  }
  memory->used += bytes;
  memory->wanted = memory->used > memory->wanted ? memory->used : memory->wanted;
  if (memory->used <= memory->block.bytes) {
    buffer->device = memory->block.data + memory->used - bytes;
  } else if (device->failure || dlcDeviceFailed(device, device->driver->cuMemAlloc_v2(&buffer->device, bytes))) {
    // Generated code ignores what this returns; its launches do nothing any more.
    buffer->device = 0;
    memory->used -= bytes;
    return DLC_ERROR_OUT_OF_MEMORY;
  }
  ++memory->alive;
  return DLC_OK;
}

dlc_int32 dlcDeviceFree(struct dlc_scratch *scratch, Buffer *buffer) {
  Device *device = dlcDeviceOf(scratch);
  const DeviceBlock *block = &device->scratch.block;
  if (!buffer->device)
    return DLC_OK;
  --device->scratch.alive;
  if (buffer->device < block->data || buffer->device >= block->data + block->bytes) {
    dlcDeviceFailed(device, device->driver->cuStreamSynchronize(device->stream));
    dlcDeviceFailed(device, device->driver->cuMemFree_v2(buffer->device));
  }
  buffer->device = 0;
  return DLC_OK;
}
