// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the fuzzers of all importers share: a model file in memory, and a context that swallows diagnostics.
#ifndef DLC_TEST_FUZZ_FUZZIMPORT_H
#define DLC_TEST_FUZZ_FUZZIMPORT_H

#include "frontend/Import.h"
#include "ir/DlcDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include <cassert>
#include <cstdint>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace dlc::fuzz {

using Importer = mlir::FailureOr<ImportedModel> (*)(llvm::StringRef path, mlir::MLIRContext *context,
                                                    const ImportOptions &options);

/// Imports `size` bytes as a model file. What comes out, if anything does, must be valid IR; what does not must have
/// been reported.
inline void import(Importer importer, const uint8_t *data, size_t size) {
  int file = memfd_create("model", 0);
  assert(file >= 0 && "no file in memory");
  for (size_t done = 0; done < size;) {
    ssize_t written = write(file, data + done, size - done);
    assert(written > 0 && "no room in memory");
    done += static_cast<size_t>(written);
  }

  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<DlcDialect, mlir::func::FuncDialect>();
  bool reported = false;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    reported |= diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
    return mlir::success();
  });
  auto model = importer("/proc/self/fd/" + std::to_string(file), &context, {});
  if (mlir::failed(model))
    assert(reported && "an importer failed without a word");
  else
    assert(mlir::succeeded(mlir::verify(*model->module)) && "an importer made invalid IR");
  close(file);
}

} // namespace dlc::fuzz

#endif // DLC_TEST_FUZZ_FUZZIMPORT_H
