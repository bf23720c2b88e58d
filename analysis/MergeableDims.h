// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which dimensions of a kernel can be merged: one rule for kernels whose ops work on elements, rows or statistics, one
/// for products of matrices. Part of CollapsedSpace.
#ifndef DLC_ANALYSIS_MERGEABLEDIMS_H
#define DLC_ANALYSIS_MERGEABLEDIMS_H

#include "ir/KernelInterface.h"
#include "ir/KernelShapes.h"
#include "llvm/ADT/MapVector.h"

namespace dlc {

/// Dimensions that become one each, in order; within a group in the order of memory.
using DimGroups = llvm::SmallVector<llvm::SmallVector<int64_t>>;

/// How a tensor of a kernel's body is seen in the collapsed space.
struct CollapsedTensor {
  mlir::RankedTensorType type;
  Dims dims; ///< over the kernel's symbols
};

/// What a rule finds out about one kernel.
class MergeableDims {
public:
  virtual ~MergeableDims() = default;
  /// The fewest groups; empty if nothing can be merged or dropped.
  virtual DimGroups chooseGroups() const = 0;
  /// What keeps `groups` from being merged; empty if nothing does.
  virtual std::string findProblem(const DimGroups &groups) const = 0;
  /// The tensors of the kernel in the space of `groups`, which have no problem.
  virtual llvm::MapVector<mlir::Value, CollapsedTensor> merge(const DimGroups &groups) const = 0;
};

/// A rule for kernels of elementwise ops, conversions of layouts, reductions and normalizations; null if one of its ops
/// does more.
std::unique_ptr<MergeableDims> findMergeableDims(KernelLikeOpInterface kernel, const KernelShapes &shapes);

/// A rule for a product `[..., M, K]` by one matrix `[K, N]`: its leading dimensions are rows, `[... * M, K]`. The
/// kernel's other ops are elementwise, on tensors that have these rows or none. Null for other kernels.
std::unique_ptr<MergeableDims> findMergeableRows(KernelLikeOpInterface kernel, const KernelShapes &shapes);

} // namespace dlc

#endif // DLC_ANALYSIS_MERGEABLEDIMS_H
