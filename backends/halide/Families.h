// SPDX-License-Identifier: Apache-2.0
/// \file
/// One registration function per family of ops: the emitters of its ops and the scheduler of its kernels.
#ifndef DLC_BACKENDS_HALIDE_FAMILIES_H
#define DLC_BACKENDS_HALIDE_FAMILIES_H

namespace dlc::halide {

class EmitterRegistry;

void registerElementwiseEmitters(EmitterRegistry &registry);
void registerConvolutionEmitters(EmitterRegistry &registry);
void registerContractionEmitters(EmitterRegistry &registry);
void registerAttentionEmitters(EmitterRegistry &registry);
void registerMovementEmitters(EmitterRegistry &registry);
void registerPackingEmitters(EmitterRegistry &registry);
void registerGenerationEmitters(EmitterRegistry &registry);
void registerConcatenationEmitters(EmitterRegistry &registry);
void registerScatterEmitters(EmitterRegistry &registry);
void registerSelectionEmitters(EmitterRegistry &registry);
void registerSizeEmitters(EmitterRegistry &registry);
void registerResizeEmitters(EmitterRegistry &registry);
void registerReductionEmitters(EmitterRegistry &registry);
void registerWindowEmitters(EmitterRegistry &registry);
void registerNormalizationEmitters(EmitterRegistry &registry);
void registerQuantizationEmitters(EmitterRegistry &registry);
void registerRecurrentEmitters(EmitterRegistry &registry);
void registerOpsWithoutKernel(EmitterRegistry &registry);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_FAMILIES_H
