// SPDX-License-Identifier: Apache-2.0
/// \file
/// Copies between the memory of the host and of the device, in the order of the device's stream. Once the device has
/// failed they do nothing; device->failure says whether it has.
#ifndef DLC_DEVICE_TRANSFER_H
#define DLC_DEVICE_TRANSFER_H

#include "Device.h"

void dlcDeviceUpload(Device *device, CUdeviceptr to, const void *from, dlc_uint64 bytes);

/// What is read is there after dlcDeviceWait.
void dlcDeviceDownload(Device *device, void *to, CUdeviceptr from, dlc_uint64 bytes);

/// Waits for all that the stream has been given.
void dlcDeviceWait(Device *device);

/// What contexts on a GPU add to the core.
extern const ContextDevice dlcContextDevice;

#endif // DLC_DEVICE_TRANSFER_H
