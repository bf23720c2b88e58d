// SPDX-License-Identifier: Apache-2.0
/// \file
/// Diagnostics as compilers print them.
#ifndef DLC_TOOLS_DRIVER_DIAGNOSTICPRINTER_H
#define DLC_TOOLS_DRIVER_DIAGNOSTICPRINTER_H

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc {

/// While it lives, prints the diagnostics of a context as `FILE:LINE:COLUMN: error: ...`, and names the layer where the
/// location does and the message does not. A message that was printed before at the same location is left out.
class DiagnosticPrinter {
public:
  /// `file` is used for locations that name no file.
  DiagnosticPrinter(mlir::MLIRContext *context, llvm::StringRef file, llvm::raw_ostream &stream);

  unsigned getErrorCount() const { return errorCount; }
  /// Leaves out what `earlier` has printed, too.
  void continueFrom(const DiagnosticPrinter &earlier) { printed = earlier.printed; }

private:
  void print(mlir::Diagnostic &diagnostic);

  std::string file;
  llvm::raw_ostream &stream;
  unsigned errorCount = 0;
  std::vector<std::string> printed;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_DIAGNOSTICPRINTER_H
