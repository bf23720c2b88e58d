// SPDX-License-Identifier: Apache-2.0
/// \file
/// The bodies of ops whose kernels are loops over scalars: an interface that is attached to ops, one function per file
/// of bodies.
#ifndef DLC_BACKENDS_LOOPS_LOOPBODYINTERFACE_H
#define DLC_BACKENDS_LOOPS_LOOPBODYINTERFACE_H

#include "backends/loops/LoopBody.h"
#include "mlir/IR/OpDefinition.h"

#include "backends/loops/LoopBodyInterface.h.inc"

namespace dlc::loops {

/// A body as a plain function `void write(OpTy op, LoopBody &body)`.
template <typename OpTy, void (*write)(OpTy, LoopBody &)>
struct Body : public LoopBodyOpInterface::ExternalModel<Body<OpTy, write>, OpTy> {
  void writeBody(mlir::Operation *op, LoopBody &body) const { write(llvm::cast<OpTy>(op), body); }
};

template <typename OpTy, void (*write)(OpTy, LoopBody &)> void addBody(mlir::MLIRContext *context) {
  OpTy::template attachInterface<Body<OpTy, write>>(*context);
}

void addBits(mlir::MLIRContext *context);
void addCustom(mlir::MLIRContext *context);
void addDeterminant(mlir::MLIRContext *context);
void addMaxRoiPool(mlir::MLIRContext *context);
void addRoiAlign(mlir::MLIRContext *context);
void addSamplePixels(mlir::MLIRContext *context);
void addTopK(mlir::MLIRContext *context);

/// Attaches the bodies of all files to their ops.
void addBodies(mlir::MLIRContext *context);

} // namespace dlc::loops

#endif // DLC_BACKENDS_LOOPS_LOOPBODYINTERFACE_H
