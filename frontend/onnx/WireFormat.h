// SPDX-License-Identifier: Apache-2.0
/// \file
/// Splits large weights off a serialized model before protobuf parses it, so that they are never copied.
#ifndef DLC_FRONTEND_ONNX_WIREFORMAT_H
#define DLC_FRONTEND_ONNX_WIREFORMAT_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace dlc::onnx_import {

/// A serialized ModelProto whose large initializers have lost their `raw_data`.
struct SplitModel {
  std::string rest;                                       ///< what is left, a serialized ModelProto
  llvm::DenseMap<int, llvm::ArrayRef<char>> initializers; ///< `raw_data` by position in `graph.initializer`
};

/// Splits `model`; fails where it is not well-formed protobuf.
mlir::FailureOr<SplitModel> splitLargeInitializers(llvm::ArrayRef<char> model);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_WIREFORMAT_H
