// SPDX-License-Identifier: Apache-2.0
// Loop: a subgraph that runs a number of times, or while a condition holds, becomes a loop over time. Sequences to
// which its steps append elements are stacked as scan outputs are, and so is what they append to tensors. Where it
// carries sequences and the number of steps is known and small, it is unrolled, so that steps may change sequences in
// any way.
#include "frontend/onnx/GrowingStates.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/LoopBody.h"
#include "frontend/onnx/LoopSteps.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/OpenSequence.h"
#include "frontend/onnx/UnrolledLoop.h"
#include "ir/ExtentAlgebra.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsLogic.h"
#include "ir/OpsMovement.h"
#include "ir/TensorDescription.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

constexpr StringRef appending = "appends elements to a sequence in steps of a number that only a run knows";

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
    if (hasSequences && canUnroll(node)) {
      unrollLoop(node, *body, loopCarried);
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

  /// Whether slices of its steps are stacked, as scan outputs or as elements of sequences.
  bool stacks() const { return scanOutputCount > 0 || hasSequences; }

  void importSteps() {
    SmallVector<Value> initial;
    for (auto [tensor, axis] : llvm::zip(loopCarried, growing))
      if (!axis && !(tensor->elements && !tensor->isOptional) && !materializeResult(node, *tensor, initial))
        return;
    bool isScanOutputInGraph = isInGraph(node);
    LoopSteps steps = countSteps(node, *body, loopCarried, stacks());
    if (node.hasFailed())
      return;
    LoopBuilder loop(node.getBuilder(), node.getLocation(), initial,
                     steps.scanInput ? ValueRange(steps.scanInput) : ValueRange(), /*isReverse=*/false, steps.count);
    if (steps.limit)
      loop.setLimit(steps.limit);
    SmallVector<Tensor *> inputs{makeBodyInput(node, body->input(0).name(), loop.getStep(), {}),
                                 // The step runs, so the condition holds.
                                 makeKnownInput(node, body->input(1).name(), node.getBuilder().getI1Type(), 1)};
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
