// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a kernel computes, as text.
#ifndef DLC_IR_KERNELTEXT_H
#define DLC_IR_KERNELTEXT_H

#include "ir/KernelInterface.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc {

/// Writes all of `kernel` that its code depends on beside its schedules: kind,
/// extents, types with their layouts, and body. Names and locations are left out, so equal kernels of different layers
/// and models have equal texts.
void writeKernelText(KernelLikeOpInterface kernel, llvm::raw_ostream &stream);

/// By which schedules of a kernel are found again: a hash of its text and of the ranges of rows that it is launched
/// for, 16 hexadecimal digits. Kernels that `--dlc-collapse-kernels` has not changed yet have the same in every
/// compilation.
std::string getKernelFingerprint(KernelLikeOpInterface kernel);

} // namespace dlc

#endif // DLC_IR_KERNELTEXT_H
