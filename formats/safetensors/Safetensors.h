// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tensors by name out of a safetensors file (https://huggingface.co/docs/safetensors).
#ifndef DLC_FORMATS_SAFETENSORS_SAFETENSORS_H
#define DLC_FORMATS_SAFETENSORS_SAFETENSORS_H

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringMap.h"
#include <optional>

namespace dlc {

/// A file of named tensors: 8 bytes length of the header (little-endian), a JSON header, the tensors' bytes. What a
/// library accepts when it loads variables (runtime/core/Safetensors.h) is accepted here, and nothing else: the reader
/// in libraries has no C++ and stops at the first problem, this one reports all of them.
class Safetensors {
public:
  struct Tensor {
    mlir::RankedTensorType type;
    llvm::ArrayRef<char> bytes; ///< in the mapped file, at any alignment
  };

  /// Maps `path` into the ConstantTable of `context` and checks its header: types, sizes, and that the tensors are the
  /// whole file, none over another. Problems are reported at the file; returns nothing if there was one.
  static std::optional<Safetensors> open(llvm::StringRef path, mlir::MLIRContext *context);

  /// The tensor called `name`, or null.
  const Tensor *find(llvm::StringRef name) const;
  /// In alphabetical order.
  llvm::SmallVector<llvm::StringRef> getNames() const;
  /// The metadata string called `key`; empty if there is none.
  llvm::StringRef getMetadata(llvm::StringRef key) const;

private:
  llvm::StringMap<Tensor> tensors;
  llvm::StringMap<std::string> metadata;
};

/// The element type that safetensors files call `name` (F32, I64, BOOL, ...), or null.
mlir::Type getSafetensorsType(llvm::StringRef name, mlir::MLIRContext *context);

} // namespace dlc

#endif // DLC_FORMATS_SAFETENSORS_SAFETENSORS_H
