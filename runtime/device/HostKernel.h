// SPDX-License-Identifier: Apache-2.0
/// \file
/// Kernels that run on the host though their tensors are on the device: each tensor is copied to the host, the result
/// back. Called around such a kernel, in the order of its parameters before and in the reverse order after it.
#ifndef DLC_DEVICE_HOSTKERNEL_H
#define DLC_DEVICE_HOSTKERNEL_H

#include "Buffer.h"

/// Gives `buffer` a copy on the host of what it has on the device. Results, too, because a kernel writes some of the
/// bytes between its first and its last element only.
dlc_int32 dlcDeviceToHost(struct dlc_scratch *scratch, Buffer *buffer);

/// Gives the copy back, of a result to the device.
dlc_int32 dlcDeviceFromHost(struct dlc_scratch *scratch, Buffer *buffer, dlc_int32 isResult);

#endif // DLC_DEVICE_HOSTKERNEL_H
