// SPDX-License-Identifier: Apache-2.0
/// \file
/// Compiles kernels that are loops over scalars (kind `loops`): from the body of their anchor op, in the dialects scf,
/// memref and arith, to optimized LLVM bitcode with the signature of all kernels.
#ifndef DLC_BACKENDS_LOOPS_LOOPKERNEL_H
#define DLC_BACKENDS_LOOPS_LOOPKERNEL_H

#include "ir/OpsProgram.h"
#include "targets/Machine.h"
#include "llvm/Support/Error.h"

namespace dlc::loops {

/// The bitcode of a module that defines `int kernel(void *scratch, halide_buffer_t *input..., int32_t symbol...,
/// halide_buffer_t *result)` and allocates by halide_malloc and halide_free. With `checkBounds` every access is
/// compared with its tensor's extents; a kernel in which one fails returns an error.
llvm::Expected<std::string> compileLoopKernel(KernelFuncOp kernel, ScheduleAttr schedule, const Machine &machine,
                                              bool checkBounds);

} // namespace dlc::loops

#endif // DLC_BACKENDS_LOOPS_LOOPKERNEL_H
