// SPDX-License-Identifier: Apache-2.0
// Which kernels of sums of products compute the ops that follow: those whose emitters finish each element at one point.
#include "analysis/EpilogueInterface.h"
#include "backends/halide/Families.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsLinear.h"

namespace dlc::halide {

namespace {
template <typename OpTy> struct WithEpilogue : public EpilogueOpInterface::ExternalModel<WithEpilogue<OpTy>, OpTy> {
  bool takesEpilogue(mlir::Operation *) const { return true; }
};
} // namespace

template <typename... Ops> static void attach(mlir::MLIRContext *context) {
  (Ops::template attachInterface<WithEpilogue<Ops>>(*context), ...);
}

void addEpilogues(mlir::MLIRContext *context) { attach<ConvOp, ConvTransposeOp, MatMulOp, EinsumOp>(context); }

} // namespace dlc::halide
