// SPDX-License-Identifier: Apache-2.0
/// \file
/// Graphs as `--compile-to=import` prints them: MLIR's parser is LLVM's, dlc's types, attributes, verifiers and passes
/// are what is tested.
#include "ir/DlcDialect.h"
#include "mlir/Parser/Parser.h"
#include "test/fuzz/FuzzModel.h"

static mlir::FailureOr<dlc::ImportedModel> readGraph(llvm::StringRef path, mlir::MLIRContext *context) {
  dlc::ImportedModel graph = mlir::parseSourceFile<mlir::ModuleOp>(path, context);
  if (!graph)
    return mlir::failure();
  return graph;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dlc::fuzz::compileModel(readGraph, data, size);
  return 0;
}
