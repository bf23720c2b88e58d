// SPDX-License-Identifier: Apache-2.0
/// \file
/// Turns problems at locations of a model file into diagnostics.
#ifndef DLC_FRONTEND_JSON_REPORTER_H
#define DLC_FRONTEND_JSON_REPORTER_H

#include "formats/json/Document.h"
#include "ir/Suggestion.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"
#include <set>

namespace dlc::json {

/// Emits diagnostics for one file and remembers whether there was an error.
class Reporter {
public:
  /// Counts, but shows nothing.
  Reporter() = default;
  Reporter(mlir::MLIRContext *context, llvm::StringRef file) : context(context), file(file) {}

  void error(Position position, const llvm::Twine &message);
  void warning(Position position, const llvm::Twine &message);
  /// Counts an error that others have reported.
  void noteError() { ++errors; }
  bool hasErrors() const { return errors != 0; }
  mlir::FileLineColLoc at(Position position) const;
  mlir::MLIRContext *getContext() const { return context; }

private:
  mlir::MLIRContext *context = nullptr;
  std::string file;
  unsigned errors = 0;
  std::set<std::pair<std::pair<unsigned, unsigned>, std::string>> warnings; ///< that were shown, by line and column
};

using dlc::suggest;

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_REPORTER_H
