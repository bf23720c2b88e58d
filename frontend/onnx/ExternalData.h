// SPDX-License-Identifier: Apache-2.0
/// \file
/// Numbers of tensors in files beside the model.
#ifndef DLC_FRONTEND_ONNX_EXTERNALDATA_H
#define DLC_FRONTEND_ONNX_EXTERNALDATA_H

#include "mlir/Support/LLVM.h"
#include "onnx-ml.pb.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace dlc::onnx_import {

/// Where a tensor says that its numbers are.
struct ExternalData {
  std::string location; ///< a path from the model's folder
  uint64_t offset = 0;
  std::optional<uint64_t> length; ///< bytes; none: not said
};

/// What `tensor` says. On failure `error` says why.
mlir::FailureOr<ExternalData> readExternalData(const onnx::TensorProto &tensor, std::string &error);

/// The file that is `location` in the folder of the model at `modelPath`: a real path in that folder, whatever symbolic
/// links there are. On failure `error` says why.
mlir::FailureOr<std::string> findExternalFile(llvm::StringRef modelPath, llvm::StringRef location, std::string &error);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_EXTERNALDATA_H
