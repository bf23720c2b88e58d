// SPDX-License-Identifier: Apache-2.0
/// \file
/// An ONNX model on disk: its protobuf, and the memory of its weights.
#ifndef DLC_FRONTEND_ONNX_MODELFILE_H
#define DLC_FRONTEND_ONNX_MODELFILE_H

#include "frontend/onnx/ConstantTensor.h"
#include "ir/ConstantTable.h"
#include "onnx-ml.pb.h"
#include "llvm/ADT/StringMap.h"
#include <memory>

namespace dlc::onnx_import {

/// Everything that a ConstantTensor of the model refers to belongs to the ConstantTable. The file and external data are
/// mapped, not read, and numbers that protobuf has read are taken from it, so a weight is in memory once however large
/// it is.
class ModelFile {
public:
  /// Maps and parses `path`; fails with a diagnostic at the file.
  static mlir::FailureOr<std::shared_ptr<ModelFile>> open(llvm::StringRef path, mlir::MLIRContext *context);

  /// No file, for nodes of another format's model; errors are at `location`.
  static std::shared_ptr<ModelFile> none(mlir::Location location) {
    return std::shared_ptr<ModelFile>(new ModelFile("", location));
  }

  const onnx::ModelProto &getModel() const { return model; }
  /// What diagnostics about the file as a whole refer to.
  mlir::Location getLocation() const { return location; }

  /// The numbers of `tensor`, a part of this model; getModel() then lacks them. On failure `error` says why.
  mlir::FailureOr<ConstantTensor> getTensor(const onnx::TensorProto &tensor, std::string &error);

  /// Zeroed memory of the ConstantTable.
  llvm::MutableArrayRef<char> allocate(size_t bytes) { return table.allocate(bytes); }

private:
  ModelFile(llvm::StringRef path, mlir::Location location)
      : path(path.str()), location(location), table(ConstantTable::get(location.getContext())) {}
  mlir::FailureOr<llvm::ArrayRef<char>> getExternalData(const onnx::TensorProto &tensor, int64_t size,
                                                        std::string &error);
  /// `count` elements of `width` bits, several to a byte, with a byte each.
  llvm::ArrayRef<char> unpack(llvm::ArrayRef<char> packed, int64_t count, unsigned width);
  mlir::FailureOr<llvm::ArrayRef<char>> mapExternalFile(llvm::StringRef relativePath, std::string &error);

  std::string path;
  mlir::Location location;
  onnx::ModelProto model;
  ConstantTable &table;
  /// Numbers that the protobuf does not hold: `raw_data` that WireFormat split off, and what getTensor took.
  llvm::DenseMap<const onnx::TensorProto *, llvm::ArrayRef<char>> splitData;
  llvm::StringMap<llvm::ArrayRef<char>> externalFiles;
};

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_MODELFILE_H
