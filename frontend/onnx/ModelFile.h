// SPDX-License-Identifier: Apache-2.0
/// \file
/// An ONNX model on disk: its protobuf, and the memory that its weights stand in.
#ifndef DLC_FRONTEND_ONNX_MODELFILE_H
#define DLC_FRONTEND_ONNX_MODELFILE_H

#include "frontend/onnx/ConstantTensor.h"
#include "onnx-ml.pb.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"
#include <deque>
#include <memory>

namespace dlc::onnx_import {

/// Owns everything that a ConstantTensor of the model refers to. The file and external data are mapped, not read, so a
/// weight is in memory once however large it is.
class ModelFile {
public:
  /// Maps and parses `path`; fails with a diagnostic at the file.
  static mlir::FailureOr<std::shared_ptr<ModelFile>> open(llvm::StringRef path, mlir::MLIRContext *context);

  const onnx::ModelProto &getModel() const { return model; }
  /// What diagnostics about the file as a whole refer to.
  mlir::Location getLocation() const { return location; }

  /// The numbers of `tensor`, a part of this model. On failure `error` says why.
  mlir::FailureOr<ConstantTensor> getTensor(const onnx::TensorProto &tensor, std::string &error);

  /// Zeroed memory that lives as long as the file.
  llvm::MutableArrayRef<char> allocate(size_t bytes);

private:
  ModelFile(llvm::StringRef path, mlir::Location location) : path(path.str()), location(location) {}
  mlir::FailureOr<llvm::ArrayRef<char>> getExternalData(const onnx::TensorProto &tensor, int64_t size,
                                                        std::string &error);
  mlir::FailureOr<llvm::ArrayRef<char>> mapExternalFile(llvm::StringRef relativePath, std::string &error);

  std::string path;
  mlir::Location location;
  onnx::ModelProto model;
  std::unique_ptr<llvm::MemoryBuffer> contents;
  /// `raw_data` that WireFormat split off.
  llvm::DenseMap<const onnx::TensorProto *, llvm::ArrayRef<char>> splitData;
  llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>> externalFiles;
  std::deque<std::unique_ptr<char[]>> allocations;
};

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_MODELFILE_H
