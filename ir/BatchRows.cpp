// SPDX-License-Identifier: Apache-2.0
// Ops that keep the rows of their operands apart: BatchOpInterface, and the dimensions that are not kept apart:
// ReductionOpInterface.
#include "ir/OpsLinear.h"
#include "ir/OpsMovement.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"
#include "ir/OpsSlicing.h"
#include "ir/OpsTransposition.h"

using namespace mlir;

namespace dlc {

using IsComputed = llvm::function_ref<bool(Value)>;
using GetDims = llvm::function_ref<llvm::ArrayRef<AffineExpr>(Value)>;

bool MatMulOp::keepsRows(IsComputed isComputed, GetDims getDims) {
  size_t rank = getDims(getLhs()).size(), rhsRank = getDims(getRhs()).size();
  // Of two matrices the left one has the rows; of more dimensions the first is the batch of both.
  bool lhsKeeps = rank > 2 ? rank >= rhsRank : rank == 2 && rhsRank <= 2 && !getTransposeLhs();
  bool rhsKeeps = rank > 2 && rhsRank == rank;
  return (!isComputed(getLhs()) || lhsKeeps) && (!isComputed(getRhs()) || rhsKeeps);
}

bool SliceOp::keepsRows(IsComputed isComputed, GetDims getDims) {
  return !isComputed(getX()) ||
         (getDims(getX()).front() == getDims(getResult()).front() && getStarts()[0] == 0 && getSteps()[0] == 1);
}

bool PadOp::keepsRows(IsComputed isComputed, GetDims) {
  return (!isComputed(getX()) || (getLow()[0] == 0 && getHigh()[0] == 0)) && !(getValue() && isComputed(getValue()));
}

bool ConcatOp::keepsRows(IsComputed, GetDims) { return getAxis() != 0; }

bool TransposeOp::keepsRows(IsComputed isComputed, GetDims) { return !isComputed(getX()) || getPermutation()[0] == 0; }

/// Rows stay rows where there are as many, which is for the caller to see.
bool ReshapeOp::keepsRows(IsComputed, GetDims) { return true; }

bool ReduceOp::keepsRows(IsComputed, GetDims) { return !llvm::is_contained(getAxes(), 0); }

bool LayerNormOp::keepsRows(IsComputed isComputed, GetDims) {
  return getAxis() > 0 && !(getScale() && isComputed(getScale())) && !(getBias() && isComputed(getBias()));
}

bool SoftmaxOp::keepsRows(IsComputed, GetDims) { return !llvm::is_contained(getAxes(), 0); }
bool LogSoftmaxOp::keepsRows(IsComputed, GetDims) { return !llvm::is_contained(getAxes(), 0); }

/// The dimensions of `x` from `first` on.
static llvm::SmallVector<int64_t> getDimsFrom(int64_t first, Value x) {
  return llvm::to_vector(llvm::seq(first, llvm::cast<RankedTensorType>(x.getType()).getRank()));
}

llvm::SmallVector<int64_t> ReduceOp::getReducedDims() { return llvm::to_vector(getAxes()); }
llvm::SmallVector<int64_t> ArgExtremeOp::getReducedDims() { return {static_cast<int64_t>(getAxis())}; }
llvm::SmallVector<int64_t> LayerNormOp::getReducedDims() { return getDimsFrom(getAxis(), getX()); }
llvm::SmallVector<int64_t> GroupNormOp::getReducedDims() { return getDimsFrom(1, getX()); }
llvm::SmallVector<int64_t> SoftmaxOp::getReducedDims() { return llvm::to_vector(getAxes()); }
llvm::SmallVector<int64_t> LogSoftmaxOp::getReducedDims() { return llvm::to_vector(getAxes()); }
llvm::SmallVector<int64_t> HardmaxOp::getReducedDims() { return llvm::to_vector(getAxes()); }

} // namespace dlc
