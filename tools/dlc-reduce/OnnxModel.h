// SPDX-License-Identifier: Apache-2.0
/// \file
/// An ONNX model to be made smaller.
#ifndef DLC_TOOLS_DLC_REDUCE_ONNXMODEL_H
#define DLC_TOOLS_DLC_REDUCE_ONNXMODEL_H

#include "onnx-ml.pb.h"
#include "tools/dlc-reduce/ReducibleModel.h"

namespace dlc::reduce {

class OnnxModel final : public ReducibleModel {
public:
  explicit OnnxModel(onnx::ModelProto content) : model(std::move(content)) {}
  /// With its external data. Throws std::runtime_error.
  static std::unique_ptr<ReducibleModel> read(const std::string &path);

  std::unique_ptr<ReducibleModel> clone() const override { return std::make_unique<OnnxModel>(model); }
  std::string write() const override;
  size_t countNodes() const override { return model.graph().node_size(); }
  std::vector<std::string> getOperands(size_t node) const override;
  std::vector<std::string> getResults(size_t node) const override;
  std::vector<std::string> getInputs() const override;
  std::vector<std::string> getOutputs() const override;
  bool isWeight(llvm::StringRef name) const override;
  void addInputs(llvm::ArrayRef<std::string> names, const TensorTypes &types) override;
  void setOutputs(llvm::ArrayRef<std::string> names, const TensorTypes &types) override;
  void eraseNodes(const llvm::BitVector &nodes) override;
  void replaceUses(llvm::StringRef from, llvm::StringRef to) override;
  void removeUnused() override;
  std::vector<Simplification> listSimplifications() const override;
  std::vector<Simplification> listInnerChanges() const override;
  std::set<int64_t> getExtents() const override;
  std::set<std::string> getDimensions() const override;
  void replaceExtent(int64_t from, int64_t to) override;
  void bindDimension(llvm::StringRef name, int64_t extent) override;

private:
  onnx::ModelProto model;
};

/// Cuts the first `to` of all dimensions of extent `from` out of `tensor`. Without effect on tensors of several
/// elements to a byte and of strings.
void cutTensor(onnx::TensorProto &tensor, int64_t from, int64_t to);
/// Calls `change` with the elements of a small integer tensor, which may be extents.
void changeSmallIntegers(onnx::TensorProto &tensor, llvm::function_ref<int64_t(int64_t)> change);
/// Sets all elements to 1. Without effect as above.
void fillWithOnes(onnx::TensorProto &tensor);

} // namespace dlc::reduce

#endif // DLC_TOOLS_DLC_REDUCE_ONNXMODEL_H
