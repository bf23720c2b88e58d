// SPDX-License-Identifier: Apache-2.0
#include "Transfer.h"

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
