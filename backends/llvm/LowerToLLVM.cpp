// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/Passes.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

void dlc::registerConversionToLLVM(mlir::DialectRegistry &registry) {
  mlir::arith::registerConvertArithToLLVMInterface(registry);
  mlir::cf::registerConvertControlFlowToLLVMInterface(registry);
  mlir::registerConvertFuncToLLVMInterface(registry);
  mlir::index::registerConvertIndexToLLVMInterface(registry);
  mlir::registerConvertMathToLLVMInterface(registry);
  mlir::registerConvertMemRefToLLVMInterface(registry);
}

void dlc::addConversionToLLVM(mlir::OpPassManager &manager) {
  // All dialects at once, and without what it takes to undo patterns: a pass for each takes several times as long.
  mlir::ConvertToLLVMPassOptions options;
  options.allowPatternRollback = false;
  manager.addPass(mlir::createConvertToLLVMPass(options));
  manager.addPass(mlir::createReconcileUnrealizedCastsPass());
}

void dlc::addLowerToLLVM(mlir::OpPassManager &manager, bool device) {
  manager.addPass(createNumberLaunches());
  // The runtime walks through tables with addresses of the host.
  if (!device)
    manager.addPass(createTabulateLaunches());
  manager.addPass(createOutlineLaunches());
  manager.addPass(createOutlineRanges());
  manager.addPass(createLowerFillHalo());
  manager.addPass(createLowerExtents());
  manager.addPass(mlir::createSCFToControlFlowPass());
  // Launches end an entry point early where they fail, which needs unstructured control flow.
  manager.addPass(createLowerEntryPoints({device}));
  addConversionToLLVM(manager);
}

void dlc::registerLowerToLLVMPipeline() {
  mlir::PassPipelineRegistration<>("dlc-lower-to-llvm", "From the program level to the LLVM dialect",
                                   [](mlir::OpPassManager &manager) { addLowerToLLVM(manager); });
}
