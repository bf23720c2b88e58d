// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/OpsWithoutKernel.h"
#include "ir/OpsControl.h"
#include "ir/OpsCustom.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLinear.h"
#include "ir/OpsParameter.h"
#include "ir/OpsProgram.h"
#include "ir/OpsSize.h"
#include "ir/OpsTraining.h"
#include "llvm/ADT/StringMap.h"

namespace dlc::halide {

namespace {
/// The reasons by the names of the ops.
class Reasons {
public:
  Reasons() {
    add<GradientOp>("--dlc-differentiate replaces it by graph ops");
    add<StopGradientOp>("--dlc-differentiate replaces it by its operand");
    add<ApplyGradientsOp>("--dlc-add-optimizer replaces it by graph ops");
    add<LeastSquaresOp>("--dlc-lower-least-squares replaces it by graph ops");
    add<CustomResultOp>("the kernel of its dlc.custom gives it");
    add<LoopOp>("the program runs it");
    add<ReadbackOp>("the program does it");
    add<ReadExtentOp>("it is a step of the program");
    add<ReserveOp>("it is a step of the program");
    add<CommitOp>("it is a step of the program");
    add<OutlinedLoopOp>("the program runs it");
    add<NextOp>("it ends a step of a loop");
    add<IfOp>("the program runs it");
    add<OutlinedIfOp>("the program runs it");
    add<EndIfOp>("it ends a branch");
    add<ParameterOp>("it is the memory of a variable");
    add<LoadParameterOp>("it becomes a constant or an argument");
    add<AssignOp>("it becomes a result");
    add<KernelOp>("it contains what a kernel computes");
    add<KernelFuncOp>("it contains what a kernel computes");
    add<YieldOp>("it ends a kernel");
    add<LaunchOp>("the program runs kernels by it");
    add<LaunchTableOp>("the program runs kernels by it");
    add<FillHaloOp>("the program fills memory by it");
    add<CheckExtentsOp>("the program checks extents by it");
    add<WeightsOp>("it is a block of memory");
    add<VariablesOp>("it is a block of memory");
  }
  llvm::StringRef find(llvm::StringRef opName) const { return reasons.lookup(opName); }

private:
  template <typename OpTy> void add(llvm::StringRef why) { reasons[OpTy::getOperationName()] = why; }
  llvm::StringMap<llvm::StringRef> reasons;
};
} // namespace

llvm::StringRef findReasonForNoKernel(llvm::StringRef opName) {
  static const Reasons reasons;
  return reasons.find(opName);
}

} // namespace dlc::halide
