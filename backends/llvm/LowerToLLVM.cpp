// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

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
  manager.addPass(mlir::createFinalizeMemRefToLLVMConversionPass());
  manager.addPass(mlir::createArithToLLVMConversionPass());
  manager.addPass(mlir::createConvertIndexToLLVMPass());
  manager.addPass(mlir::createConvertControlFlowToLLVMPass());
  manager.addPass(mlir::createConvertFuncToLLVMPass());
  manager.addPass(mlir::createReconcileUnrealizedCastsPass());
}

void dlc::registerLowerToLLVMPipeline() {
  mlir::PassPipelineRegistration<>("dlc-lower-to-llvm", "From the program level to the LLVM dialect",
                                   [](mlir::OpPassManager &manager) { addLowerToLLVM(manager); });
}
