// SPDX-License-Identifier: Apache-2.0
/// \file
/// From what Halide emits to what the host program links.
#ifndef DLC_BACKENDS_HALIDE_KERNELBITCODE_H
#define DLC_BACKENDS_HALIDE_KERNELBITCODE_H

#include "backends/halide/CompiledKernel.h"
#include "targets/Machine.h"
#include "llvm/Support/Error.h"

namespace dlc::halide {

/// Makes Halide's bitcode of one pipeline, whose function is called "kernel", self-contained:
/// - Halide's heap becomes offsets in the scratch memory that the first argument points to;
/// - Halide's error functions become a status that the kernel returns (with bounds checks only);
/// - multiplications and additions may be contracted to fused ones, which does not affect NaN or infinity;
/// - the code requires no features that `machine` does not;
/// - alias information is removed: it refers to buffers by name, which is wrong between kernels in one module.
llvm::Expected<CompiledKernel> finishKernel(llvm::StringRef halideBitcode, const Machine &machine);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_KERNELBITCODE_H
