// SPDX-License-Identifier: Apache-2.0
/// \file
/// The dimensions that are left of a kernel's iteration space after merging those that it treats as one. Schedules are
/// decided on them (`--dlc-tile`, which records them in the kernel), and `--dlc-collapse-kernels` applies them.
#ifndef DLC_ANALYSIS_COLLAPSEDSPACE_H
#define DLC_ANALYSIS_COLLAPSEDSPACE_H

#include "analysis/MergeableDims.h"

namespace dlc {

/// The groups of dimensions that become one dimension each, in order: `[[0, 1], [2]]` as the attribute `dlc.collapse`
/// of a `dlc.kernel` or `dlc.kernel_func`. Within a group they are in the order of memory, outermost first. Dimensions
/// in no group have extent 1 and are dropped. The dimensions are those of the anchor op's operand if it reduces or
/// normalizes, otherwise those of the result. Schedules refer to what is left.
class CollapsedSpace {
public:
  /// The space of `kernel` (a `dlc.kernel` or `dlc.kernel_func`) with the fewest dimensions: neighbours that are
  /// contiguous in every tensor and that its ops treat alike are one. None if nothing can be merged or dropped.
  static std::optional<CollapsedSpace> analyze(KernelLikeOpInterface kernel, const KernelShapes &shapes);

  /// The space with the groups that `recorded` lists. Fails with an error from `emitError` if they cannot be merged.
  static mlir::FailureOr<CollapsedSpace> read(KernelLikeOpInterface kernel, const KernelShapes &shapes,
                                              mlir::Attribute recorded,
                                              llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

  /// The groups as the attribute `dlc.collapse`.
  mlir::ArrayAttr record(mlir::MLIRContext *context) const;

  using Tensor = CollapsedTensor;
  /// Null: the tensor keeps its own dimensions (parameters per channel, the right operand of a product).
  const Tensor *find(mlir::Value value) const;
  const llvm::MapVector<mlir::Value, Tensor> &getTensors() const { return tensors; }

  /// The dimensions of the collapsed space that contain any of `dims`, in ascending order.
  llvm::SmallVector<int64_t> getMerged(llvm::ArrayRef<int64_t> dims) const;
  int64_t getRank() const { return static_cast<int64_t>(groups.size()); }

  CollapsedSpace(DimGroups groups, llvm::MapVector<mlir::Value, Tensor> tensors)
      : groups(std::move(groups)), tensors(std::move(tensors)) {}

private:
  DimGroups groups;
  llvm::MapVector<mlir::Value, Tensor> tensors;
};

} // namespace dlc

#endif // DLC_ANALYSIS_COLLAPSEDSPACE_H
