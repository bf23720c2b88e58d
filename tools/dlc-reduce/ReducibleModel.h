// SPDX-License-Identifier: Apache-2.0
/// \file
/// A model file as what makes it smaller sees it: nodes in order that read and give named tensors. ONNX and JSON models
/// are such.
#ifndef DLC_TOOLS_DLC_REDUCE_REDUCIBLEMODEL_H
#define DLC_TOOLS_DLC_REDUCE_REDUCIBLEMODEL_H

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/StringMap.h"
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace dlc::reduce {

/// What an import tells of a tensor: the name of its element type ("f32"), and its extents, numbers or names.
struct TensorType {
  std::string element;
  std::vector<std::string> extents;

  bool operator==(const TensorType &other) const { return element == other.element && extents == other.extents; }
};

/// By the tensors' names; those that an import did not tell are missing.
using TensorTypes = llvm::StringMap<TensorType>;

class ReducibleModel;

/// A change that makes a model simpler. Those of one list can be made together, in any combination.
using Simplification = std::function<void(ReducibleModel &model)>;

class ReducibleModel {
public:
  virtual ~ReducibleModel() = default;
  /// Reads a .onnx or .json file. Throws std::runtime_error with what is wrong with it.
  static std::unique_ptr<ReducibleModel> read(const std::string &path);
  virtual std::unique_ptr<ReducibleModel> clone() const = 0;
  /// The content of the file.
  virtual std::string write() const = 0;

  /// The path of the file with the weights, from the model's folder; empty if the model holds them itself.
  virtual std::string getWeightsFile() const { return {}; }

  /// The entry points that can be made smaller one by one, because nothing else relies on their inputs and outputs. ""
  /// is the model's own graph.
  virtual std::vector<std::string> getEntries() const { return {""}; }
  /// The one that all functions below are about, `replaceExtent` and `bindDimension` aside.
  virtual std::string getEntry() const { return ""; }
  virtual void setEntry(const std::string & /*entry*/) {}
  /// Of all entry points and functions.
  virtual size_t countAllNodes() const { return countNodes(); }

  virtual size_t countNodes() const = 0;
  /// Names of the tensors that a node reads; empty ones are operands that are left out. What only the subgraphs of a
  /// node read comes last.
  virtual std::vector<std::string> getOperands(size_t node) const = 0;
  virtual std::vector<std::string> getResults(size_t node) const = 0;
  virtual std::vector<std::string> getInputs() const = 0;
  virtual std::vector<std::string> getOutputs() const = 0;
  /// Whether a tensor is a weight or constant of the model, neither input nor result.
  virtual bool isWeight(llvm::StringRef name) const = 0;

  /// `types` has the inputs' types.
  virtual void addInputs(llvm::ArrayRef<std::string> names, const TensorTypes &types) = 0;
  virtual void setOutputs(llvm::ArrayRef<std::string> names, const TensorTypes &types) = 0;
  virtual void eraseNodes(const llvm::BitVector &nodes) = 0;
  /// Lets all that read the tensor `from` read `to`.
  virtual void replaceUses(llvm::StringRef from, llvm::StringRef to) = 0;
  /// Removes inputs and weights that nothing reads, and what is said of tensors that are gone.
  virtual void removeUnused() = 0;

  /// Attributes that can be left out, optional operands, sections, descriptions.
  virtual std::vector<Simplification> listSimplifications() const = 0;
  /// Changes to what is inside nodes, each of which is to be made alone: it may change the number of nodes.
  virtual std::vector<Simplification> listInnerChanges() const { return {}; }
  /// Extents above 1 of inputs and weights.
  virtual std::set<int64_t> getExtents() const = 0;
  /// The names of the inputs' dimensions.
  virtual std::set<std::string> getDimensions() const = 0;
  /// Makes all extents `from` `to`, which is smaller, those in attributes and shapes included, and cuts weights.
  virtual void replaceExtent(int64_t from, int64_t to) = 0;
  virtual void bindDimension(llvm::StringRef name, int64_t extent) = 0;
};

} // namespace dlc::reduce

#endif // DLC_TOOLS_DLC_REDUCE_REDUCIBLEMODEL_H
