// SPDX-License-Identifier: Apache-2.0
/// \file
/// The part on the host of a kernel by a template.
#ifndef DLC_BACKENDS_CUDA_LAUNCHSTUB_H
#define DLC_BACKENDS_CUDA_LAUNCHSTUB_H

#include "backends/cuda/ExtentCode.h"
#include "ir/OpsProgram.h"

namespace dlc::cuda {

struct LaunchStub {
  KernelFuncOp kernel;
  llvm::StringRef name;    ///< of the entry
  mlir::AffineExpr blocks; ///< of the launch
  uint32_t threads;        ///< of a block
  int64_t sharedBytes;     ///< of a block
  /// The entry needs these tensors to begin at multiples of 16 bytes; otherwise a second one is launched. There is no
  /// second one if this is empty. The result's number follows those of the operands.
  llvm::SmallVector<unsigned> aligned;

  std::string getNarrowName() const { return (name + "_narrow").str(); }

  /// Bitcode that defines `kernel`, with the signature of all kernels: a launch of an entry of `ptx`.
  std::string write(llvm::StringRef ptx) const;
};

} // namespace dlc::cuda

#endif // DLC_BACKENDS_CUDA_LAUNCHSTUB_H
