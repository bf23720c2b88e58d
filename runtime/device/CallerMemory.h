// SPDX-License-Identifier: Apache-2.0
/// \file
/// Memory of the device that programs ask a context for. Functions of the interface; dlc/context.h documents them.
#ifndef DLC_DEVICE_CALLERMEMORY_H
#define DLC_DEVICE_CALLERMEMORY_H

#include "../core/Base.h"

dlc_int32 dlcDeviceMemoryAllocate(dlc_context *context, dlc_uint64 bytes, void **memory);
void dlcDeviceMemoryRelease(dlc_context *context, void *memory);
dlc_int32 dlcDeviceMemoryWrite(dlc_context *context, void *memory, const void *from, dlc_uint64 bytes);
dlc_int32 dlcDeviceMemoryRead(dlc_context *context, void *to, const void *memory, dlc_uint64 bytes);

#endif // DLC_DEVICE_CALLERMEMORY_H
