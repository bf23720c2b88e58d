// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tensors by name out of a safetensors file.
#ifndef DLC_FRONTEND_JSON_SAFETENSORS_H
#define DLC_FRONTEND_JSON_SAFETENSORS_H

#include "frontend/json/Reporter.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringMap.h"

namespace dlc::json {

/// A file of named tensors: 8 bytes length of the header (little-endian), a JSON header, the tensors' bytes.
class Safetensors {
public:
  struct Tensor {
    mlir::RankedTensorType type;
    llvm::ArrayRef<char> bytes; ///< in the mapped file, at any alignment
  };

  /// Maps `path` into the ConstantTable of `context` and checks its header: sizes, types, and that no tensor is
  /// outside the file or over another. Problems are reported at the file; returns nothing if there was one.
  static std::optional<Safetensors> open(llvm::StringRef path, mlir::MLIRContext *context);

  /// The tensor called `name`, or null.
  const Tensor *find(llvm::StringRef name) const;
  llvm::SmallVector<llvm::StringRef> getNames() const;

private:
  llvm::StringMap<Tensor> tensors;
};

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_SAFETENSORS_H
