// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tensors written as nested lists of numbers.
#ifndef DLC_FRONTEND_JSON_NESTEDNUMBERS_H
#define DLC_FRONTEND_JSON_NESTEDNUMBERS_H

#include "frontend/json/Reporter.h"
#include "mlir/IR/Types.h"

namespace dlc::json {

/// The shape of nested lists, judged by the first element of each; `[]` of a number.
llvm::SmallVector<int64_t> getNestedShape(const JsonValue &value);

/// The elements of `value`, row-major, each of `elementType`. A lone number fills any shape. Reports a list of another
/// length than `shape` says, an element that is not a number, or one that the type cannot hold.
std::optional<std::vector<char>> readNestedNumbers(const JsonValue &value, llvm::ArrayRef<int64_t> shape,
                                                   mlir::Type elementType, const std::string &what, Reporter &reporter);

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_NESTEDNUMBERS_H
