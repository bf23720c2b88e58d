// SPDX-License-Identifier: Apache-2.0
/// \file
/// A JSON model (docs/model-format.md) to be made smaller: the layers or nodes of the model and of its functions.
#ifndef DLC_TOOLS_DLC_REDUCE_JSONMODEL_H
#define DLC_TOOLS_DLC_REDUCE_JSONMODEL_H

#include "tools/dlc-reduce/ReducibleModel.h"
#include <nlohmann/json.hpp>

namespace dlc::reduce {

class JsonModel final : public ReducibleModel {
public:
  using Json = nlohmann::ordered_json;
  explicit JsonModel(Json content, std::string entry = {}) : model(std::move(content)), entry(std::move(entry)) {}
  /// Throws std::runtime_error.
  static std::unique_ptr<ReducibleModel> read(const std::string &path);

  std::unique_ptr<ReducibleModel> clone() const override { return std::make_unique<JsonModel>(model, entry); }
  std::string write() const override;
  std::string getWeightsFile() const override;
  std::vector<std::string> getEntries() const override;
  std::string getEntry() const override { return entry; }
  void setEntry(const std::string &name) override { entry = name; }
  size_t countAllNodes() const override;
  size_t countNodes() const override { return nodes(root()).size(); }
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
  std::vector<Simplification> listInnerChanges() const override;
  std::set<int64_t> getExtents() const override;
  std::set<std::string> getDimensions() const override;
  void replaceExtent(int64_t from, int64_t to) override;
  void bindDimension(llvm::StringRef name, int64_t extent) override;

private:
  /// The function of the entry point, or the model.
  const Json &root() const { return entry.empty() ? model : model.at("functions").at(entry); }
  Json &root() { return const_cast<Json &>(static_cast<const JsonModel *>(this)->root()); }
  bool hasLayers() const { return root().contains("layers"); }
  static const Json &nodes(const Json &graph);
  Json &nodes() { return const_cast<Json &>(nodes(root())); }
  /// Gives layers the names and inputs that they have without being told: they then do not depend on their neighbours.
  void nameLayers();

  Json model;
  std::string entry; ///< empty, or the name of a function
};

} // namespace dlc::reduce

#endif // DLC_TOOLS_DLC_REDUCE_JSONMODEL_H
