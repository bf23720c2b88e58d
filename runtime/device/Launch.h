// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the host part of a kernel calls that runs on the device. Failures are kept in the device (Device.failure): what
/// follows in the run does nothing then.
#ifndef DLC_DEVICE_LAUNCH_H
#define DLC_DEVICE_LAUNCH_H

#include "Buffer.h"

/// Launches kernel `name` of the PTX text `ptx`, which is loaded the first time. `arguments` point to buffers, of which
/// the kernel is given the device address, where `isBuffer` says so, else to values; `sizes` ends with 0.
dlc_int32 dlcDeviceLaunch(struct dlc_scratch *scratch, const char *ptx, const char *name, dlc_int32 gridX,
                          dlc_int32 gridY, dlc_int32 gridZ, dlc_int32 blockX, dlc_int32 blockY, dlc_int32 blockZ,
                          dlc_int32 sharedBytes, const dlc_uint64 *sizes, void **arguments,
                          const signed char *isBuffer);

/// Memory on the device for a tensor between two launches of one kernel.
dlc_int32 dlcDeviceMalloc(struct dlc_scratch *scratch, Buffer *buffer);
dlc_int32 dlcDeviceFree(struct dlc_scratch *scratch, Buffer *buffer);

#endif // DLC_DEVICE_LAUNCH_H
