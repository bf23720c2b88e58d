// SPDX-License-Identifier: Apache-2.0
#include "test/fuzz/FuzzModel.h"
#include "backends/cpu/CpuBackend.h"
#include "ir/DlcDialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Pipelines.h"
#include "llvm/ADT/STLExtras.h"
#include <cstdio>

using namespace mlir;

static llvm::StringRef lastPhase = "graph";

static void require(bool condition, const char *problem) {
  if (condition)
    return;
  std::fprintf(stderr, "%s\n", problem);
  std::abort();
}

extern "C" int LLVMFuzzerInitialize(int *count, char ***arguments) {
  for (llvm::StringRef argument : llvm::ArrayRef(*arguments, static_cast<size_t>(*count)))
    if (argument.consume_front("--phase=")) {
      require(llvm::is_contained(dlc::getPhaseNames().drop_back(), argument), "--phase is import, graph, ... program");
      lastPhase = argument;
    }
  return 0;
}

void dlc::fuzz::compileModel(Reader read, const uint8_t *data, size_t size) {
  MemoryFile file(data, size);
  DialectRegistry registry;
  registerCpuBackend(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadDialect<DlcDialect, func::FuncDialect, arith::ArithDialect, affine::AffineDialect, scf::SCFDialect,
                      memref::MemRefDialect>();
  bool isReported = false;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    isReported |= diagnostic.getSeverity() == DiagnosticSeverity::Error;
    return success();
  });
  FailureOr<ImportedModel> model = read(file.getPath(), &context);
  if (failed(model))
    return require(isReported, "a reader failed without reporting an error");
  require(succeeded(verify(**model)), "a reader made invalid IR");
  for (llvm::StringRef phase : getPhaseNames()) {
    PassManager manager(&context);
    addPhase(manager, phase, PipelineOptions());
    if (failed(manager.run(**model)))
      return require(isReported, "a pass failed without reporting an error");
    if (phase == lastPhase)
      return;
  }
}
