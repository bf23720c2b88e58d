// SPDX-License-Identifier: Apache-2.0
/// \file
/// A kernel of a model, taken out of it to be measured alone.
#ifndef DLC_TOOLS_DLC_TUNE_TUNEDKERNEL_H
#define DLC_TOOLS_DLC_TUNE_TUNEDKERNEL_H

#include "analysis/KernelSchedules.h"
#include "ir/OpsKernel.h"
#include "tools/dlc-tune/Signature.h"
#include <memory>
#include <string>
#include <vector>

namespace dlc::tune {

class TunedKernel {
public:
  /// `kernel` must have been tiled and outlive the result. Null if it cannot run alone: a run decides its extents, or
  /// it computes ranges of rows within a loop. `packedBytes` are those of all packed weights of its function;
  /// `isWeight` tells which of its inputs are known before any run.
  static std::unique_ptr<TunedKernel> create(KernelOp kernel, const Machine &machine, int64_t packedBytes,
                                             llvm::function_ref<bool(mlir::Value)> isWeight);

  /// A model that consists of this kernel with the schedule `point`, as text that dlc compiles. Its inputs and outputs
  /// have the layouts of the kernel's: callers give buffers of `bytes` bytes.
  std::string writeModule(const SchedulePoint &point) const;

  const KernelSchedules &getSpace() const { return *space; }
  /// What the compiler chose.
  const SchedulePoint &getDefault() const { return space->getDefault(); }
  const Machine &getMachine() const { return machine; }
  /// "conv_3 (convolution)".
  std::string describe() const;

  std::string fingerprint, layer;
  int64_t count = 1; ///< how many of the model's kernels are equal to it
  Signature signature;

private:
  TunedKernel(KernelOp kernel, const Machine &machine, TileSubject subject,
              llvm::function_ref<bool(mlir::Value)> isWeight);

  KernelOp kernel;
  const Machine &machine;
  TileSubject subject;
  std::unique_ptr<KernelSchedules> space;
};

} // namespace dlc::tune

#endif // DLC_TOOLS_DLC_TUNE_TUNEDKERNEL_H
