// SPDX-License-Identifier: Apache-2.0
/// \file
/// What targets have in common whose kernels Halide compiles.
#ifndef DLC_BACKENDS_HALIDE_HALIDEBACKEND_H
#define DLC_BACKENDS_HALIDE_HALIDEBACKEND_H

#include "backends/Backend.h"

namespace dlc::halide {

/// MLIR compiles kernels of the kind `loops`, Halide the others.
class HalideBackend : public Backend {
public:
  mlir::FailureOr<std::vector<KernelCode>> compileKernels(mlir::ModuleOp module, const Target &target,
                                                          const KernelCodeOptions &options) const final;
};

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_HALIDEBACKEND_H
