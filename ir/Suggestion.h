// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a misspelt name may have meant.
#ifndef DLC_IR_SUGGESTION_H
#define DLC_IR_SUGGESTION_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace dlc {

/// `; did you mean 'NEAREST'?` for the end of a message about `name`, which is not in `known`; empty if none of them
/// is near.
std::string suggest(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> known);

} // namespace dlc

#endif // DLC_IR_SUGGESTION_H
