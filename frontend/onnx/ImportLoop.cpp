// SPDX-License-Identifier: Apache-2.0
// Loop: a subgraph that runs a number of times, or while a condition holds, becomes a loop over time. Sequences to
// which its steps append elements are stacked as scan outputs are, and so is what they only append to tensors; a tensor
// that steps read and resize is carried in a larger one. Where it carries sequences and the number of steps is known
// and small, it is unrolled, so that steps may change sequences in any way.
#include "frontend/onnx/GrowingStates.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/LoopBody.h"
#include "frontend/onnx/LoopSteps.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/OpenSequence.h"
#include "frontend/onnx/ResizedStates.h"
#include "frontend/onnx/UnrolledLoop.h"
#include "ir/ExtentAlgebra.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsLogic.h"
#include "ir/OpsMovement.h"
#include "ir/TensorDescription.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

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
    importLoop();
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
      Dims sizes(node.getDims(value));
      sizes[0] = extent;
      cut.push_back(node.cutTo(value, sizes));
    }
    return cut;
  }

  /// Whether slices of its steps are stacked, as scan outputs or as elements of sequences.
  bool stacks() const { return scanOutputCount > 0 || hasSequences; }

  /// Imports the loop, again where the steps do not change what it carries as was assumed.
  void importLoop() {
    SmallVector<Value> initial;
    std::optional<ResizedStates> states;
    constexpr int mostAttempts = 12;
    for (int attempt = 1;; ++attempt) {
      if (!states) {
        initial.clear();
        for (auto [tensor, axis] : llvm::zip(loopCarried, growing))
          if (!axis && !(tensor->elements && !tensor->isOptional) && !materializeResult(node, *tensor, initial))
            return;
        states.emplace(node, initial);
      }
      size_t checks = importer.countExtentChecks();
      std::vector<Diagnostic> reported;
      auto growingBefore = growing;
      bool isDone;
      {
        ScopedDiagnosticHandler keep(node.getContext(), [&](Diagnostic &diagnostic) {
          reported.push_back(std::move(diagnostic));
          return success();
        });
        isDone = importSteps(initial, *states, /*isLast=*/attempt == mostAttempts);
      }
      if (isDone || node.hasFailed()) {
        for (Diagnostic &diagnostic : reported)
          node.getContext()->getDiagEngine().emit(std::move(diagnostic));
        return;
      }
      importer.takeExtentChecks(checks);
      if (growing != growingBefore)
        states.reset();
      // There are gradients of extents that the program knows only.
      if (importer.isTrained() && canUnroll(node)) {
        unrollLoop(node, *body, loopCarried);
        return;
      }
    }
  }

  /// False if the loop has to be made again, with what `states` has learned.
  bool importSteps(ArrayRef<Value> initial, ResizedStates &states, bool isLast) {
    bool isResultInGraph = isInGraph(node);
    LoopSteps steps = countSteps(node, *body, loopCarried, stacks() || states.needsSteps());
    if (node.hasFailed() || (states.needsSteps() && !knowsSteps(steps.extent, "carries what becomes larger with")))
      return true;
    SmallVector<Value> carried = states.makeCarried(steps.extent);
    if (node.hasFailed())
      return true;
    LoopBuilder loop(node.getBuilder(), node.getLocation(), carried,
                     steps.scanInput ? ValueRange(steps.scanInput) : ValueRange(), /*isReverse=*/false, steps.count);
    if (steps.limit)
      loop.setLimit(steps.limit);
    SmallVector<Value> taken = states.takeOut(loop.getStep(), loop.getBlock().getArguments().slice(1, carried.size()));
    SmallVector<size_t> positions; ///< of tensors among what the loop carries
    SmallVector<Tensor *> inputs = makeBodyInputs(loop.getStep(), taken, positions);
    FailureOr<SmallVector<Tensor *>> results = importer.importSubgraph(*body, node.getScope(), inputs);
    if (failed(results)) {
      node.markFailed();
      return true;
    }
    // First what it carries, then slices: those of scan outputs, and the elements that a step appends to a sequence.
    SmallVector<Value> given, slices;
    for (size_t position : positions)
      if (!materializeResult(node, *(*results)[1 + position], given))
        return true;
    for (int64_t i = 1 + static_cast<int64_t>(loopCarried.size()); i < body->output_size(); ++i) {
      if (!materializeResult(node, *(*results)[i], slices))
        return true;
      slices.back() = takeDeclaredExtents(slices.back(), body->output(i));
    }
    bool isGrowthEven = true;
    for (auto [i, tensor] : llvm::enumerate(loopCarried)) {
      if (!tensor->elements && !growing[i])
        continue;
      if (!stackAppended(node, *inputs[2 + i], *(*results)[1 + i], slices))
        return true;
      if (growing[i] && isDecidedByStep(node, slices.back())) {
        growing[i].reset();
        isGrowthEven = false;
      }
    }
    if (!isGrowthEven) {
      importer.forget(*loop.getBlock().getParent());
      return false;
    }
    Value stop = getStop(*results->front());
    if (node.hasFailed())
      return true;
    bool countIsRead = !stop || isResultInGraph;
    ResizedStates::Finding finding = states.learn(given, countIsRead, [&](size_t state, int64_t dim) {
      return isDeclared(body->output(1 + static_cast<int>(positions[state])), dim);
    });
    if (finding == ResizedStates::Finding::Changed && !isLast) {
      importer.forget(*loop.getBlock().getParent());
      return false;
    }
    for (auto [state, position] : llvm::enumerate(positions)) {
      given[state] = takeDeclaredExtents(given[state], body->output(1 + static_cast<int>(position)));
      Dims wanted(node.getDims(given[state])), before(node.getDims(initial[state]));
      for (size_t dim = 0; dim < wanted.size() && wanted.size() == before.size(); ++dim)
        if (!states.isResized(state, static_cast<int64_t>(dim)))
          wanted[dim] = before[dim];
      given[state] = keepExtents(node, given[state], wanted);
    }
    if (finding != ResizedStates::Finding::AsAssumed) {
      for (Value value : given)
        importer.setDims(value, states.inFirstStep(node.getDims(value)));
      if (keepsTypes(node, initial, given))
        node.error() << "has a state whose extents its body changes in a way that is not supported";
      return true;
    }
    SmallVector<Value> next = states.putBack(given);
    if (node.hasFailed() || !keepsTypes(node, carried, next) || !canStack(node, slices) ||
        (stacks() && !knowsSteps(countIsRead ? steps.extent : AffineExpr(), "stacks outputs of")))
      return true;
    SmallVector<Dims> sliceDims;
    for (Value value : slices)
      sliceDims.push_back(Dims(node.getDims(value)));
    ResultRange made = loop.finish(next, slices, stop);
    Value count = stop && countIsRead ? Value(made.back()) : Value();
    if (count)
      importer.setDims(count, {});
    SmallVector<Value> stacked;
    for (auto [value, dims] : llvm::zip(made.drop_front(next.size()), sliceDims)) {
      dims.insert(dims.begin(), steps.extent);
      importer.setDims(value, dims);
      stacked.push_back(value);
    }
    if (count && stacks())
      stacked = cutScanOutputs(stacked, count, steps.extent);
    for (auto [position, state] : llvm::zip(positions, states.getStates(made.take_front(next.size()), count)))
      node.setResult(static_cast<int64_t>(position), state);
    ArrayRef<Value> left(stacked);
    for (int64_t i = 0; i < scanOutputCount; ++i)
      node.setResult(static_cast<int64_t>(loopCarried.size()) + i, left.consume_front());
    for (auto [i, tensor] : llvm::enumerate(loopCarried))
      if (tensor->elements || growing[i])
        setGrown(node, static_cast<int64_t>(i), growing[i], *tensor, *(*results)[1 + i], left);
    return true;
  }

  /// The inputs of the body in the step `step`, for tensors the values `taken`, whose positions among what the Loop
  /// carries are noted in `positions`.
  SmallVector<Tensor *> makeBodyInputs(Value step, ArrayRef<Value> taken, SmallVectorImpl<size_t> &positions) {
    Dims dims;
    if (body->input(0).type().tensor_type().shape().dim_size() == 1)
      dims.push_back(node.extent(1));
    importer.setDims(step, {});
    SmallVector<Tensor *> inputs{
        makeBodyInput(node, body->input(0).name(), dims.empty() ? step : node.reshape(step, dims), dims),
        // The step runs, so the condition holds.
        makeKnownInput(node, body->input(1).name(), node.getBuilder().getI1Type(), 1)};
    for (auto [i, tensor] : llvm::enumerate(loopCarried)) {
      StringRef name = body->input(2 + static_cast<int>(i)).name();
      if (tensor->elements || growing[i]) {
        inputs.push_back(growing[i] ? makeGrowingState(node, name, *tensor) : makeGrowingSequence(node, name));
        continue;
      }
      Value value = taken[positions.size()];
      inputs.push_back(makeBodyInput(node, name, value, Dims(node.getDims(value))));
      positions.push_back(i);
    }
    return inputs;
  }

  /// Whether `output` declares the extent of dimension `dim` as a number.
  static bool isDeclared(const onnx::ValueInfoProto &output, int64_t dim) {
    const onnx::TensorShapeProto &shape = output.type().tensor_type().shape();
    return dim < shape.dim_size() && shape.dim(static_cast<int>(dim)).dim_value() > 0;
  }

  /// `value` with the extents that the body's output declares as numbers in place of those that data decides; each step
  /// checks that it has them.
  Value takeDeclaredExtents(Value value, const onnx::ValueInfoProto &output) {
    const onnx::TensorShapeProto &declared = output.type().tensor_type().shape();
    Region &step = *node.getBuilder().getInsertionBlock()->getParent();
    Dims extents(node.getDims(value));
    for (size_t i = 0; i < extents.size() && declared.dim_size() == static_cast<int>(extents.size()); ++i)
      if (importer.isDecidedIn(extents[i], step) && isDeclared(output, static_cast<int64_t>(i)))
        extents[i] = node.extent(declared.dim(static_cast<int>(i)).dim_value());
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

  /// Whether the most steps are known: `extent`. It is an error if it is null, which says `what` needs it.
  bool knowsSteps(AffineExpr extent, StringRef what) {
    if (extent)
      return true;
    node.error()
        << what
        << " steps whose number is not known before they run, which is not supported here: the most steps that "
           "there can be must be given, and the loop must not be in a branch or another loop";
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
