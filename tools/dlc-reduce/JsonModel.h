// SPDX-License-Identifier: Apache-2.0
/// \file
/// A JSON model (docs/model-format.md) to be made smaller: its layers or its nodes. Functions stay as they are, or go.
#ifndef DLC_TOOLS_DLC_REDUCE_JSONMODEL_H
#define DLC_TOOLS_DLC_REDUCE_JSONMODEL_H

#include "tools/dlc-reduce/ReducibleModel.h"
#include <nlohmann/json.hpp>

namespace dlc::reduce {

class JsonModel final : public ReducibleModel {
public:
  using Json = nlohmann::ordered_json;
  explicit JsonModel(Json content) : model(std::move(content)) {}
  /// Throws std::runtime_error.
  static std::unique_ptr<ReducibleModel> read(const std::string &path);

  std::unique_ptr<ReducibleModel> clone() const override { return std::make_unique<JsonModel>(model); }
  std::string write() const override;
  std::string getWeightsFile() const override;
  size_t countNodes() const override { return nodes().size(); }
  std::vector<std::string> getOperands(size_t node) const override;
  std::vector<std::string> getResults(size_t node) const override;
  std::vector<std::string> getInputs() const override;
  std::vector<std::string> getOutputs() const override;
  bool isWeight(llvm::StringRef name) const override;
  void addInputs(llvm::ArrayRef<std::string> names, const TensorTypes &types) override;
  void setOutputs(llvm::ArrayRef<std::string> names, const TensorTypes &types) override;
  void eraseNodes(const llvm::BitVector &erased) override;
  void replaceUses(llvm::StringRef from, llvm::StringRef to) override;
  void removeUnused() override;
  std::vector<Simplification> listSimplifications() const override;
  std::set<int64_t> getExtents() const override;
  std::set<std::string> getDimensions() const override;
  void replaceExtent(int64_t from, int64_t to) override;
  void bindDimension(llvm::StringRef name, int64_t extent) override;

private:
  bool hasLayers() const { return model.contains("layers"); }
  const Json &nodes() const;
  Json &nodes() { return const_cast<Json &>(static_cast<const JsonModel *>(this)->nodes()); }
  /// Gives layers the names and inputs that they have without being told: they then do not depend on their neighbours.
  void nameLayers();

  Json model;
};

} // namespace dlc::reduce

#endif // DLC_TOOLS_DLC_REDUCE_JSONMODEL_H
