// SPDX-License-Identifier: Apache-2.0
/// \file
/// What differs between kinds of targets: how kernels become code, and what a launch of one does on the host. The rest
/// of a library, its host program and description, is the same for all (backends/llvm, backends/link).
#ifndef DLC_BACKENDS_BACKEND_H
#define DLC_BACKENDS_BACKEND_H

#include "backends/KernelCode.h"
#include "backends/Target.h"
#include "ir/MathMode.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"
#include <functional>
#include <vector>

namespace dlc {

/// How the kernels of a library are compiled.
struct KernelCodeOptions {
  /// Kernels that are compiled at the same time.
  unsigned jobs = 1;
  /// Where compiled kernels are kept between runs of the compiler; empty: nowhere. A folder that cannot be used is not
  /// an error.
  std::string cacheDirectory;
  /// Kernels check all accesses and fail instead of leaving their buffers.
  bool checkBounds = false;
  MathMode math = MathMode::Default;
  /// Makes an object file of a kernel's bitcode, or nothing if it has to be linked as bitcode. Null: all stay bitcode.
  std::function<llvm::Expected<std::string>(llvm::StringRef bitcode)> emitObject;
  /// What object files depend on but for the bitcode.
  std::string objectKey;
};

/// There is one object per kind of target, without state.
class Backend {
public:
  virtual ~Backend() = default;

  /// Lets the dlc dialect bring what the target makes of its ops: a TargetInterface, and interfaces of ops. A context
  /// has one backend, which is registered before passes run.
  virtual void registerInterfaces(mlir::DialectRegistry &registry) const = 0;

  /// Compiles every kernel of `module`, a program, with each of its schedules, which are for machines of `target`.
  /// The result depends on nothing but these and the options that describe code. Every kernel that fails is reported at
  /// its location. The calling process must have a single thread, because it may fork.
  virtual mlir::FailureOr<std::vector<KernelCode>> compileKernels(mlir::ModuleOp module, const Target &target,
                                                                  const KernelCodeOptions &options) const = 0;

  /// Adds the passes that lead from a program to the LLVM dialect alone: what launches become.
  virtual void addProgramLowering(mlir::OpPassManager &manager) const = 0;
};

} // namespace dlc

#endif // DLC_BACKENDS_BACKEND_H
