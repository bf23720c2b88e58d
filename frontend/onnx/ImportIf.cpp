// SPDX-License-Identifier: Apache-2.0
// If: the branch that is taken where the condition is known, otherwise both, of which a run takes one.
#include "frontend/onnx/DecidedBounds.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/ExtentAlgebra.h"
#include "ir/ExtentDescription.h"
#include "ir/IfBuilder.h"
#include "ir/OpsSize.h"
#include "ir/TensorDescription.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// What one branch gives: its results, and the graph values of the tensors in them, those of sequences one by one.
struct Branch {
  Region *region = nullptr;
  SmallVector<Tensor *> results;
  SmallVector<Value> values;
  SmallVector<Value> counts; ///< the extents of `values` in which the branches differ, each a tensor<i64>
  SmallVector<std::optional<size_t>> leastRanks; ///< of results that got dimensions of extent 1, see Tensor
};

/// An extent of a value in which the branches differ: the larger of their bounds in the program's memory.
struct Decided {
  size_t value;
  int64_t dim;
  AffineExpr bound;
};

/// Appends the graph values of `tensor`; false after an error.
bool materializeAll(NodeImporter &node, Tensor &tensor, SmallVectorImpl<Value> &values) {
  if (tensor.elements)
    return llvm::all_of(*tensor.elements, [&](Tensor *element) { return materializeAll(node, *element, values); });
  if (Value value = node.materializeResult(tensor, "branch"))
    values.push_back(value);
  return !node.hasFailed();
}

/// Whether two results are sequences of as many elements, of which those of a number that only a run knows are the
/// same, optional values that are both there, or both tensors.
bool haveSameForm(const Tensor &a, const Tensor &b) {
  if (!a.elements || !b.elements)
    return a.elements.has_value() == b.elements.has_value();
  return a.isOptional == b.isOptional && a.leading == b.leading && a.elements->size() == b.elements->size() &&
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
    AffineExpr count = elementCount(node.getDims(0), node.getContext()), one = node.extent(1);
    if (!mayBeEqual(count, one)) {
      node.error() << "needs a condition of one element";
      return;
    }
    if (constantDim(count) != 1)
      node.expectInRun(ExtentRelation::Equal, count, one);
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
      for (const Branch &branch : branches)
        if (branch.region)
          importer.forget(*branch.region);
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
      Branch &branch = branches[number];
      branch.region = importer.getBuilder().getInsertionBlock()->getParent();
      size_t checks = importer.countExtentChecks();
      FailureOr<SmallVector<Tensor *>> results = importer.importSubgraph(*graph, node.getScope());
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
      both.setChecks(number, importer.takeExtentChecks(checks, branch.region));
    }
    return areMade;
  }

  void finish(IfBuilder &both, MutableArrayRef<Branch> branches, bool areMade, const KnownValue *known) {
    if (!areMade) {
      node.markFailed();
      return;
    }
    alignRanks(branches);
    SmallVector<Decided> decided = padToLarger(branches);
    if (std::string difference = findDifference(branches[0], branches[1]); !difference.empty()) {
      node.error() << difference;
      return;
    }
    SmallVector<Type> types(ValueRange(branches[0].values).getTypes());
    llvm::append_range(types, ValueRange(branches[0].counts).getTypes());
    SmallVector<Value> made(both.finish(types));
    for (auto [value, like] : llvm::zip(made, branches[0].values))
      importer.setDims(value, Dims(node.getDims(like)));
    cutToDecided(made, decided);
    const Value *next = made.begin();
    for (auto [i, onTrue, onFalse] : llvm::enumerate(branches[0].results, branches[1].results))
      setResult(i, *onTrue, *onFalse, next, known, branches[0].leastRanks[i]);
  }

  /// Gives results of a smaller rank in one branch the leading extents of 1 that they have in the other.
  void alignRanks(MutableArrayRef<Branch> branches) {
    branches[0].leastRanks.resize(branches[0].results.size());
    bool areTensors = llvm::all_of(branches, [](const Branch &branch) {
      return llvm::none_of(branch.results, [](Tensor *result) { return result->elements.has_value(); });
    });
    if (!areTensors || branches[0].values.size() != branches[1].values.size())
      return;
    for (size_t i = 0; i < branches[0].values.size(); ++i) {
      bool isFirst = node.getDims(branches[0].values[i]).size() < node.getDims(branches[1].values[i]).size();
      Branch &smaller = branches[isFirst ? 0 : 1], &larger = branches[isFirst ? 1 : 0];
      ArrayRef<AffineExpr> few = node.getDims(smaller.values[i]), many = node.getDims(larger.values[i]);
      ArrayRef<AffineExpr> added = many.drop_back(few.size());
      if (added.empty() || !llvm::all_of(added, [](AffineExpr extent) { return constantDim(extent) == 1; }))
        continue;
      branches[0].leastRanks[i] = few.size();
      OpBuilder::InsertionGuard atEnd(importer.getBuilder());
      Operation *end = smaller.region->front().getTerminator();
      importer.getBuilder().setInsertionPoint(end);
      Dims target(added);
      llvm::append_range(target, few);
      smaller.values[i] = node.reshape(smaller.values[i], target);
      end->setOperand(i, smaller.values[i]);
    }
  }

  /// Pads values of the branches that differ in extents only to the larger of their bounds, and lets the branches give
  /// these extents, too. Leaves those alone that nothing bounds.
  SmallVector<Decided> padToLarger(MutableArrayRef<Branch> branches) {
    SmallVector<Decided> decided;
    size_t count = std::min(branches[0].values.size(), branches[1].values.size());
    for (size_t i = 0; i < count; ++i) {
      Value values[] = {branches[0].values[i], branches[1].values[i]};
      Dims extents[] = {Dims(node.getDims(values[0])), Dims(node.getDims(values[1]))}, larger = extents[0];
      if (getElementTypeOrSelf(values[0]) != getElementTypeOrSelf(values[1]) || extents[0].size() != extents[1].size())
        continue;
      SmallVector<int64_t> differing;
      bool isBounded = true;
      for (size_t dim = 0; dim < larger.size(); ++dim) {
        if (normalizeExtent(extents[0][dim]) == normalizeExtent(extents[1][dim]))
          continue;
        AffineExpr a = boundAround(node, extents[0][dim], *branches[0].region),
                   b = boundAround(node, extents[1][dim], *branches[1].region);
        isBounded &= a && b;
        if (isBounded)
          larger[dim] = maximumExtent(a, b);
        differing.push_back(dim);
      }
      if (!isBounded || differing.empty())
        continue;
      for (int64_t dim : differing)
        decided.push_back({i, dim, larger[dim]});
      for (auto [branch, value, own] : llvm::zip(branches, values, extents)) {
        OpBuilder::InsertionGuard atEnd(importer.getBuilder());
        importer.getBuilder().setInsertionPoint(branch.region->front().getTerminator());
        for (int64_t dim : differing)
          branch.counts.push_back(node.createInteger(node.getBuilder().getI64Type(), own[dim]));
        if (own != larger)
          branch.values[i] = node.padTo(value, larger);
      }
    }
    for (Branch &branch : branches) {
      SmallVector<Value> results(branch.values);
      llvm::append_range(results, branch.counts);
      if (!node.hasFailed() && !decided.empty())
        branch.region->front().getTerminator()->setOperands(results);
    }
    return decided;
  }

  /// Lets the results in `made`, which the extents in `decided` follow, have the extents that the run decides.
  void cutToDecided(SmallVectorImpl<Value> &made, ArrayRef<Decided> decided) {
    size_t firstCount = made.size() - decided.size();
    for (size_t i = 0; i < decided.size();) {
      size_t value = decided[i].value;
      Dims extents(node.getDims(made[value]));
      for (; i < decided.size() && decided[i].value == value; ++i) {
        importer.setDims(made[firstCount + i], {});
        extents[decided[i].dim] = node.readBack(made[firstCount + i], decided[i].bound);
      }
      made[value] = node.cutTo(made[value], extents);
    }
  }

  /// The branch that runs take in which extents are large, and differ: no extent counts as 1 that is not declared so.
  /// Every run checks that it takes this one.
  void takeUsual(ArrayRef<const onnx::GraphProto *> graphs, AffineExpr condition) {
    SmallVector<AffineExpr> usual;
    constexpr int64_t large = 1009, apart = 14;
    for (size_t i = 0; i < importer.getSymbolNames().size(); ++i)
      usual.push_back(node.extent(large + apart * static_cast<int64_t>(i)));
    bool isTrue = constantDim(condition.replaceSymbols(usual)).value_or(0) != 0;
    std::string name = node.describeNode();
    importer.noteUsualBranch(name);
    if (importer.takesOtherBranch(name))
      isTrue = !isTrue;
    node.expectInRun(ExtentRelation::Equal, condition, node.extent(isTrue));
    takeKnown(*graphs[isTrue ? 0 : 1]);
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
               " in the other, which is not supported: both must give one element type, one rank, and extents that are "
               "the same or bounded by what is known before";
    }
    return "";
  }

  std::string describe(Value value) {
    return describeType(getElementTypeOrSelf(value)) + describeExtents(node.getDims(value), importer.getSymbolNames());
  }

  /// What a run takes from `next` on, the values of results that are not known, of the form of `onTrue`.
  Tensor *makeTensor(const Tensor &onTrue, const Tensor &onFalse, const Value *&next) {
    Tensor *tensor = importer.createTensor("a result of " + node.describeNode());
    if (onTrue.elements) {
      tensor->elements.emplace();
      tensor->isOptional = onTrue.isOptional;
      tensor->leading = onTrue.leading;
      for (auto [a, b] : llvm::zip(*onTrue.elements, *onFalse.elements))
        tensor->elements->push_back(makeTensor(*a, *b, next));
      return tensor;
    }
    tensor->value = *next++;
    tensor->elementType = onTrue.elementType;
    tensor->dims = Dims(node.getDims(tensor->value));
    return tensor;
  }

  void setResult(size_t i, Tensor &onTrue, Tensor &onFalse, const Value *&next, const KnownValue *condition,
                 std::optional<size_t> leastRank) {
    Tensor *tensor = makeTensor(onTrue, onFalse, next);
    if (tensor->elements) {
      node.setTensor(i, tensor);
      return;
    }
    std::optional<KnownValue> known = leastRank ? std::nullopt : choose(onTrue, onFalse, condition);
    if (known)
      node.setKnown(i, std::move(*known));
    else
      node.setResult(i, tensor->value);
    if (Tensor *result = node.getResult(i))
      result->leastRank = leastRank;
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
