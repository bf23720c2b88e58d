// SPDX-License-Identifier: Apache-2.0
/// \file
/// Nodes of an ONNX graph in the making, and the names of its tensors.
#ifndef DLC_FORMATS_ONNX_GRAPHWRITER_H
#define DLC_FORMATS_ONNX_GRAPHWRITER_H

#include "formats/onnx/ElementTypes.h"
#include "ir/DlcDialect.h"
#include "ir/Names.h"
#include "ir/SymbolicShapes.h"
#include "onnx-ml.pb.h"
#include "llvm/ADT/StringSet.h"
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace dlc::onnx_export {

/// The operator set that files ask for, unless something in them needs a newer one.
constexpr int64_t opsetVersion = 20;
/// The operator set that has an element type.
int64_t getOpsetOf(mlir::Type elementType);

using onnx_format::getOnnxType;

using NodeAttribute = std::variant<int64_t, float, std::string, std::vector<int64_t>, onnx::GraphProto>;
using NodeAttributes = std::vector<std::pair<const char *, NodeAttribute>>;
using Names = std::vector<std::string>;

class GraphWriter;

/// Where a symbol of the entry point can be read: extent `index` of a tensor, or its element at that position, negated
/// if `sign` is negative, and at least 0.
struct SymbolSource {
  std::string tensor;
  int64_t index = 0;
  int sign = 0;                        ///< 0: an extent
  const GraphWriter *writer = nullptr; ///< of the loop's body or the branch that computes the tensor; null: the graph's
};

/// What the graph and the bodies of its loops share: names, and initializers, which are all in the graph.
struct ModelScope {
  ModelScope(onnx::GraphProto &graph, mlir::ModuleOp module) : graph(graph), module(module) {}

  onnx::GraphProto &graph;
  mlir::ModuleOp module;
  llvm::StringSet<> names;
  UniqueNames uniqueNames;
  llvm::SmallVector<SymbolSource> symbolSources; ///< by the symbols of the entry point
  llvm::StringMap<std::string> constants;        ///< initializers by type and bytes
  int64_t bytes = 0;                             ///< of all initializers
  std::set<std::string> domains;                 ///< of nodes outside the default domain
  int64_t opset = opsetVersion;                  ///< that the file needs
};

/// Adds `value`, whose type ONNX has, to the graph's initializers.
void addInitializer(ModelScope &scope, llvm::StringRef name, mlir::ElementsAttr value);

/// Writes the nodes of one block, a function's or a loop's, to one graph.
class GraphWriter {
public:
  /// `shapes` are those of the function; `outer` writes the block around that of a loop, and is null for a function's.
  GraphWriter(ModelScope &scope, onnx::GraphProto &graph, mlir::Block &block, const SymbolicShapes &shapes,
              GraphWriter *outer)
      : scope(scope), graph(graph), block(block), shapes(shapes), outer(outer) {}

  mlir::Block &getBlock() { return block; }
  const SymbolicShapes &getShapes() const { return shapes; }
  /// The nodes that follow are those of `op`, after whose layer they are named.
  void begin(mlir::Operation &op);
  /// Tells that `value` has no name, because its op could not be written.
  void leaveOut(mlir::Value value) { names.try_emplace(value, ""); }

  /// The name of a value of the block or of those around it; what is an initializer comes into being here.
  std::string getName(mlir::Value value);
  void setName(mlir::Value value, llvm::StringRef name) { names[value] = name.str(); }
  /// The name that the node which computes `value` should give it.
  void wishName(mlir::Value value, llvm::StringRef name) { wishes[value] = name.str(); }
  /// Tells that `value` is now computed under `name`; the node's result gets the name that was wished for.
  void finish(mlir::Value value, const std::string &name);
  /// A name that no tensor has yet, like `name`.
  std::string makeName(llvm::StringRef name);

  /// Adds a node of the type NAME, or DOMAIN.NAME; its results get names of their own, derived from the name of the
  /// current op.
  Names addNode(llvm::StringRef type, llvm::ArrayRef<std::string> inputs, unsigned resultCount,
                NodeAttributes attributes = {});
  /// The same with one result.
  std::string add(llvm::StringRef type, llvm::ArrayRef<std::string> inputs, NodeAttributes attributes = {}) {
    return addNode(type, inputs, 1, std::move(attributes)).front();
  }

  /// Tells that a node needs an operator set.
  void requireOpset(int64_t version) { scope.opset = std::max(scope.opset, version); }

  /// Constants as initializers; equal ones are one.
  std::string makeInts(llvm::ArrayRef<int64_t> values);
  std::string makeInt(int64_t value);
  /// One number of rank 0.
  std::string makeScalar(double value, mlir::Type elementType);
  std::string makeConstant(mlir::ElementsAttr value);

  /// An extent, or extents, as i64 of rank 1; computed where they depend on symbols.
  std::string makeExtent(mlir::AffineExpr extent);
  std::string makeShape(llvm::ArrayRef<mlir::AffineExpr> extents);
  llvm::ArrayRef<mlir::AffineExpr> getDims(mlir::Value value) const { return shapes.getDims(value); }

  /// `value` in the shape of `like`; at most one extent is left to ONNX to infer.
  std::string reshape(const std::string &value, mlir::Value like);

  /// Describes an input or output of a graph.
  void describe(onnx::ValueInfoProto &info, llvm::StringRef name, mlir::Type type,
                llvm::ArrayRef<mlir::AffineExpr> dims);

  ModelScope &getScope() { return scope; }
  onnx::GraphProto &getGraph() { return graph; }

private:
  bool decides(mlir::AffineExpr extent);
  std::string computeExtent(mlir::AffineExpr extent);

  ModelScope &scope;
  onnx::GraphProto &graph;
  mlir::Block &block;
  const SymbolicShapes &shapes;
  GraphWriter *outer;
  llvm::DenseMap<mlir::Value, std::string> names, wishes;
  llvm::DenseMap<mlir::AffineExpr, std::string> extents;
  std::string layer; ///< name of the current op
};

} // namespace dlc::onnx_export

#endif // DLC_FORMATS_ONNX_GRAPHWRITER_H
