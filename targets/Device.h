// SPDX-License-Identifier: Apache-2.0
/// \file
/// The GPUs that kernels are compiled for. Each is a row of the form of Machine.h, which schedules name and
/// `findMachine` finds, but none of `getMachines`: its architecture and features are those of the host that runs the
/// program around the kernels.
#ifndef DLC_TARGETS_DEVICE_H
#define DLC_TARGETS_DEVICE_H

#include "targets/Machine.h"

namespace dlc {

struct Device {
  Machine machine;
  int64_t capability; ///< the least compute capability, 75 for 7.5
};

/// All GPUs, in order of rising capability.
llvm::ArrayRef<Device> getDevices();

/// The GPU of this name, or null: there is none, or the name is a CPU's.
const Device *findDevice(llvm::StringRef name);

/// The CPU for kernels of programs for GPUs that run on the host.
const Machine &getDeviceHost();

} // namespace dlc

#endif // DLC_TARGETS_DEVICE_H
