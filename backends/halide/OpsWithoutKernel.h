// SPDX-License-Identifier: Apache-2.0
/// \file
/// Ops that are never in a kernel, and why.
#ifndef DLC_BACKENDS_HALIDE_OPSWITHOUTKERNEL_H
#define DLC_BACKENDS_HALIDE_OPSWITHOUTKERNEL_H

#include "llvm/ADT/StringRef.h"

namespace dlc::halide {

/// Why the op of this name has no emitter; empty if nobody has said so.
llvm::StringRef findReasonForNoKernel(llvm::StringRef opName);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_OPSWITHOUTKERNEL_H
