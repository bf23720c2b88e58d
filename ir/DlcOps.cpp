// SPDX-License-Identifier: Apache-2.0
#include "ir/DlcDialect.h"
#include "ir/OpsAttention.h"
#include "ir/OpsConstant.h"
#include "ir/OpsControl.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLayout.h"
#include "ir/OpsLinear.h"
#include "ir/OpsMovement.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsPooling.h"
#include "ir/OpsReduction.h"
#include "ir/OpsSelection.h"
#include "ir/OpsShape.h"

using namespace mlir;

namespace dlc {

/// Whether `op` can be the anchor op of a kernel of the kind `root`.
static bool isOfFamily(Operation *op, KernelRoot root) {
  switch (root) {
  case KernelRoot::Elementwise:
    return op->hasTrait<Elementwise>();
  case KernelRoot::Convolution:
    return llvm::isa<ConvOp, ConvTransposeOp, ConvWeightGradientOp>(op);
  case KernelRoot::Contraction:
    return llvm::isa<MatMulOp, EinsumOp>(op);
  case KernelRoot::Recurrent:
    return llvm::isa<MatMulOp>(op);
  case KernelRoot::Window:
    return llvm::isa<MaxPoolOp, MaxPoolIndicesOp, MaxPoolOffsetsOp, AveragePoolOp, LpPoolOp, MaxPoolGradientOp,
                     SpreadWindowsOp>(op);
  case KernelRoot::Reduction:
    return llvm::isa<ReduceOp, ArgExtremeOp>(op);
  case KernelRoot::Normalization:
    return llvm::isa<BatchNormOp, LayerNormOp, GroupNormOp, LrnOp, SoftmaxOp, LogSoftmaxOp, HardmaxOp>(op);
  case KernelRoot::Attention:
    return llvm::isa<AttentionOp>(op);
  case KernelRoot::Movement:
    return llvm::isa<ReshapeOp, ReshapeLikeOp, TransposeOp, ExpandOp, FillOp, ConcatOp, SliceOp, PadOp, TileOp,
                     GatherOp, ScatterAddOp, UpdateSliceOp, IotaOp, IndexOp, ExtentOp, ResizeOp, TopKOp, TopKIndicesOp,
                     RandomUniformOp, PackOp, UnpackOp, ConstantOp>(op);
  }
  return false;
}

static Operation *findRoot(Block &body, KernelRoot root) {
  for (Operation &op : llvm::reverse(body))
    if (isOfFamily(&op, root))
      return &op;
  return nullptr;
}

OperandRange KernelOp::getYieldedValues() { return llvm::cast<YieldOp>(getBody().front().getTerminator()).getValues(); }
Value KernelOp::getYielded() { return getYieldedValues().front(); }
Operation *KernelOp::getRootOp() { return findRoot(getBody().front(), getRoot()); }
OperandRange KernelFuncOp::getYieldedValues() {
  return llvm::cast<YieldOp>(getBody().front().getTerminator()).getValues();
}
Value KernelFuncOp::getYielded() { return getYieldedValues().front(); }
Operation *KernelFuncOp::getRootOp() { return findRoot(getBody().front(), getRoot()); }

func::FuncOp LoopOp::getBodyFunction() {
  return SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(*this, getBodyAttr());
}
ResultRange LoopOp::getFinals() { return getOutputs().take_front(getCarried().size()); }
ResultRange LoopOp::getStacked() {
  ResultRange rest = getOutputs().drop_front(getCarried().size());
  return getStops() ? rest.drop_back() : rest;
}
Value LoopOp::getStepCount() { return getStops() ? Value(getOutputs().back()) : Value(); }

} // namespace dlc
