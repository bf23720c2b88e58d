// SPDX-License-Identifier: Apache-2.0
#include "Memory.h"

#include "Transfer.h"

void dlcDeviceCopy(struct dlc_scratch *scratch, dlc_uint64 to, dlc_uint64 from, dlc_uint64 bytes) {
  Device *device = dlcDeviceOf(scratch);
  if (bytes && to != from && !device->failure)
    dlcDeviceFailed(device, device->driver->cuMemcpyDtoDAsync_v2(to, from, bytes, device->stream));
}

void dlcDeviceStore(struct dlc_scratch *scratch, dlc_uint64 to, dlc_uint64 value, dlc_uint64 bytes) {
  Device *device = dlcDeviceOf(scratch);
  // Values travel with the command: no memory of the host has to stay.
  for (dlc_uint64 i = 0; i < bytes && !device->failure; ++i)
    dlcDeviceFailed(device,
                    device->driver->cuMemsetD8Async(to + i, (unsigned char)(value >> (8 * i)), 1, device->stream));
}

dlc_uint64 dlcDeviceLoad(struct dlc_scratch *scratch, dlc_uint64 from, dlc_uint64 bytes) {
  Device *device = dlcDeviceOf(scratch);
  dlc_uint64 value = 0;
  dlcDeviceDownload(device, &value, from, bytes);
  dlcDeviceWait(device);
  return device->failure ? 0 : value;
}
