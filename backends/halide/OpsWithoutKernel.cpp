// SPDX-License-Identifier: Apache-2.0
// Ops that are never in a kernel, and why.
#include "backends/halide/Families.h"
#include "backends/halide/KernelBuilder.h"
#include "ir/OpsControl.h"
#include "ir/OpsCustom.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLinear.h"
#include "ir/OpsParameter.h"
#include "ir/OpsProgram.h"
#include "ir/OpsSize.h"
#include "ir/OpsTraining.h"

namespace dlc::halide {

void registerOpsWithoutKernel(EmitterRegistry &registry) {
  registry.addNone<GradientOp>("--dlc-differentiate replaces it by graph ops");
  registry.addNone<StopGradientOp>("--dlc-differentiate replaces it by its operand");
  registry.addNone<ApplyGradientsOp>("--dlc-add-optimizer replaces it by graph ops");
  registry.addNone<LeastSquaresOp>("--dlc-lower-least-squares replaces it by graph ops");
  registry.addNone<CustomResultOp>("the kernel of its dlc.custom gives it");
  registry.addNone<LoopOp>("the program runs it");
  registry.addNone<ReadbackOp>("the program does it");
  registry.addNone<ReadExtentOp>("it is a step of the program");
  registry.addNone<ReserveOp>("it is a step of the program");
  registry.addNone<OutlinedLoopOp>("the program runs it");
  registry.addNone<NextOp>("it ends a step of a loop");
  registry.addNone<IfOp>("the program runs it");
  registry.addNone<OutlinedIfOp>("the program runs it");
  registry.addNone<EndIfOp>("it ends a branch");
  registry.addNone<ParameterOp>("it is the memory of a variable");
  registry.addNone<LoadParameterOp>("it becomes a constant or an argument");
  registry.addNone<AssignOp>("it becomes a result");
  registry.addNone<KernelOp>("it contains what a kernel computes");
  registry.addNone<KernelFuncOp>("it contains what a kernel computes");
  registry.addNone<YieldOp>("it ends a kernel");
  registry.addNone<LaunchOp>("the program runs kernels by it");
  registry.addNone<LaunchTableOp>("the program runs kernels by it");
  registry.addNone<FillHaloOp>("the program fills memory by it");
  registry.addNone<CheckExtentsOp>("the program checks extents by it");
  registry.addNone<WeightsOp>("it is a block of memory");
  registry.addNone<VariablesOp>("it is a block of memory");
}

} // namespace dlc::halide
