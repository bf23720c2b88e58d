// SPDX-License-Identifier: Apache-2.0
/// \file
/// How an op becomes a function of Halide's: an interface that is attached to ops.
#ifndef DLC_BACKENDS_HALIDE_EMITTERINTERFACE_H
#define DLC_BACKENDS_HALIDE_EMITTERINTERFACE_H

#include "backends/halide/TensorFunc.h"
#include "mlir/IR/OpDefinition.h"

namespace dlc::halide {
class KernelBuilder;
}

#include "backends/halide/EmitterInterface.h.inc"

namespace dlc::halide {

/// An emitter as a plain function `FailureOr<TensorFunc> emit(OpTy op, KernelBuilder &builder)`.
template <typename OpTy, mlir::FailureOr<TensorFunc> (*emitOp)(OpTy, KernelBuilder &)>
struct Emitter : public EmitterOpInterface::ExternalModel<Emitter<OpTy, emitOp>, OpTy> {
  mlir::FailureOr<TensorFunc> emit(mlir::Operation *op, KernelBuilder &builder) const {
    return emitOp(llvm::cast<OpTy>(op), builder);
  }
};

template <typename OpTy, mlir::FailureOr<TensorFunc> (*emitOp)(OpTy, KernelBuilder &)>
void addEmitter(mlir::MLIRContext *context) {
  OpTy::template attachInterface<Emitter<OpTy, emitOp>>(*context);
}

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_EMITTERINTERFACE_H
