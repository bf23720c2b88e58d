// SPDX-License-Identifier: Apache-2.0
/// \file
/// Kernels as code of the host.
#ifndef DLC_BACKENDS_KERNELCODE_H
#define DLC_BACKENDS_KERNELCODE_H

#include "targets/Machine.h"
#include <string>

namespace dlc {

/// One kernel for one machine.
struct KernelCode {
  std::string kernel; ///< the symbol of its `dlc.kernel_func`
  const Machine *machine;
  std::string bitcode;      ///< a module that defines `kernel(void *scratch, ...)`; empty if there is an object file
  std::string object;       ///< an object file that defines it, for linkers
  int64_t scratchBytes = 0; ///< bytes that `scratch` must point to, 64-byte aligned; -1: it is the thread's dlc_scratch
  bool isOnHost = false;    ///< in a program for a GPU: it runs on the host, between copies of its tensors
  std::string onDevice;     ///< in a program for a GPU: how a sum of products is computed there, for a report
};

} // namespace dlc

#endif // DLC_BACKENDS_KERNELCODE_H
