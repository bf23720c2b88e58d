// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the program of an entry point calls between launches. All of it is in the order of the stream.
#ifndef DLC_DEVICE_MEMORY_H
#define DLC_DEVICE_MEMORY_H

#include "../core/Base.h"

/// Copies within the device's memory.
void dlcDeviceCopy(struct dlc_scratch *scratch, dlc_uint64 to, dlc_uint64 from, dlc_uint64 bytes);

/// Writes the lowest `bytes` bytes of `value`, at most 8.
void dlcDeviceStore(struct dlc_scratch *scratch, dlc_uint64 to, dlc_uint64 value, dlc_uint64 bytes);

/// Waits for what was launched and reads `bytes` bytes, at most 8; 0 if the run has failed.
dlc_uint64 dlcDeviceLoad(struct dlc_scratch *scratch, dlc_uint64 from, dlc_uint64 bytes);

#endif // DLC_DEVICE_MEMORY_H
