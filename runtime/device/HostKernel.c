// SPDX-License-Identifier: Apache-2.0
#include "HostKernel.h"

#include "Transfer.h"

dlc_int32 dlcDeviceToHost(struct dlc_scratch *scratch, Buffer *buffer) {
  Device *device = dlcDeviceOf(scratch);
  dlc_uint64 bytes = dlcBufferBytes(buffer);
  buffer->host = device->failure ? (dlc_byte *)0 : halide_malloc(scratch, bytes ? bytes : 1);
  if (!buffer->host)
    return device->failure ? DLC_ERROR_DEVICE_LOST : DLC_ERROR_OUT_OF_MEMORY;
  if (bytes) {
    dlcDeviceDownload(device, buffer->host, buffer->device, bytes);
    dlcDeviceWait(device);
  }
  return device->failure ? DLC_ERROR_DEVICE_LOST : DLC_OK;
}

dlc_int32 dlcDeviceFromHost(struct dlc_scratch *scratch, Buffer *buffer, dlc_int32 isResult) {
  Device *device = dlcDeviceOf(scratch);
  if (!buffer->host)
    return DLC_OK;
  dlc_uint64 bytes = isResult ? dlcBufferBytes(buffer) : 0;
  if (bytes) {
    dlcDeviceUpload(device, buffer->device, buffer->host, bytes);
    dlcDeviceWait(device);
  }
  halide_free(scratch, buffer->host);
  buffer->host = (dlc_byte *)0;
  return device->failure ? DLC_ERROR_DEVICE_LOST : DLC_OK;
}
