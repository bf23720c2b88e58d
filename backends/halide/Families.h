// SPDX-License-Identifier: Apache-2.0
/// \file
/// The families of ops: one function per family that attaches the emitters of its ops, and the scheduler of its
/// kernels.
#ifndef DLC_BACKENDS_HALIDE_FAMILIES_H
#define DLC_BACKENDS_HALIDE_FAMILIES_H

#include "backends/halide/EmitterInterface.h"

namespace dlc::halide {

void addElementwiseEmitters(mlir::MLIRContext *context);
void addConvolutionEmitters(mlir::MLIRContext *context);
void addContractionEmitters(mlir::MLIRContext *context);
void addAttentionEmitters(mlir::MLIRContext *context);
void addMovementEmitters(mlir::MLIRContext *context);
void addPackingEmitters(mlir::MLIRContext *context);
void addGenerationEmitters(mlir::MLIRContext *context);
void addConcatenationEmitters(mlir::MLIRContext *context);
void addScatterEmitters(mlir::MLIRContext *context);
void addRandomNumberEmitters(mlir::MLIRContext *context);
void addSizeEmitters(mlir::MLIRContext *context);
void addResizeEmitters(mlir::MLIRContext *context);
void addReductionEmitters(mlir::MLIRContext *context);
void addWindowEmitters(mlir::MLIRContext *context);
void addNormalizationEmitters(mlir::MLIRContext *context);
void addQuantizationEmitters(mlir::MLIRContext *context);

/// Says of the ops of all families whether their kernels compute what follows as well.
void addEpilogues(mlir::MLIRContext *context);

/// Arrange the loops of kernels of one kind on CPUs, as `builder.getSchedule()` decides.
mlir::LogicalResult scheduleElementwise(KernelBuilder &builder);
mlir::LogicalResult scheduleConvolution(KernelBuilder &builder);
mlir::LogicalResult scheduleContraction(KernelBuilder &builder);
mlir::LogicalResult scheduleMovement(KernelBuilder &builder);
mlir::LogicalResult scheduleReduction(KernelBuilder &builder);
mlir::LogicalResult scheduleWindow(KernelBuilder &builder);
mlir::LogicalResult scheduleNormalization(KernelBuilder &builder);
mlir::LogicalResult scheduleRecurrent(KernelBuilder &builder);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_FAMILIES_H
