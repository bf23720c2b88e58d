// SPDX-License-Identifier: Apache-2.0
/// \file
/// Names of layers and tensors, which are stored in locations.
#ifndef DLC_IR_NAMES_H
#define DLC_IR_NAMES_H

#include "mlir/IR/Location.h"
#include "llvm/ADT/StringMap.h"
#include <string>

namespace dlc {

/// The name that the model's author gave, or "" if the location has none. Of a fused location, the last one's.
std::string getLayerName(mlir::Location location);

/// `name` as an identifier of C and of object files: letters, digits and underscores, not starting with a digit.
std::string toIdentifier(llvm::StringRef name);

/// `name`, or the first of `name.2`, `name.3`, ... that is not a symbol of `symbolTable` (a module).
std::string makeSymbolName(mlir::Operation *symbolTable, llvm::StringRef name);

/// Makes names that differ. Numbers that have been found to be in use are not tried again, so that n names made of one
/// take time n, not n^2.
class UniqueNames {
public:
  /// `name` if it is not taken, else the first of `name.1`, `name.2`, ... that is not. The caller takes the result.
  std::string make(llvm::StringRef name, llvm::function_ref<bool(llvm::StringRef)> isTaken);

private:
  llvm::StringMap<unsigned> lastNumbers; ///< behind each name: all smaller ones are in use
};

} // namespace dlc

#endif // DLC_IR_NAMES_H
