// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where the operations of a module that was read from text are in that text.
#ifndef DLC_TOOLS_DRIVER_TEXTLOCATIONS_H
#define DLC_TOOLS_DRIVER_TEXTLOCATIONS_H

#include "mlir/AsmParser/AsmParserState.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/SourceMgr.h"

namespace dlc {

/// A printed module carries locations in the model that it came from, which name layers. What is wrong with it may have
/// been written by the person who edited the text, so while it is checked its operations are located in the text first.
class TextLocations {
public:
  /// Puts the position in the text of `sources` before the location of each operation that `parsed` knows.
  void add(const llvm::SourceMgr &sources, const mlir::AsmParserState &parsed);
  /// Gives the operations, all of which must still exist, the locations that they had.
  void restore();

private:
  llvm::SmallVector<std::pair<mlir::Operation *, mlir::Location>> originals;
};

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_TEXTLOCATIONS_H
