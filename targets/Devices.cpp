// SPDX-License-Identifier: Apache-2.0
#include "targets/CpuFeatures.h"
#include "targets/Device.h"

namespace dlc {

static Device makeDevice(llvm::StringRef name, llvm::StringRef summary, llvm::StringRef halideTarget,
                         int64_t capability) {
  Machine machine;
  machine.name = name;
  machine.summary = summary;
  machine.features = closeOverRequired(DLC_CPU_X86_64_V2);
  machine.selection = Selection::ByName;
  machine.halideTarget = halideTarget;
  return {machine, capability};
}

llvm::ArrayRef<Device> getDevices() {
  // Halide generates code for 8.6 at most, which newer GPUs run as well.
  static const Device devices[] = {makeDevice("cuda-sm_75", "compute capability 7.5 and newer: Turing (2018) and later",
                                              "x86-64-linux-sse41-cuda-cuda_capability_75", 75),
                                   makeDevice("cuda-sm_80", "compute capability 8.0 and newer: Ampere (2020) and later",
                                              "x86-64-linux-sse41-cuda-cuda_capability_80", 80),
                                   makeDevice("cuda-sm_90", "compute capability 9.0 and newer: Hopper (2022) and later",
                                              "x86-64-linux-sse41-cuda-cuda_capability_86", 90)};
  return devices;
}

const Device *findDevice(llvm::StringRef name) {
  for (const Device &device : getDevices())
    if (device.machine.name == name)
      return &device;
  return nullptr;
}

const Machine &getDeviceHost() { return *findMachine("x86-64-v2"); }

} // namespace dlc
