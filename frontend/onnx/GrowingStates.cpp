// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/GrowingStates.h"
#include "frontend/onnx/LoopBody.h"
#include "frontend/onnx/OpenSequence.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsMovement.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

constexpr StringRef appending = "appends elements to a sequence in steps of a number that only a run knows";

/// How often each name is used in `graph`, as an operand or as a result of the graph, including its subgraphs.
void countUses(const onnx::GraphProto &graph, llvm::StringMap<int64_t> &uses) {
  for (const onnx::NodeProto &node : graph.node()) {
    for (const std::string &input : node.input())
      ++uses[input];
    for (const onnx::AttributeProto &attribute : node.attribute()) {
      if (attribute.has_g())
        countUses(attribute.g(), uses);
      for (const onnx::GraphProto &inner : attribute.graphs())
        countUses(inner, uses);
    }
  }
  for (const onnx::ValueInfoProto &output : graph.output())
    ++uses[output.name()];
}

/// The dimension of a tensor of rank `rank` along which `concat` joins.
std::optional<int64_t> getAxis(const onnx::NodeProto &concat, int64_t rank) {
  for (const onnx::AttributeProto &attribute : concat.attribute())
    if (attribute.name() == "axis" && attribute.type() == onnx::AttributeProto::INT && attribute.i() >= -rank &&
        attribute.i() < rank)
      return attribute.i() < 0 ? attribute.i() + rank : attribute.i();
  return std::nullopt;
}

/// A growing state after the loop: `initial` and, behind it along `axis`, the rows of `appended`, [count, ...].
Value joinToState(NodeImporter &node, Tensor &initial, Value appended, int64_t axis) {
  if (node.hasFailed())
    return {};
  if (node.getDims(appended).size() != initial.dims.size() + 1) {
    node.error() << "appends to the state '" << initial.name << "' tensors of another rank";
    return {};
  }
  Value first = node.getImporter().materialize(initial, node.getLocation());
  if (!first) {
    node.error() << "begins with '" << initial.name << "', which mixes numbers with extents that only a run knows";
    return {};
  }
  return node.create<ConcatOp>(ValueRange{first, joinRows(node, appended, axis, /*isNewAxis=*/false)},
                               node.integer(axis));
}

} // namespace

SmallVector<std::optional<int64_t>> findGrowingStates(const onnx::GraphProto &body, ArrayRef<Tensor *> loopCarried) {
  llvm::StringMap<int64_t> uses;
  countUses(body, uses);
  SmallVector<std::optional<int64_t>> axes;
  for (auto [i, tensor] : llvm::enumerate(loopCarried)) {
    std::optional<int64_t> &axis = axes.emplace_back();
    const std::string &state = body.input(2 + static_cast<int>(i)).name();
    const std::string &next = body.output(1 + static_cast<int>(i)).name();
    if (tensor->elements || uses.lookup(state) != 1 || uses.lookup(next) != 1)
      continue;
    for (const onnx::NodeProto &node : body.node())
      if (node.op_type() == "Concat" && node.domain().empty() && node.input_size() >= 2 && node.input(0) == state &&
          node.output_size() == 1 && node.output(0) == next)
        axis = getAxis(node, tensor->dims.size());
  }
  return axes;
}

// It is a growing sequence whose leading elements, which are without a value there, have the initial value's type.
Tensor *makeGrowingState(NodeImporter &node, StringRef name, const Tensor &initial) {
  Tensor *state = makeGrowingSequence(node, name);
  state->leading->elementType = initial.elementType;
  state->leading->dims = initial.dims;
  return state;
}

bool readsGrowingState(NodeImporter &node) {
  const Tensor *leading = node.hasOperand(0) ? node.getTensor(0)->leading : nullptr;
  return leading && !leading->value && leading->elementType;
}

void appendToGrowingState(NodeImporter &node) {
  const Tensor &state = *node.getTensor(0)->leading;
  int64_t axis = node.normalizeAxis(node.getInteger("axis", 1), state.dims.size());
  SmallVector<Value> appended;
  for (int64_t i = 1; i < node.getNumOperands() && !node.hasFailed(); ++i) {
    if (node.getTensor(i)->elements || node.getElementType(i) != state.elementType)
      node.error() << "appends to the state '" << state.name << "' what is not a tensor of its element type";
    else
      appended.push_back(node.getOperand(i));
  }
  // But for how much it is, what is appended is as large as the state.
  for (Value &value : appended) {
    Dims wanted(state.dims), own(node.getDims(value));
    if (axis < static_cast<int64_t>(own.size()))
      wanted[axis] = own[axis];
    value = keepExtents(node, value, wanted);
  }
  if (node.hasFailed())
    return;
  Value step = appended.size() == 1 ? appended[0] : node.create<ConcatOp>(ValueRange(appended), node.integer(axis));
  setOpenSequence(node, 0, node.getTensor(0)->leading, {makeElement(node, step)});
}

bool stackAppended(NodeImporter &node, const Tensor &before, const Tensor &after, SmallVectorImpl<Value> &slices) {
  if (!after.elements || after.leading != before.leading) {
    node.error() << "changes the sequence '" << before.name
                 << "' as often as only a run knows: its steps may only append to it";
    return false;
  }
  if (!after.elements->empty())
    slices.push_back(stackElements(node, *after.elements, appending));
  return !node.hasFailed();
}

void setGrown(NodeImporter &node, int64_t i, std::optional<int64_t> axis, Tensor &before, const Tensor &appended,
              ArrayRef<Value> &made) {
  if (appended.elements->empty() || node.hasFailed()) {
    node.setTensor(i, &before);
    return;
  }
  Value rows = made.consume_front();
  Dims dims(node.getDims(rows)); // [steps, elements of a step, ...]
  dims[1] = multiplyExtents(dims[0], dims[1]);
  dims.erase(dims.begin());
  rows = node.reshape(rows, dims);
  if (axis) {
    node.setResult(i, joinToState(node, before, rows, *axis));
    return;
  }
  Tensor *added = node.getImporter().createTensor("elements of " + node.describeNode());
  added->value = rows;
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

} // namespace dlc::onnx_import
