// SPDX-License-Identifier: Apache-2.0
#include "CallerMemory.h"

#include "../core/ContextEntry.h"
#include "Transfer.h"

/// Takes the context and makes its device current; null, with a status, if that fails.
static Device *enter(dlc_context *face, dlc_int32 *status) {
  Context *context = (Context *)face;
  *status = dlcContextEnter(context);
  if (*status)
    return (Device *)0;
  Device *device = dlcDeviceFind(context);
  *status = dlcDeviceEnter(device);
  if (!*status)
    return device;
  dlcContextLeave(context);
  return (Device *)0;
}

static void leave(Device *device) {
  dlcDeviceLeave(device);
  dlcContextLeave(device->context);
}

dlc_int32 dlcDeviceMemoryAllocate(dlc_context *context, dlc_uint64 bytes, void **memory) {
  dlc_int32 status;
  DeviceBlock block = {0, 0};
  Device *device = enter(context, &status);
  if (device) {
    status = dlcDeviceGrow(device, &block, bytes, "a tensor");
    leave(device);
  }
  *memory = (void *)block.data;
  return status;
}

void dlcDeviceMemoryRelease(dlc_context *context, void *memory) {
  Device *device = dlcDeviceFind((Context *)context);
  CUcontext popped;
  // A forked child has nothing of its parent's on the device.
  if (device->process != getpid() || device->driver->cuCtxPushCurrent_v2(device->cuda))
    return;
  device->driver->cuMemFree_v2((CUdeviceptr)memory);
  device->driver->cuCtxPopCurrent_v2(&popped);
}

dlc_int32 dlcDeviceMemoryWrite(dlc_context *context, void *memory, const void *from, dlc_uint64 bytes) {
  dlc_int32 status;
  Device *device = enter(context, &status);
  if (!device)
    return status;
  dlcDeviceUpload(device, (CUdeviceptr)memory, from, bytes);
  dlcDeviceWait(device);
  status = dlcDeviceStatus(device);
  leave(device);
  return status;
}

dlc_int32 dlcDeviceMemoryRead(dlc_context *context, void *to, const void *memory, dlc_uint64 bytes) {
  dlc_int32 status;
  Device *device = enter(context, &status);
  if (!device)
    return status;
  dlcDeviceDownload(device, to, (CUdeviceptr)memory, bytes);
  dlcDeviceWait(device);
  status = dlcDeviceStatus(device);
  leave(device);
  return status;
}
