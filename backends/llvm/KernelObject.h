// SPDX-License-Identifier: Apache-2.0
/// \file
/// Machine code of single kernels, which compilers of kernels generate at the same time, and keep.
#ifndef DLC_BACKENDS_LLVM_KERNELOBJECT_H
#define DLC_BACKENDS_LLVM_KERNELOBJECT_H

#include "backends/KernelCode.h"
#include "backends/Target.h"
#include "mlir/IR/Location.h"
#include "llvm/Support/Error.h"

namespace dlc {

/// An object file that defines the hidden function `kernel` of `bitcode`; empty if the kernel calls functions of the
/// runtime, which are not visible outside the program's module.
llvm::Expected<std::string> emitKernelObject(llvm::StringRef bitcode, const Target &target);

/// Writes a static library of the object files of `kernels`, whose symbols are those that the program calls.
mlir::LogicalResult writeKernelArchive(mlir::Location location, llvm::ArrayRef<KernelCode> kernels,
                                       llvm::StringRef path);

/// What object files depend on but for the bitcode, as a string.
std::string getKernelObjectKey(const Target &target);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_KERNELOBJECT_H
