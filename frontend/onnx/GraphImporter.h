// SPDX-License-Identifier: Apache-2.0
/// \file
/// Imports a model: its inputs, its nodes in order, its functions and its outputs.
#ifndef DLC_FRONTEND_ONNX_GRAPHIMPORTER_H
#define DLC_FRONTEND_ONNX_GRAPHIMPORTER_H

#include "frontend/CustomOps.h"
#include "frontend/onnx/AssumedInputs.h"
#include "frontend/onnx/ImportState.h"
#include "frontend/onnx/NodeOrder.h"
#include "llvm/ADT/MapVector.h"
#include <map>

namespace dlc::onnx_import {

class NodeImporter;

class GraphImporter final : public ImportState {
public:
  /// `assumed` (or null) is an input whose value is taken as known.
  GraphImporter(std::shared_ptr<ModelFile> file, mlir::MLIRContext *context, const ImportOptions &options,
                const AssumedInput *assumed);

  /// Imports the whole model.
  mlir::FailureOr<ImportedModel> run();

  /// Whether a node failed because a value that decides its result's shape is only known at run time.
  bool lacksExtents() const { return needsExtents; }

  mlir::FailureOr<llvm::SmallVector<Tensor *>> importSubgraph(const onnx::GraphProto &graph, const Scope &parent,
                                                              llvm::ArrayRef<Tensor *> inputs) override;

  const KnownValue *followElements(Tensor &tensor) override;
  const KnownValue *readElements(Tensor &tensor) override;

private:
  const KnownValue *followInput(Tensor &tensor);
  const KnownValue *follow(Tensor &tensor);
  void readTensor(Tensor &tensor);
  mlir::LogicalResult readOpsets(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports,
                                 Scope &scope, llvm::StringRef where);
  mlir::LogicalResult importInitializers(const onnx::GraphProto &graph, Scope &scope);
  mlir::LogicalResult importInputs(const onnx::GraphProto &graph, Scope &scope);
  mlir::FailureOr<Dims> getInputDims(const onnx::ValueInfoProto &input, llvm::SmallVectorImpl<mlir::Attribute> &names);
  /// The symbol called `name`, or its number where `--shape` binds it.
  mlir::AffineExpr getSymbol(llvm::StringRef name);
  mlir::LogicalResult readBindings(const onnx::GraphProto &graph);
  mlir::LogicalResult importOutputs(const onnx::GraphProto &graph, Scope &scope);
  /// Orders and imports nodes; fails if one did.
  mlir::LogicalResult importNodes(const NodeList &nodes, Scope &scope);
  mlir::LogicalResult importNode(const onnx::NodeProto &node, Scope &scope);
  mlir::LogicalResult importFunctionCall(const onnx::NodeProto &node, const onnx::FunctionProto &function, Scope &scope,
                                         const AttributeMap &attributes);
  /// One error for each op that is not supported, with the nodes that need it: a model may have hundreds.
  void noteUnsupported(llvm::StringRef name, NodeImporter &importer);
  void reportUnsupported();
  mlir::LogicalResult readCustomOps(const onnx::ModelProto &model);
  const onnx::FunctionProto *lookupFunction(const onnx::NodeProto &node) const;

  const AssumedInput *assumed;
  CustomOps customOps;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  llvm::StringMap<int64_t> bindings; ///< symbols that `--shape` gives a number
  llvm::StringMap<const onnx::FunctionProto *> functions;
  llvm::SmallVector<const onnx::FunctionProto *> callStack;
  int64_t importedNodes = 0;
  Scope *graphScope = nullptr; ///< of the model's graph
  int followedDepth = 0;
  bool readsBack = false; ///< whether followElements reads what it cannot follow
  struct UnsupportedOp {
    llvm::SmallVector<std::string> nodes; ///< as messages name them
    std::string operands;                 ///< of the first
  };
  llvm::MapVector<std::string, UnsupportedOp, std::map<std::string, unsigned>> unsupported; ///< in the model's order
};

/// The extents that a tensor is declared with, as messages show them: `[N, ?, 8]`.
std::string describeDeclaredShape(const onnx::TensorShapeProto &shape);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_GRAPHIMPORTER_H
