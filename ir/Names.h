// SPDX-License-Identifier: Apache-2.0
/// \file
/// Names of layers and tensors, which are stored in locations.
#ifndef DLC_IR_NAMES_H
#define DLC_IR_NAMES_H

#include "mlir/IR/Location.h"
#include <string>

namespace dlc {

/// The name that the model's author gave, or "" if the location has none. Of a fused location, the last one's.
std::string getLayerName(mlir::Location location);

/// `name` as an identifier of C and of object files: letters, digits and underscores, not starting with a digit.
std::string toIdentifier(llvm::StringRef name);

} // namespace dlc

#endif // DLC_IR_NAMES_H
