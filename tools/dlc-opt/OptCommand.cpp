// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-opt/OptCommand.h"
#include "backends/cpu/CpuBackend.h"
#include "backends/llvm/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Pipelines.h"

int dlc::runOpt(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<dlc::DlcDialect, mlir::func::FuncDialect, mlir::arith::ArithDialect, mlir::affine::AffineDialect,
                  mlir::scf::SCFDialect, mlir::cf::ControlFlowDialect, mlir::memref::MemRefDialect,
                  mlir::LLVM::LLVMDialect>();
  dlc::registerCpuBackend(registry);
  dlc::registerAllPasses();
  dlc::registerDlcLLVMPasses();
  dlc::registerLowerToLLVMPipeline();
  mlir::registerTransformsPasses();
  mlir::registerSCFToControlFlowPass();
  mlir::registerLowerAffinePass();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "dlc: runs passes on textual IR\n", registry));
}
