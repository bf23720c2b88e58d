// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/Emitters.h"
#include "backends/halide/Families.h"

namespace dlc::halide {

void addEmitters(mlir::MLIRContext *context) {
  addElementwiseEmitters(context);
  addConvolutionEmitters(context);
  addContractionEmitters(context);
  addAttentionEmitters(context);
  addMovementEmitters(context);
  addPackingEmitters(context);
  addGenerationEmitters(context);
  addConcatenationEmitters(context);
  addScatterEmitters(context);
  addRandomNumberEmitters(context);
  addSizeEmitters(context);
  addResizeEmitters(context);
  addReductionEmitters(context);
  addWindowEmitters(context);
  addNormalizationEmitters(context);
  addQuantizationEmitters(context);
  addEpilogues(context);
}

Scheduler getCpuScheduler(KernelKind kind) {
  switch (kind) {
  case KernelKind::Elementwise:
    return &scheduleElementwise;
  case KernelKind::Convolution:
    return &scheduleConvolution;
  case KernelKind::Contraction:
    return &scheduleContraction;
  case KernelKind::Movement:
    return &scheduleMovement;
  case KernelKind::Reduction:
    return &scheduleReduction;
  case KernelKind::Window:
    return &scheduleWindow;
  case KernelKind::Normalization:
    return &scheduleNormalization;
  case KernelKind::Recurrent:
    return &scheduleRecurrent;
  case KernelKind::Attention:
  case KernelKind::Loops:
    return nullptr;
  }
  llvm_unreachable("all kernel kinds are listed");
}

} // namespace dlc::halide
