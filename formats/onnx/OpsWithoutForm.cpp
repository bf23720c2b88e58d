// SPDX-License-Identifier: Apache-2.0
// Ops that no emitter writes, and why.
#include "formats/onnx/OpEmitters.h"
#include "ir/OpsConstant.h"
#include "ir/OpsControl.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsCustom.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLayout.h"
#include "ir/OpsLinear.h"
#include "ir/OpsLogic.h"
#include "ir/OpsParameter.h"
#include "ir/OpsPooling.h"
#include "ir/OpsProgram.h"
#include "ir/OpsSampling.h"
#include "ir/OpsTraining.h"

namespace dlc::onnx_export {

template <typename... Ops> static void addNone(OpEmitters &emitters, llvm::StringRef why) {
  (emitters.addNone<Ops>(why), ...);
}

void registerOpsWithoutForm(OpEmitters &emitters) {
  addNone<ParameterOp, LoadParameterOp, ConstantOp>(emitters, "it is an initializer");
  addNone<LoopOp, NextOp>(emitters, "a loop is a graph of its own, which emitLoop writes");
  addNone<IfOp, EndIfOp>(emitters, "branches are graphs of their own, which emitIf writes");
  addNone<CustomOp, CustomResultOp>(emitters, "only the model's own functions compute it");
  addNone<LeastSquaresOp>(emitters, "ONNX does not solve equations");
  addNone<RandomUniformOp>(emitters, "ONNX has no random numbers that are a function of a seed and a counter");
  addNone<ScatterAddOp>(emitters, "the ScatterND that it would be is not written yet");
  addNone<AbsorbZeroOp, ConvWeightGradientOp, MaxPoolOffsetsOp, MaxPoolGradientOp, SpreadWindowsOp>(
      emitters, "it is part of a gradient");
  addNone<RoiAlignGradientOp, RoiAlignBoxesGradientOp, MaxRoiPoolGradientOp, SamplePixelsGradientOp,
          SamplePositionsGradientOp, CofactorsOp>(emitters, "it is part of a gradient");
  addNone<GradientOp, ApplyGradientsOp, AssignOp>(emitters, "ONNX graphs do not train");
  addNone<PackOp, UnpackOp, KernelOp, KernelFuncOp, YieldOp, OutlinedLoopOp, OutlinedIfOp>(
      emitters, "it belongs to the level of kernels");
  addNone<LaunchOp, LaunchTableOp, CommitOp, FillHaloOp, CheckExtentsOp, ReadExtentOp, ReserveOp, WeightsOp,
          VariablesOp>(emitters, "it belongs to the level of programs");
}

} // namespace dlc::onnx_export
