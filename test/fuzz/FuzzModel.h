// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the fuzzers of model formats share: a context that swallows diagnostics, and the compiler behind the reader.
#ifndef DLC_TEST_FUZZ_FUZZMODEL_H
#define DLC_TEST_FUZZ_FUZZMODEL_H

#include "frontend/Import.h"
#include "test/fuzz/MemoryFile.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace dlc::fuzz {

/// Reads a model from a path.
using Reader = llvm::function_ref<mlir::FailureOr<ImportedModel>(llvm::StringRef path, mlir::MLIRContext *context)>;

/// Reads `size` bytes as a model file, and compiles what comes out down to the phase "graph", or to the one that the
/// option `--phase=NAME` names ("import" to "program"; no kernel is compiled). The program stops if what was read is
/// invalid IR, or if a reader or a pass fails without having reported an error.
void compileModel(Reader read, const uint8_t *data, size_t size);

} // namespace dlc::fuzz

#endif // DLC_TEST_FUZZ_FUZZMODEL_H
