// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/Reporter.h"
#include "mlir/IR/MLIRContext.h"

using namespace mlir;
using namespace dlc::json;

/// A file that is wrong from top to bottom (a list of a million strings, say) should not fill the terminal.
static constexpr unsigned maxErrors = 100;

FileLineColLoc Reporter::at(Position position) const {
  return FileLineColLoc::get(context, file, position.line, position.column);
}

void Reporter::error(Position position, const Twine &message) {
  ++errors;
  if (!context)
    return;
  if (errors < maxErrors)
    emitError(at(position)) << message;
  else if (errors == maxErrors)
    emitError(at({})) << "too many errors, the rest is not shown";
}

void Reporter::warning(Position position, const Twine &message) {
  // Parts of a model are imported once for each function that they are in.
  std::string text = message.str();
  if (context && warnings.insert({{position.line, position.column}, text}).second)
    emitWarning(at(position)) << text;
}
