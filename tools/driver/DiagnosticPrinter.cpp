// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/DiagnosticPrinter.h"
#include "ir/Names.h"
#include "mlir/IR/Location.h"

using namespace dlc;

/// The position in a file that `location` gives, if any.
static mlir::FileLineColLoc findFile(mlir::Location location) {
  mlir::FileLineColLoc found;
  location->walk([&](mlir::Location inner) {
    found = llvm::dyn_cast<mlir::FileLineColLoc>(inner);
    return found ? mlir::WalkResult::interrupt() : mlir::WalkResult::advance();
  });
  return found;
}

static llvm::StringRef getSeverityName(mlir::DiagnosticSeverity severity) {
  switch (severity) {
  case mlir::DiagnosticSeverity::Note:
    return "note";
  case mlir::DiagnosticSeverity::Warning:
    return "warning";
  case mlir::DiagnosticSeverity::Error:
    return "error";
  case mlir::DiagnosticSeverity::Remark:
    return "remark";
  }
  llvm_unreachable("there are four severities");
}

DiagnosticPrinter::DiagnosticPrinter(mlir::MLIRContext *context, llvm::StringRef file, llvm::raw_ostream &stream)
    : file(file.str()), stream(stream), handler(context, [this](mlir::Diagnostic &diagnostic) { print(diagnostic); }) {
  // The notes that MLIR adds show whole operations, which mean little to the author of a model.
  context->printOpOnDiagnostic(false);
}

void DiagnosticPrinter::print(mlir::Diagnostic &diagnostic) {
  std::string text;
  llvm::raw_string_ostream line(text);
  if (mlir::FileLineColLoc location = findFile(diagnostic.getLocation())) {
    line << location.getFilename().getValue();
    if (location.getLine() > 0)
      line << ':' << location.getLine() << ':' << location.getColumn();
  } else {
    line << file;
  }
  line << ": " << getSeverityName(diagnostic.getSeverity()) << ": ";
  std::string message = diagnostic.str(), layer = getLayerName(diagnostic.getLocation());
  if (!layer.empty() && message.find("'" + layer + "'") == std::string::npos)
    line << "'" << layer << "': ";
  line << message << '\n';
  if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error)
    ++errorCount;
  if (llvm::is_contained(printed, text))
    return;
  stream << text;
  printed.push_back(std::move(text));
  for (mlir::Diagnostic &note : diagnostic.getNotes())
    print(note);
}
