// SPDX-License-Identifier: Apache-2.0
/// \file
/// A run on the device. The core prepares it as it does any run, with the caller's tensors, wherever they are. What
/// calls `execute` of an entry point arrives here.
#ifndef DLC_DEVICE_EXECUTE_H
#define DLC_DEVICE_EXECUTE_H

#include "../core/Base.h"

/// The code of an entry point for addresses of the device.
typedef dlc_int32 (*DeviceProgram)(const dlc_call *call);

/// Copies to the device what `program` reads and the device lacks, runs it there, copies outputs back that are on the
/// host, and waits. It does not wait where the stream is the caller's and nothing is to be copied to the host.
/// `entry` is the number of the entry point; -1 for what prepares the model.
dlc_int32 dlcDeviceExecute(const dlc_call *call, dlc_int32 entry, DeviceProgram program);

#endif // DLC_DEVICE_EXECUTE_H
