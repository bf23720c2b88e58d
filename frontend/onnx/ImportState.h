// SPDX-License-Identifier: Apache-2.0
/// \file
/// The state of one import: names in scope, the module that grows, extents. Importers of nodes work on it.
#ifndef DLC_FRONTEND_ONNX_IMPORTSTATE_H
#define DLC_FRONTEND_ONNX_IMPORTSTATE_H

#include "frontend/Import.h"
#include "frontend/onnx/KnownValue.h"
#include "frontend/onnx/ModelFile.h"
#include "ir/Annotations.h"
#include "ir/DlcDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"
#include <deque>
#include <map>

namespace dlc::onnx_import {

/// A tensor of the model while it is imported. It is a graph value, a constant, a known value, or several of these:
/// constants become graph values when an op first reads them as such. A sequence or an optional value has elements
/// instead.
struct Tensor {
  std::string name;
  mlir::Type elementType;
  Dims dims;
  mlir::Value value;                       ///< null until an op reads it
  ConstantTensor constant;                 ///< null where it is not a constant
  std::shared_ptr<const KnownValue> known; ///< null where its elements are not followed
  /// Its tensors where it is a sequence, or the one or none of an optional value. Both exist while importing only.
  std::optional<llvm::SmallVector<Tensor *>> elements;
  /// Of a sequence: what is before `elements`, the rows of one tensor (OpenSequence.h); null where nothing is.
  Tensor *leading = nullptr;
  bool isOptional = false;
  /// Its rank in runs that take another branch: there it lacks the leading dimensions, of extent 1, that it has more.
  std::optional<size_t> leastRank;
  bool isInitializer = false;                ///< of the graph: training may change it
  const onnx::NodeProto *producer = nullptr; ///< the node of the graph that computes it
  bool isFollowed = false, isRead = false;   ///< whether followElements and readElements have looked at it
  bool hasFailed = false;                    ///< its node could not be imported; what reads it is skipped silently
};

using AttributeMap = llvm::StringMap<const onnx::AttributeProto *>;

/// Names of one graph, function body or subgraph.
struct Scope {
  const Scope *parent = nullptr; ///< whose names a subgraph sees
  llvm::StringMap<Tensor *> tensors;
  llvm::StringMap<int64_t> opsets;                  ///< by domain; the default one is ""
  const AttributeMap *functionAttributes = nullptr; ///< in a function's body: what its call gives
  std::string prefix;                               ///< of node names in a function's body: the call's name and '/'

  Tensor *lookup(llvm::StringRef name) const {
    for (const Scope *scope = this; scope; scope = scope->parent)
      if (Tensor *found = scope->tensors.lookup(name))
        return found;
    return nullptr;
  }
};

class ImportState {
public:
  virtual ~ImportState() = default;

  mlir::OpBuilder &getBuilder() { return builder; }
  mlir::MLIRContext *getContext() { return builder.getContext(); }
  mlir::Location getFileLocation() { return file->getLocation(); }
  ModelFile &getFile() { return *file; }

  /// Whether attributes come from a format that does not tell integers from other numbers and names element types.
  bool hasPlainAttributes() const { return plainAttributes; }
  /// Whether training is added to the graph: what differs in training is marked.
  bool isTrained() const { return options.isTrained; }
  void noteLackOfExtents() { needsExtents = true; }
  /// A `Squeeze` without axes keeps a dimension because `extent` is symbolic.
  void noteKeptBySqueeze(mlir::AffineExpr extent);
  /// The symbols whose dimensions such nodes would remove if they were 1.
  llvm::ArrayRef<std::string> getSymbolsKeptBySqueeze() const { return keptBySqueeze; }
  Tensor *createTensor(llvm::StringRef name);
  /// The graph value of `tensor`, which is made if need be. Elements that depend on symbolic extents are computed in
  /// every run.
  mlir::Value materialize(Tensor &tensor, mlir::Location location);
  /// The elements of `tensor` if they are known and few.
  const KnownValue *getKnown(Tensor &tensor);
  /// The elements of `tensor` as expressions of extents and of elements of small integer inputs, which a run reads
  /// before it starts; null if they are computed from others. Nodes are followed only where somebody asks.
  virtual const KnownValue *followElements(Tensor &tensor) { return getKnown(tensor); }
  /// The same, where what other tensors' elements decide is read back while the run goes on: integers, few of them.
  virtual const KnownValue *readElements(Tensor &tensor) { return getKnown(tensor); }
  /// Whether `expr` depends on an element of a tensor, not on extents alone.
  bool readsElements(mlir::AffineExpr expr);
  /// The numbers that `extent` is computed from, by their first symbols, if each is given and not computed from others
  /// itself: an extent or an element of an input of the model, or what a run has read back where the builder is. Else
  /// nothing.
  std::map<unsigned, mlir::AffineExpr> findGivenNumbers(mlir::AffineExpr extent);
  /// Whether `tensor` is a weight that may get another value later, so that nodes must not be evaluated on this one.
  bool mayBeReplaced(const Tensor &tensor) const {
    return (options.replacesWeights || options.isTrained) && tensor.isInitializer &&
           llvm::isa<mlir::FloatType>(tensor.elementType);
  }

  /// Empty for a null value, which a failed node gives.
  llvm::ArrayRef<mlir::AffineExpr> getDims(mlir::Value value) const {
    auto found = dims.find(value);
    assert((found != dims.end() || !value) && "every value has extents");
    return found == dims.end() ? llvm::ArrayRef<mlir::AffineExpr>() : llvm::ArrayRef(found->second);
  }
  /// What the model calls the symbols of extents.
  std::vector<std::string> getSymbolNames() const;
  /// The extent that data decides: the value of `count`, a `tensor<i64>` of the graph, which is at most `bound`
  /// (null: 2^31 - 1). One extent for each count.
  mlir::AffineExpr readBack(mlir::Value count, mlir::AffineExpr bound, mlir::Location location,
                            llvm::StringRef name = "");
  /// Whether ops at the builder's position can read `value`.
  bool isVisible(mlir::Value value);
  /// Lets the choices called `names` take the branch that they would not take by themselves (see takeUsual).
  void takeOtherBranches(const llvm::StringSet<> &names) { otherBranches = names; }
  bool takesOtherBranch(llvm::StringRef name) const { return otherBranches.contains(name); }
  /// Notes that the choice called `name` takes the branch that runs of large extents take.
  void noteUsualBranch(llvm::StringRef name) { usualBranches.push_back(name.str()); }
  llvm::ArrayRef<std::string> getUsualBranches() const { return usualBranches; }
  /// Where the true elements of a tensor are, if they have been searched before; else null, to be set (see findTrue).
  mlir::Value &getFoundPositions(mlir::Value mask) { return foundPositions[mask]; }
  /// A `dlc.shape` of the extents `dims`, in the graph.
  mlir::Value createShape(llvm::ArrayRef<mlir::AffineExpr> dims, mlir::Location location);
  /// Adds to the `dlc.extent_checks` of the graph, or to those of the branch that is being imported.
  void addExtentCheck(ExtentRelation relation, mlir::AffineExpr extent, mlir::AffineExpr other,
                      mlir::Location location);
  /// How many checks have been added so far.
  size_t countExtentChecks() const { return extentChecks.size(); }
  /// Takes those back that have been added since there were `count`, as the graph or a branch notes them; null if there
  /// are none. Those of extents that `branch` itself decides stay: they are checked where a run has read the extent.
  ExtentChecksAttr takeExtentChecks(size_t count, mlir::Region *branch = nullptr);
  /// Whether `expr` depends on an extent that data decides inside `region`.
  bool isDecidedIn(mlir::AffineExpr expr, mlir::Region &region);
  void setDims(mlir::Value value, Dims extents) { dims[value] = std::move(extents); }
  /// Forgets the values of `region`, which its op is about to be erased with: others may have their addresses later.
  void forget(mlir::Region &region);

  /// Imports a subgraph in place, as the body of a branch that is always taken, or with `inputs` as its inputs; its
  /// results in order. Fails silently where a node failed, which was reported.
  virtual mlir::FailureOr<llvm::SmallVector<Tensor *>>
  importSubgraph(const onnx::GraphProto &graph, const Scope &parent, llvm::ArrayRef<Tensor *> inputs = {}) = 0;

protected:
  ImportState(std::shared_ptr<ModelFile> file, mlir::MLIRContext *context, const ImportOptions &options)
      : file(std::move(file)), options(options), builder(context) {}

  /// Lets the builder insert before the loops and branches that it is in, as far as what is `read` is known there; the
  /// caller's guard restores it.
  void leaveControlFlow(mlir::ValueRange read);
  /// Notes `value`, which has the extents `extents`, as a tensor whose extents tell the symbols among them.
  void addSymbolInput(mlir::Value value, const Dims &extents);
  /// Inputs whose extents tell the symbols of `exprs`, and `exprs` over the extents of these inputs.
  std::pair<llvm::SmallVector<mlir::Value>, mlir::AffineMap> expressByInputs(llvm::ArrayRef<mlir::AffineExpr> exprs);
  mlir::Value computeElements(const KnownValue &value, mlir::Location location);
  /// `extent`, or, if it is a large expression, a symbol for what a run computes for it.
  mlir::AffineExpr nameIfLarge(mlir::AffineExpr extent, mlir::Location location);

  std::shared_ptr<ModelFile> file;
  const ImportOptions &options;
  bool needsExtents = false, plainAttributes = false;
  llvm::SmallVector<std::string> keptBySqueeze, usualBranches;
  llvm::StringSet<> otherBranches;
  mlir::OpBuilder builder;
  mlir::func::FuncOp entry;
  std::deque<Tensor> tensors;
  llvm::DenseMap<mlir::Value, Dims> dims;
  llvm::StringMap<mlir::AffineExpr> symbols;
  struct ExtentCheck {
    ExtentRelation relation;
    std::string what;
    mlir::AffineExpr extent, other;
  };
  llvm::SmallVector<ExtentCheck> extentChecks;
  llvm::DenseMap<mlir::Value, mlir::AffineExpr> readbacks;  ///< by their counts
  llvm::DenseMap<mlir::AffineExpr, mlir::AffineExpr> names; ///< of large extents, which are read back
  llvm::DenseMap<mlir::Value, mlir::Value> foundPositions;  ///< by the tensor of booleans
  llvm::SmallVector<mlir::Value> symbolInputs;              ///< by a symbol's number: an input with that extent
};

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_IMPORTSTATE_H
