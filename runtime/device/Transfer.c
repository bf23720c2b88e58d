// SPDX-License-Identifier: Apache-2.0
#include "Transfer.h"

#include "../core/ContextMessage.h"

void dlcDeviceUpload(Device *device, CUdeviceptr to, const void *from, dlc_uint64 bytes) {
  if (bytes && !device->failure)
    dlcDeviceFailed(device, device->driver->cuMemcpyHtoDAsync_v2(to, from, bytes, device->stream));
}

void dlcDeviceDownload(Device *device, void *to, CUdeviceptr from, dlc_uint64 bytes) {
  if (bytes && !device->failure)
    dlcDeviceFailed(device, device->driver->cuMemcpyDtoHAsync_v2(to, from, bytes, device->stream));
}

void dlcDeviceWait(Device *device) {
  if (!device->failure)
    dlcDeviceFailed(device, device->driver->cuStreamSynchronize(device->stream));
}

/// ContextDevice.view.
static const void *view(Context *context, const void *from, dlc_uint64 bytes) {
  Device *device = dlcDeviceFind(context);
  if (bytes > device->viewBytes) {
    dlcRelease(&context->allocator, device->view, device->viewBytes);
    device->viewBytes = 0;
    device->view = dlcAllocate(&context->allocator, bytes);
    if (!device->view) {
      dlcContextFail(context, DLC_ERROR_OUT_OF_MEMORY, "no memory for the %u bytes of a tensor to be checked", bytes);
      return (const void *)0;
    }
    device->viewBytes = bytes;
  }
  if (dlcDeviceEnter(device))
    return (const void *)0;
  dlcDeviceDownload(device, device->view, (CUdeviceptr)from, bytes);
  dlcDeviceWait(device);
  dlc_int32 status = dlcDeviceStatus(device);
  dlcDeviceLeave(device);
  return status ? (const void *)0 : device->view;
}

const ContextDevice dlcContextDevice = {view};
