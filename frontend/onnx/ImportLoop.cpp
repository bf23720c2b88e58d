// SPDX-License-Identifier: Apache-2.0
// Loop: a subgraph that runs a number of times, or while a condition holds, becomes a loop over time. Sequences to
// which its steps append elements are stacked as scan outputs are, and so is what they append to tensors. Where it
// carries sequences and the number of steps is known and small, it is unrolled, so that steps may change sequences in
// any way.
#include "frontend/onnx/GrowingStates.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/LoopBody.h"
#include "frontend/onnx/LoopCounter.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/OpenSequence.h"
#include "frontend/onnx/TensorFormula.h"
#include "ir/ExtentAlgebra.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsLogic.h"
#include "ir/OpsMovement.h"
#include "ir/TensorDescription.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// More steps than this are not written out one by one.
constexpr int64_t mostUnrolled = 256;
constexpr StringRef appending = "appends elements to a sequence in steps of a number that only a run knows";
/// As many steps as there are where nothing limits them.
constexpr int64_t unlimited = std::numeric_limits<int64_t>::max();

class LoopImporter {
public:
  explicit LoopImporter(NodeImporter &node) : node(node), importer(node.getImporter()) {}

  void run() {
    body = node.getGraph("body");
    if (!node.hasFailed() && !body)
      node.error() << "lacks its body";
    if (node.hasFailed() || !readOperands())
      return;
    hasSequences = llvm::any_of(loopCarried, [](Tensor *tensor) { return tensor->elements.has_value(); });
    if (hasSequences && canUnroll()) {
      unroll();
      return;
    }
    growing = findGrowingStates(*body, loopCarried);
    hasSequences |= llvm::any_of(growing, [](const auto &axis) { return axis.has_value(); });
    importSteps();
  }

private:
  bool readOperands() {
    for (int64_t i = 2; i < node.getNumOperands(); ++i) {
      if (!node.hasOperand(i)) {
        node.error() << "lacks operand " << i;
        return false;
      }
      loopCarried.push_back(node.getTensor(i));
    }
    scanOutputCount = body->output_size() - 1 - static_cast<int64_t>(loopCarried.size());
    if (body->input_size() != static_cast<int>(loopCarried.size()) + 2 || scanOutputCount < 0) {
      node.error()
          << "has " << loopCarried.size() << " loop-carried values, and its body has " << body->input_size()
          << " inputs and " << body->output_size()
          << " outputs: it takes the step's number, a condition and these values, and gives a condition, these "
             "values and scan outputs";
      return false;
    }
    if (node.hasOperand(0) && (!expectElements(node, 0, ElementClass::Integer) || !hasOneElement(0)))
      return false;
    return !node.hasOperand(1) || (expectElements(node, 1, ElementClass::Bool) && hasOneElement(1));
  }

  bool hasOneElement(int64_t i) {
    if (constantDim(elementCount(node.getDims(i), node.getContext())) != 1)
      node.error() << "takes one element as operand " << i;
    return !node.hasFailed();
  }

  /// The element of operand `i` where it is known while importing.
  std::optional<int64_t> getConstant(int64_t i) {
    const KnownValue *known = node.getKnown(i);
    if (!known || !known->isConstant())
      return std::nullopt;
    return static_cast<int64_t>(constantDim(known->elements.front().expression).value_or(0));
  }

  Tensor *makeKnown(StringRef name, Type type, int64_t value) {
    Tensor *tensor = importer.createTensor(name);
    tensor->elementType = type;
    tensor->known = std::make_shared<KnownValue>(KnownValue{type, {}, {KnownElement(node.extent(value))}});
    return tensor;
  }

  /// The condition as a step sees it: it runs, so the condition holds.
  Tensor *makeCondition() { return makeKnown(body->input(1).name(), node.getBuilder().getI1Type(), 1); }

  //===-- Steps as a loop ---------------------------------------------------===//

  /// How many steps there are: a number, or those of a scan input; at most `limit` of them run, if that is not null.
  struct Steps {
    std::optional<int64_t> count;
    Value scanInput, limit;
    AffineExpr extent; ///< of scan outputs; null where only a run knows it
  };

  /// Lets the loop have `extent` steps.
  void takeExtent(Steps &steps, AffineExpr extent) {
    steps.count.reset();
    steps.extent = normalizeExtent(extent);
    steps.scanInput = node.countTo(steps.extent);
  }

  /// Only the graph may read extents back.
  bool isOfGraph() { return llvm::isa<mlir::func::FuncOp>(node.getBuilder().getInsertionBlock()->getParentOp()); }

  /// Lets the loop have as many steps as its limit, or none where its condition does not hold before the first step:
  /// the run reads the number when it is computed.
  void readSteps(Steps &steps, bool starts) {
    Term limit(node, steps.limit), none = limit.number(0);
    limit = limit.max(none).min(limit.number(std::numeric_limits<int32_t>::max()));
    if (!starts)
      limit = Term(node, node.reshape(node.getOperand(1), {})).choose(limit, none);
    AffineExpr count = node.readBack(limit, steps.extent);
    steps.limit = {};
    if (count)
      takeExtent(steps, count);
  }

  /// The scan outputs `made` of a loop that ended after `count` of its steps: what they have written.
  SmallVector<Value> cutScanOutputs(ValueRange made, Value count, AffineExpr most) {
    SmallVector<Value> cut;
    AffineExpr extent = node.readBack(count, most);
    for (Value value : made) {
      if (node.hasFailed())
        return {};
      Dims sizes(node.getDims(value)), starts(sizes.size(), node.extent(0));
      sizes[0] = extent;
      cut.push_back(node.slice(value, starts, sizes, SmallVector<int64_t>(sizes.size(), 1)));
    }
    return cut;
  }

  Steps countSteps() {
    Steps steps{unlimited, {}, {}, {}};
    Builder &builder = node.getBuilder();
    std::optional<int64_t> most = node.hasOperand(0) ? getConstant(0) : unlimited,
                           starts = node.hasOperand(1) ? getConstant(1) : 1;
    // Elements that a run reads before it starts are at most 2^31 - 1, so they are asked for where extents depend on
    // them.
    const KnownValue *followed = most || !node.hasOperand(0) ? nullptr
                                 : stacks()                  ? node.followOperand(0)
                                                             : node.getKnown(0);
    if (most) {
      steps.count = std::max<int64_t>(*most, 0);
      steps.extent = *most <= INT32_MAX ? node.extent(*steps.count) : AffineExpr();
    } else if (followed && followed->elements.front().expression) {
      takeExtent(steps, atLeastZero(followed->elements.front().expression));
    } else {
      steps.limit = node.cast(node.reshape(node.getOperand(0), {}), builder.getI64Type());
    }
    if (stacks() && !steps.extent && !steps.limit)
      if (AffineExpr bound = boundByCounter(node, *body, loopCarried))
        takeExtent(steps, bound);
    if (starts == 0) {
      steps = {0, {}, {}, node.extent(0)};
    } else if (stacks() && node.hasOperand(0) && !steps.extent && isOfGraph()) {
      readSteps(steps, starts == 1);
    } else if (!starts) {
      const KnownValue *condition = steps.extent && stacks() ? node.followOperand(1) : node.getKnown(1);
      if (condition && condition->elements.front().expression && steps.extent) {
        steps.scanInput = {};
        takeExtent(steps, multiplyExtents(condition->elements.front().expression, steps.extent));
      } else if (stacks() && steps.extent && isOfGraph()) {
        steps.limit = node.createInteger(builder.getI64Type(), steps.extent);
        readSteps(steps, /*starts=*/false);
      } else {
        Value holds = node.reshape(node.getOperand(1), {});
        Value all = steps.limit ? steps.limit : node.createInteger(builder.getI64Type(), node.extent(unlimited));
        steps.limit = node.create<WhereOp>(holds, all, node.createInteger(builder.getI64Type(), node.extent(0)));
        steps.extent = {};
      }
    }
    return steps;
  }

  /// Whether slices of its steps are stacked, as scan outputs or as elements of sequences.
  bool stacks() const { return scanOutputCount > 0 || hasSequences; }

  void importSteps() {
    SmallVector<Value> initial;
    for (auto [tensor, axis] : llvm::zip(loopCarried, growing))
      if (!axis && !(tensor->elements && !tensor->isOptional) && !materializeResult(node, *tensor, initial))
        return;
    bool isScanOutputInGraph = isOfGraph();
    Steps steps = countSteps();
    if (node.hasFailed())
      return;
    LoopBuilder loop(node.getBuilder(), node.getLocation(), initial,
                     steps.scanInput ? ValueRange(steps.scanInput) : ValueRange(), /*isReverse=*/false, steps.count);
    if (steps.limit)
      loop.setLimit(steps.limit);
    SmallVector<Tensor *> inputs{makeBodyInput(node, body->input(0).name(), loop.getStep(), {}), makeCondition()};
    if (body->input(0).type().tensor_type().shape().dim_size() == 1) {
      Value number = node.reshape(loop.getStep(), {node.extent(1)});
      inputs[0] = makeBodyInput(node, body->input(0).name(), number, {node.extent(1)});
    }
    SmallVector<size_t> positions; ///< of tensors among what the loop carries
    for (auto [i, tensor] : llvm::enumerate(loopCarried)) {
      StringRef name = body->input(2 + i).name();
      if (tensor->elements || growing[i]) {
        inputs.push_back(growing[i] ? makeGrowingState(node, name, *tensor) : makeGrowingSequence(node, name));
        continue;
      }
      size_t number = positions.size();
      inputs.push_back(makeBodyInput(node, name, loop.getLoopCarried(number), Dims(node.getDims(initial[number]))));
      positions.push_back(i);
    }
    FailureOr<SmallVector<Tensor *>> results = importer.importSubgraph(*body, node.getScope(), inputs);
    if (failed(results)) {
      node.markFailed();
      return;
    }
    // First what it carries, then slices: those of scan outputs, and the elements that a step appends to a sequence.
    SmallVector<Value> values;
    for (auto [number, position] : llvm::enumerate(positions)) {
      if (!materializeResult(node, *(*results)[1 + position], values))
        return;
      values.back() = takeDeclaredExtents(values.back(), body->output(1 + position), node.getDims(initial[number]));
    }
    for (int64_t i = 1 + static_cast<int64_t>(loopCarried.size()); i < body->output_size(); ++i) {
      if (!materializeResult(node, *(*results)[i], values))
        return;
      values.back() = takeDeclaredExtents(values.back(), body->output(i), {});
    }
    for (auto [i, tensor] : llvm::enumerate(loopCarried))
      if ((tensor->elements || growing[i]) && !stackAppended(*inputs[2 + i], *(*results)[1 + i], values))
        return;
    Value stop = getStop(*results->front());
    if (node.hasFailed() || !keepsTypes(node, initial, ArrayRef(values).take_front(initial.size())) ||
        !canStack(node, ArrayRef(values).drop_front(initial.size())) ||
        !countsSlices(stop && !isScanOutputInGraph ? AffineExpr() : steps.extent))
      return;
    SmallVector<Dims> sliceDims;
    for (Value value : ArrayRef(values).drop_front(initial.size()))
      sliceDims.push_back(Dims(node.getDims(value)));
    ResultRange made =
        loop.finish(ArrayRef(values).take_front(initial.size()), ArrayRef(values).drop_front(initial.size()), stop);
    SmallVector<Value> finals;
    for (auto [i, value] : llvm::enumerate(made.take_front(values.size()))) {
      Dims dims;
      if (i < initial.size()) {
        dims = Dims(node.getDims(initial[i]));
      } else {
        dims.push_back(steps.extent);
        llvm::append_range(dims, sliceDims[i - initial.size()]);
      }
      importer.setDims(value, dims);
      finals.push_back(value);
    }
    if (stop && stacks()) {
      importer.setDims(made.back(), {});
      SmallVector<Value> cut = cutScanOutputs(ArrayRef(finals).drop_front(initial.size()), made.back(), steps.extent);
      finals.truncate(initial.size());
      llvm::append_range(finals, cut);
    }
    ArrayRef<Value> left(finals);
    for (size_t position : positions)
      node.setResult(static_cast<int64_t>(position), left.consume_front());
    for (int64_t i = 0; i < scanOutputCount; ++i)
      node.setResult(static_cast<int64_t>(loopCarried.size()) + i, left.consume_front());
    for (auto [i, tensor] : llvm::enumerate(loopCarried))
      if (tensor->elements || growing[i])
        setGrownSequence(static_cast<int64_t>(i), *tensor, *(*results)[1 + i], left);
  }

  /// Appends to `values` one tensor of the elements that a step appends to `before`, if there are any; false after an
  /// error.
  bool stackAppended(const Tensor &before, const Tensor &after, SmallVectorImpl<Value> &values) {
    if (!after.elements || after.leading != before.leading) {
      node.error() << "changes the sequence '" << before.name
                   << "' as often as only a run knows: its steps may only append to it";
      return false;
    }
    if (!after.elements->empty())
      values.push_back(stackElements(node, *after.elements, appending));
    return !node.hasFailed();
  }

  /// Sets result `i`, to which each step has appended what `appended` has, the first of `made`, to the sequence
  /// `before`.
  void setGrownSequence(int64_t i, Tensor &before, const Tensor &appended, ArrayRef<Value> &made) {
    if (appended.elements->empty() || node.hasFailed()) {
      node.setTensor(i, &before);
      return;
    }
    Value rows = made.consume_front();
    Dims dims(node.getDims(rows)); // [steps, elements of a step, ...]
    dims[1] = multiplyExtents(dims[0], dims[1]);
    dims.erase(dims.begin());
    if (growing[i]) {
      node.setResult(i, finishGrowingState(node, before, node.reshape(rows, dims), *growing[i]));
      return;
    }
    Tensor *added = importer.createTensor("elements of " + node.describeNode());
    added->value = node.reshape(rows, dims);
    added->elementType = getElementTypeOrSelf(rows);
    if (before.leading || !before.elements->empty()) {
      Value first = getRows(node, before, appending);
      first = fitRows(node, first, added->elementType, ArrayRef(dims).drop_front(), appending);
      added->value = node.create<ConcatOp>(ValueRange{first, added->value}, node.integer(0));
    }
    if (node.hasFailed())
      return;
    added->dims = Dims(node.getDims(added->value));
    setOpenSequence(node, i, added);
  }

  /// `value` with the extents that the body's output declares as numbers, or that the state `before` a step has where
  /// nothing is declared, in place of those that data decides; each step checks that it has them.
  Value takeDeclaredExtents(Value value, const onnx::ValueInfoProto &output, ArrayRef<AffineExpr> before) {
    const onnx::TensorShapeProto &declared = output.type().tensor_type().shape();
    Region &step = *node.getBuilder().getInsertionBlock()->getParent();
    Dims extents(node.getDims(value));
    for (size_t i = 0; i < extents.size(); ++i) {
      if (!importer.isDecidedIn(extents[i], step))
        continue;
      if (declared.dim_size() == static_cast<int>(extents.size()) && declared.dim(i).dim_value() > 0)
        extents[i] = node.extent(declared.dim(i).dim_value());
      else if (before.size() == extents.size())
        extents[i] = before[i];
    }
    return node.reshape(value, extents);
  }

  /// Whether a step is the last one; null if the condition that the body gives holds always.
  Value getStop(Tensor &condition) {
    const KnownValue *known = condition.elements || condition.hasFailed ? nullptr : importer.getKnown(condition);
    if (known && known->isConstant() && known->elements.size() == 1 && known->elements.front().asReal() != 0)
      return {};
    SmallVector<Value> value;
    if (!materializeResult(node, condition, value))
      return {};
    auto type = llvm::cast<RankedTensorType>(value.front().getType());
    if (!type.getElementType().isInteger(1) || type.getNumElements() != 1) {
      node.error() << "has a body whose condition is not one truth value, but " << describeTensor(value.front());
      return {};
    }
    return node.create<NotOp>(node.reshape(value.front(), {}));
  }

  /// Whether the number of slices of scan outputs is known; an error if it is asked for and not.
  bool countsSlices(AffineExpr extent) {
    if (!stacks() || extent)
      return true;
    node.error()
        << "stacks outputs of steps whose number is not known before they run, which is not supported here: the "
           "most steps that there can be must be given, and the loop must not be in a branch or another loop";
    return false;
  }

  //===-- Steps one by one --------------------------------------------------===//

  bool canUnroll() {
    std::optional<int64_t> most = node.hasOperand(0) ? getConstant(0) : std::nullopt,
                           starts = node.hasOperand(1) ? getConstant(1) : 1;
    return starts && (starts == 0 || (most && *most <= mostUnrolled));
  }

  void unroll() {
    std::optional<int64_t> most = getConstant(0), starts = node.hasOperand(1) ? getConstant(1) : 1;
    SmallVector<SmallVector<Value>> scanOutputs(scanOutputCount);
    for (int64_t step = 0; starts != 0 && step < *most; ++step) {
      SmallVector<Tensor *> inputs{makeKnown(body->input(0).name(), node.getBuilder().getI64Type(), step),
                                   makeCondition()};
      llvm::append_range(inputs, loopCarried);
      FailureOr<SmallVector<Tensor *>> results = importer.importSubgraph(*body, node.getScope(), inputs);
      if (failed(results)) {
        node.markFailed();
        return;
      }
      loopCarried.assign(results->begin() + 1, results->begin() + 1 + loopCarried.size());
      for (auto [list, tensor] : llvm::zip(scanOutputs, ArrayRef(*results).take_back(scanOutputCount)))
        if (!materializeResult(node, *tensor, list))
          return;
      Tensor &condition = *results->front();
      const KnownValue *known = condition.elements || condition.hasFailed ? nullptr : importer.getKnown(condition);
      if (!known || !known->isConstant() || known->elements.size() != 1) {
        node.error() << "carries sequences, and its condition depends on data, which is not supported";
        return;
      }
      if (known->elements.front().asReal() == 0)
        break;
    }
    for (auto [i, tensor] : llvm::enumerate(loopCarried))
      node.setTensor(i, tensor);
    for (auto [i, list] : llvm::enumerate(scanOutputs))
      stack(loopCarried.size() + i, list);
  }

  /// Result `i`: `slices` in a new dimension 0.
  void stack(int64_t i, ArrayRef<Value> slices) {
    if (!node.hasResult(i) || node.hasFailed())
      return;
    if (slices.empty()) {
      node.error() << "runs no step, so that the extents of its result " << i << " are not known";
      return;
    }
    SmallVector<Value> operands;
    for (Value slice : slices) {
      Dims dims(node.getDims(slice));
      dims.insert(dims.begin(), node.extent(1));
      operands.push_back(node.reshape(slice, dims));
    }
    node.setResult(i,
                   operands.size() == 1 ? operands[0] : node.create<ConcatOp>(ValueRange(operands), node.integer(0)));
  }

  NodeImporter &node;
  ImportState &importer;
  const onnx::GraphProto *body = nullptr;
  SmallVector<Tensor *> loopCarried;
  SmallVector<std::optional<int64_t>> growing; ///< the dimensions along which steps make tensors longer
  int64_t scanOutputCount = 0;
  bool hasSequences = false;
};

} // namespace

void registerLoop(OpRegistry &registry) {
  registry.addForSequences("Loop", 1, [](NodeImporter &node) { LoopImporter(node).run(); });
  registry.noteBody("Loop");
}

} // namespace dlc::onnx_import
