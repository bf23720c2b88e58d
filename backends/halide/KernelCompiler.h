// SPDX-License-Identifier: Apache-2.0
/// \file
/// Compiles the kernels of a module to LLVM bitcode or object files.
#ifndef DLC_BACKENDS_HALIDE_KERNELCOMPILER_H
#define DLC_BACKENDS_HALIDE_KERNELCOMPILER_H

#include "backends/halide/CompiledKernel.h"
#include "ir/DlcDialect.h"
#include "ir/MathMode.h"
#include "ir/OpsProgram.h"
#include "llvm/Support/Error.h"
#include <functional>

namespace dlc::halide {

/// How kernels are compiled.
struct CompileOptions {
  /// Kernels that are compiled at the same time, each in a process of its own.
  unsigned jobs = 1;
  /// Where compiled kernels are kept between runs; empty: nowhere. A folder that cannot be used is not an error.
  std::string cacheDirectory;
  /// A kernel that takes longer is an error.
  unsigned timeoutSeconds = 600;
  /// Kernels check all accesses and fail instead of leaving their buffers.
  bool checkBounds = false;
  /// Convolutions and contractions may take NaN and infinity for impossible.
  bool relaxContractions = false;
  /// The precision of products on GPUs.
  MathMode math = MathMode::Default;
  /// As KernelCodeOptions has them.
  std::function<llvm::Expected<std::string>(llvm::StringRef bitcode)> emitObject;
  std::string objectKey;
};

/// `$XDG_CACHE_HOME/dlc`, else `~/.cache/dlc`; empty if neither is set.
std::string getDefaultCacheDirectory();

/// A kernel and one of its schedules.
struct KernelVariant {
  KernelFuncOp kernel;
  ScheduleAttr schedule;
};

/// The variants of every kernel of `module`, in order.
llvm::SmallVector<KernelVariant> collectVariants(mlir::ModuleOp module);

/// Compiles each variant. The result depends on nothing but the variants and the options that describe code. Every
/// kernel that fails is reported at its location. The calling process must have a single thread, because it forks.
mlir::FailureOr<std::vector<CompiledKernel>> compileKernels(llvm::ArrayRef<KernelVariant> variants,
                                                            const CompileOptions &options);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_KERNELCOMPILER_H
