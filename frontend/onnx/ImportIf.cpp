// SPDX-License-Identifier: Apache-2.0
// If: the branch that is taken where the condition is known, otherwise both, of which a run takes one.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/ExtentAlgebra.h"
#include "ir/ExtentDescription.h"
#include "ir/IfBuilder.h"
#include "ir/TensorDescription.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// What one branch gives: its results, and the graph values of the tensors in them, those of sequences one by one.
struct Branch {
  SmallVector<Tensor *> results;
  SmallVector<Value> values;
};

/// Appends the graph values of `tensor`; false after an error.
bool materializeAll(NodeImporter &node, Tensor &tensor, SmallVectorImpl<Value> &values) {
  if (tensor.elements)
    return llvm::all_of(*tensor.elements, [&](Tensor *element) { return materializeAll(node, *element, values); });
  if (Value value = node.materializeResult(tensor, "branch"))
    values.push_back(value);
  return !node.hasFailed();
}

/// Whether two results are sequences of as many elements, optional values that are both there, or both tensors.
bool haveSameForm(const Tensor &a, const Tensor &b) {
  if (!a.elements || !b.elements)
    return a.elements.has_value() == b.elements.has_value();
  return a.isOptional == b.isOptional && a.elements->size() == b.elements->size() &&
         llvm::all_of(llvm::zip(*a.elements, *b.elements),
                      [](auto pair) { return haveSameForm(*std::get<0>(pair), *std::get<1>(pair)); });
}

class IfImporter {
public:
  explicit IfImporter(NodeImporter &node) : node(node), importer(node.getImporter()) {}

  void run() {
    if (!node.expectOperands(1, 1) || !expectElements(node, 0, ElementClass::Bool))
      return;
    const onnx::GraphProto *graphs[] = {node.getGraph("then_branch"), node.getGraph("else_branch")};
    if (node.hasFailed())
      return;
    if (!graphs[0] || !graphs[1]) {
      node.error() << "lacks a branch";
      return;
    }
    if (std::optional<int64_t> count = constantDim(elementCount(node.getDims(0), node.getContext())); count != 1) {
      node.error() << "needs a condition of one element";
      return;
    }
    const KnownValue *condition = node.getKnown(0);
    if (condition && condition->isConstant())
      takeKnown(*graphs[condition->elements.front().asReal() != 0 ? 0 : 1]);
    else
      takeBoth(graphs, condition);
  }

private:
  bool hasCount(size_t count) {
    if (static_cast<int64_t>(count) != node.getNumResults())
      node.error() << "has " << node.getNumResults() << " results, its branch gives " << count;
    return !node.hasFailed();
  }

  void takeKnown(const onnx::GraphProto &graph) {
    FailureOr<SmallVector<Tensor *>> results = importer.importSubgraph(graph, node.getScope());
    if (failed(results)) {
      node.markFailed();
      return;
    }
    if (hasCount(results->size()))
      for (auto [i, tensor] : llvm::enumerate(*results))
        node.setTensor(i, tensor);
  }

  void takeBoth(ArrayRef<const onnx::GraphProto *> graphs, const KnownValue *known) {
    Value condition = node.reshape(node.getOperand(0), {});
    if (node.hasFailed())
      return;
    AffineExpr follows = known ? known->elements.front().expression : AffineExpr();
    bool dependsOnExtents = follows && !importer.readsElements(follows);
    std::vector<Diagnostic> reported;
    {
      IfBuilder both(importer.getBuilder(), node.getLocation(), condition);
      Branch branches[2];
      bool areMade = importBranches(graphs, both, branches, reported);
      if (areMade && !findDifference(branches[0], branches[1]).empty() && dependsOnExtents)
        areMade = false;
      if (areMade || !dependsOnExtents || node.hasFailed()) {
        for (Diagnostic &diagnostic : reported)
          node.getContext()->getDiagEngine().emit(std::move(diagnostic));
        finish(both, branches, areMade, known);
        return;
      }
    }
    takeUsual(graphs, follows);
  }

  /// Imports both branches; what is wrong in one is reported though the other be wrong, too. Fails where a node failed.
  bool importBranches(ArrayRef<const onnx::GraphProto *> graphs, IfBuilder &both, MutableArrayRef<Branch> branches,
                      std::vector<Diagnostic> &reported) {
    ScopedDiagnosticHandler keep(node.getContext(), [&](Diagnostic &diagnostic) {
      reported.push_back(std::move(diagnostic));
      return success();
    });
    bool areMade = true;
    for (auto [number, graph] : llvm::enumerate(graphs)) {
      both.enter(number);
      Region *region = importer.getBuilder().getInsertionBlock()->getParent();
      size_t checks = importer.countExtentChecks();
      FailureOr<SmallVector<Tensor *>> results = importer.importSubgraph(*graph, node.getScope());
      Branch &branch = branches[number];
      if (succeeded(results)) {
        branch.results = std::move(*results);
        areMade = hasCount(branch.results.size()) && areMade;
        areMade = llvm::all_of(branch.results,
                               [&](Tensor *tensor) { return materializeAll(node, *tensor, branch.values); }) &&
                  areMade;
      } else {
        areMade = false;
      }
      both.endBranch(branch.values);
      both.setChecks(number, importer.takeExtentChecks(checks, region));
    }
    return areMade;
  }

  void finish(IfBuilder &both, ArrayRef<Branch> branches, bool areMade, const KnownValue *known) {
    if (!areMade) {
      node.markFailed();
      return;
    }
    if (std::string difference = findDifference(branches[0], branches[1]); !difference.empty()) {
      node.error() << difference;
      return;
    }
    SmallVector<Type> types;
    for (Value onTrue : branches[0].values)
      types.push_back(onTrue.getType());
    ResultRange made = both.finish(types);
    ResultRange::iterator next = made.begin();
    for (auto [i, onTrue, onFalse] : llvm::enumerate(branches[0].results, branches[1].results))
      setResult(i, *onTrue, *onFalse, next, known);
  }

  /// The branch that runs take in which extents are large, and differ: no extent counts as 1 that is not declared so.
  /// Every run checks that it takes this one.
  void takeUsual(ArrayRef<const onnx::GraphProto *> graphs, AffineExpr condition) {
    SmallVector<AffineExpr> usual;
    constexpr int64_t large = 1009, apart = 14;
    for (size_t i = 0; i < importer.getSymbolNames().size(); ++i)
      usual.push_back(node.extent(large + apart * static_cast<int64_t>(i)));
    AffineExpr taken = condition.replaceSymbols(usual);
    node.expectInRun(ExtentRelation::Equal, condition, node.extent(constantDim(taken).value_or(0)));
    takeKnown(*graphs[constantDim(taken).value_or(0) != 0 ? 0 : 1]);
  }

  /// How the types and extents of what the branches give differ; empty if they do not.
  std::string findDifference(const Branch &onTrue, const Branch &onFalse) {
    for (auto [i, a, b] : llvm::enumerate(onTrue.results, onFalse.results))
      if (!haveSameForm(*a, *b))
        return "result " + std::to_string(i) +
               " is a sequence or an optional value whose length depends on the branch, which is not supported";
    for (auto [a, b] : llvm::zip(onTrue.values, onFalse.values)) {
      bool isSame =
          getElementTypeOrSelf(a) == getElementTypeOrSelf(b) && node.getDims(a).size() == node.getDims(b).size();
      for (auto [extent, other] : llvm::zip(node.getDims(a), node.getDims(b)))
        isSame = isSame && normalizeExtent(extent) == normalizeExtent(other);
      if (!isSame)
        return "has a result that is " + describe(a) + " in one branch and " + describe(b) +
               " in the other, which is not supported: both must give the same extents";
    }
    return "";
  }

  std::string describe(Value value) {
    return describeType(getElementTypeOrSelf(value)) + describeExtents(node.getDims(value), importer.getSymbolNames());
  }

  /// What a run takes from `next` on, the values of results that are not known, of the form of `onTrue`.
  Tensor *makeTensor(const Tensor &onTrue, const Tensor &onFalse, ResultRange::iterator &next) {
    Tensor *tensor = importer.createTensor("a result of " + node.describeNode());
    if (onTrue.elements) {
      tensor->elements.emplace();
      tensor->isOptional = onTrue.isOptional;
      for (auto [a, b] : llvm::zip(*onTrue.elements, *onFalse.elements))
        tensor->elements->push_back(makeTensor(*a, *b, next));
      return tensor;
    }
    tensor->value = *next++;
    tensor->elementType = onTrue.elementType;
    tensor->dims = onTrue.dims;
    importer.setDims(tensor->value, onTrue.dims);
    return tensor;
  }

  void setResult(size_t i, Tensor &onTrue, Tensor &onFalse, ResultRange::iterator &next, const KnownValue *condition) {
    Tensor *tensor = makeTensor(onTrue, onFalse, next);
    if (tensor->elements) {
      node.setElements(i, *tensor->elements, tensor->isOptional);
      return;
    }
    std::optional<KnownValue> known = choose(onTrue, onFalse, condition);
    if (known)
      node.setKnown(i, std::move(*known));
    else
      node.setResult(i, tensor->value);
  }

  /// The elements of a result, where both branches give known ones that are the same or that extents choose from.
  std::optional<KnownValue> choose(Tensor &onTrue, Tensor &onFalse, const KnownValue *condition) {
    if (onTrue.elements || importer.mayBeReplaced(onTrue) || importer.mayBeReplaced(onFalse))
      return std::nullopt;
    const KnownValue *a = importer.getKnown(onTrue), *b = importer.getKnown(onFalse);
    if (!a || !b || a->elements.size() != b->elements.size())
      return std::nullopt;
    KnownValue chosen = *a;
    for (auto [element, other] : llvm::zip(chosen.elements, b->elements)) {
      if (element == other)
        continue;
      if (!condition || !element.expression || !other.expression || element.divisor != 1 || other.divisor != 1)
        return std::nullopt;
      element =
          KnownElement(chooseExtent(condition->elements.front().expression, element.expression, other.expression));
    }
    return chosen;
  }

  NodeImporter &node;
  ImportState &importer;
};

} // namespace

void registerIf(OpRegistry &registry) {
  registry.add("If", 1, [](NodeImporter &node) { IfImporter(node).run(); });
  registry.noteBody("If");
}

} // namespace dlc::onnx_import
