// SPDX-License-Identifier: Apache-2.0
// Sequences of tensors and optional values. Which tensors they hold is known while importing, so that nothing is left
// of them in the graph; of a sequence whose length only a run knows, tensors have the elements as rows.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/OpenSequence.h"
#include "frontend/onnx/SplitToSequence.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsMovement.h"
#include "ir/OpsTransposition.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// Operand i; null, after an error, if it is not a sequence.
const Tensor *getSequence(NodeImporter &node, int64_t i) {
  if (!node.hasFailed() && (!node.getTensor(i)->elements || node.getTensor(i)->isOptional))
    node.error() << "takes a sequence as operand " << i;
  return node.hasFailed() ? nullptr : node.getTensor(i);
}

/// The elements of operand i, all of them; null, after an error, if it is not a sequence of known length.
const SmallVector<Tensor *> *getKnownSequence(NodeImporter &node, int64_t i) {
  const Tensor *sequence = getSequence(node, i);
  if (sequence && sequence->leading)
    node.error() << "takes a sequence of known length as operand " << i << ", and only a run knows that of this one";
  return node.hasFailed() ? nullptr : &*sequence->elements;
}

/// Operand i as a position among `count`, counted from the end if it is negative; nothing after an error. To insert at
/// `count` is to append.
std::optional<int64_t> getPosition(NodeImporter &node, int64_t i, int64_t count, bool inserts = false) {
  std::optional<SmallVector<int64_t>> values = node.getKnownIntegers(i, "position");
  if (!values)
    return std::nullopt;
  int64_t position = values->size() == 1 ? values->front() : -count - 1;
  if (position < 0)
    position += count;
  if (position >= 0 && position < count + inserts)
    return position;
  node.error() << "position " << (values->size() == 1 ? std::to_string(values->front()) : "that is not a scalar")
               << " is not one of a sequence of " << count;
  return std::nullopt;
}

void importEmpty(NodeImporter &node) {
  if (node.expectOperands(0, 0))
    node.setElements(0, {});
}

void importConstruct(NodeImporter &node) {
  int64_t count = node.getNumOperands();
  if (!node.expectOperands(1, count) || !node.expectOperands(count, count))
    return;
  SmallVector<Tensor *> elements;
  for (int64_t i = 0; i < count; ++i) {
    if (!node.getTensor(i)->elements && node.getElementType(i) != node.getElementType(0))
      node.error() << "elements of a sequence have one element type";
    elements.push_back(node.getTensor(i));
  }
  node.setElements(0, std::move(elements));
}

void importInsert(NodeImporter &node) {
  const Tensor *open = node.expectOperands(2, 3) ? getSequence(node, 0) : nullptr;
  if (open && open->leading && !node.hasOperand(2)) {
    SmallVector<Tensor *> elements(*open->elements);
    elements.push_back(node.getTensor(1));
    setOpenSequence(node, 0, open->leading, std::move(elements));
    return;
  }
  const auto *sequence = open ? getKnownSequence(node, 0) : nullptr;
  if (!sequence)
    return;
  SmallVector<Tensor *> elements(*sequence);
  std::optional<int64_t> position = elements.size();
  if (node.hasOperand(2))
    position = getPosition(node, 2, elements.size(), /*inserts=*/true);
  if (!position)
    return;
  elements.insert(elements.begin() + *position, node.getTensor(1));
  node.setElements(0, std::move(elements));
}

void importErase(NodeImporter &node) {
  const auto *sequence = node.expectOperands(1, 2) ? getKnownSequence(node, 0) : nullptr;
  if (!sequence)
    return;
  SmallVector<Tensor *> elements(*sequence);
  std::optional<int64_t> position = static_cast<int64_t>(elements.size()) - 1;
  if (node.hasOperand(1))
    position = getPosition(node, 1, elements.size());
  else if (elements.empty())
    node.error() << "erases the last element of an empty sequence";
  if (!position || node.hasFailed())
    return;
  elements.erase(elements.begin() + *position);
  node.setElements(0, std::move(elements));
}

void importAt(NodeImporter &node) {
  const Tensor *sequence = node.expectOperands(2, 2) ? getSequence(node, 0) : nullptr;
  if (!sequence)
    return;
  const SmallVector<Tensor *> &elements = *sequence->elements;
  const KnownValue *known = node.getKnown(1);
  bool isKnown = known && known->isConstant();
  if (!sequence->leading && (isKnown || elements.empty())) {
    if (std::optional<int64_t> position = getPosition(node, 1, elements.size()))
      node.setTensor(0, elements[*position]);
    return;
  }
  if (isKnown && known->elements.size() == 1) {
    // Counted from the end, it is perhaps behind what only a run knows.
    int64_t position = static_cast<int64_t>(known->elements.front().asReal()) + static_cast<int64_t>(elements.size());
    if (position >= 0 && position < static_cast<int64_t>(elements.size())) {
      node.setTensor(0, elements[position]);
      return;
    }
  }
  Value rows = getRows(node, *sequence, "reads an element at a position that only a run knows");
  if (rows)
    node.setResult(0, chooseRow(node, rows, 1));
}

void importLength(NodeImporter &node) {
  const Tensor *sequence = node.expectOperands(1, 1) ? getSequence(node, 0) : nullptr;
  if (!sequence)
    return;
  AffineExpr length = node.extent(static_cast<int64_t>(sequence->elements->size()));
  if (sequence->leading && getRows(node, *sequence, ""))
    length = addExtents(length, sequence->leading->dims[0]);
  node.setKnown(0, {node.getBuilder().getI64Type(), {}, {KnownElement(length)}});
}

void joinOpenSequence(NodeImporter &node, const Tensor &sequence) {
  bool isStacked = node.getFlag("new_axis", false);
  int64_t axis = node.getInteger("axis", 0);
  if (!node.hasAttribute("axis"))
    node.error() << "lacks the attribute 'axis'";
  Value rows = getRows(node, sequence, "concatenates a sequence whose length only a run knows");
  if (!rows)
    return;
  axis = node.normalizeAxis(axis, static_cast<int64_t>(node.getDims(rows).size()) - 1 + isStacked);
  node.setResult(0, joinRows(node, rows, axis, isStacked));
}

void importConcatFromSequence(NodeImporter &node) {
  const Tensor *open = node.expectOperands(1, 1) ? getSequence(node, 0) : nullptr;
  if (open && open->leading) {
    joinOpenSequence(node, *open);
    return;
  }
  const auto *sequence = open ? getKnownSequence(node, 0) : nullptr;
  if (!sequence)
    return;
  if (sequence->empty()) {
    node.error() << "concatenates an empty sequence";
    return;
  }
  bool isStacked = node.getFlag("new_axis", false);
  int64_t rank = sequence->front()->dims.size(), axis = node.getInteger("axis", 0);
  if (!node.hasAttribute("axis"))
    node.error() << "lacks the attribute 'axis'";
  axis = node.normalizeAxis(axis, rank + isStacked);
  SmallVector<Value> operands;
  for (Tensor *element : *sequence) {
    if (node.hasFailed())
      return;
    Value value = element->elements ? Value() : node.getImporter().materialize(*element, node.getLocation());
    if (!value || static_cast<int64_t>(element->dims.size()) != rank) {
      node.error() << "concatenates elements that are not tensors of one rank";
      return;
    }
    if (isStacked) {
      Dims dims(element->dims);
      dims.insert(dims.begin() + axis, node.extent(1));
      value = node.reshape(value, dims);
    }
    operands.push_back(value);
  }
  node.setResult(0,
                 operands.size() == 1 ? operands[0] : node.create<ConcatOp>(ValueRange(operands), node.integer(axis)));
}

/// The body for each element of the first sequence, with the elements of other sequences at the same position.
void importMap(NodeImporter &node) {
  const onnx::GraphProto *body = node.getGraph("body");
  const auto *sequence = node.expectOperands(1, node.getNumOperands()) ? getKnownSequence(node, 0) : nullptr;
  if (!node.hasFailed() && !body)
    node.error() << "lacks its body";
  if (!sequence || node.hasFailed())
    return;
  SmallVector<SmallVector<Tensor *>> results(node.getNumResults());
  for (size_t step = 0; step < sequence->size(); ++step) {
    SmallVector<Tensor *> inputs;
    for (int64_t i = 0; i < node.getNumOperands(); ++i) {
      Tensor *operand = node.getTensor(i);
      if (operand->leading) {
        getKnownSequence(node, i);
        return;
      }
      if (operand->elements && operand->elements->size() <= step) {
        node.error() << "operand " << i << " is shorter than the first sequence";
        return;
      }
      inputs.push_back(operand->elements ? (*operand->elements)[step] : operand);
    }
    auto made = node.getImporter().importSubgraph(*body, node.getScope(), inputs);
    if (failed(made) || made->size() != results.size()) {
      if (succeeded(made))
        node.error() << "has " << results.size() << " results, its body gives " << made->size();
      node.markFailed();
      return;
    }
    for (auto [list, tensor] : llvm::zip(results, *made))
      list.push_back(tensor);
  }
  for (auto [i, list] : llvm::enumerate(results))
    node.setElements(i, std::move(list));
}

//===-- Optional values ----------------------------------------------------===//

void importOptional(NodeImporter &node) {
  if (!node.expectOperands(0, 1))
    return;
  SmallVector<Tensor *> elements;
  if (node.hasOperand(0))
    elements.push_back(node.getTensor(0));
  node.setElements(0, std::move(elements), /*isOptional=*/true);
}

/// From opset 18 on the operand may be a tensor or a sequence, which is there, or be left out.
void importHasElement(NodeImporter &node) {
  if (!node.expectOperands(0, 1))
    return;
  bool isThere = node.hasOperand(0) && !(node.getTensor(0)->isOptional && node.getTensor(0)->elements->empty());
  node.setKnown(0, {node.getBuilder().getI1Type(), {}, {KnownElement(node.extent(isThere))}});
}

void importGetElement(NodeImporter &node) {
  if (!node.expectOperands(1, 1))
    return;
  Tensor *operand = node.getTensor(0);
  if (operand->isOptional && operand->elements->empty())
    node.error() << "reads an optional value that is empty";
  else
    node.setTensor(0, operand->isOptional ? operand->elements->front() : operand);
}

} // namespace

void registerSequences(OpRegistry &registry) {
  registry.addForSequences("SequenceEmpty", 11, importEmpty);
  registry.addForSequences("SequenceConstruct", 11, importConstruct);
  registry.addForSequences("SequenceInsert", 11, importInsert);
  registry.addForSequences("SequenceErase", 11, importErase);
  registry.addForSequences("SequenceAt", 11, importAt);
  registry.addForSequences("SequenceLength", 11, importLength);
  registry.addForSequences("SequenceMap", 17, importMap);
  registry.addForSequences("ConcatFromSequence", 11, importConcatFromSequence);
  registry.addForSequences("SplitToSequence", 11, importSplitToSequence);
  registry.addForSequences("Optional", 15, importOptional);
  registry.addForSequences("OptionalHasElement", 15, importHasElement);
  registry.addForSequences("OptionalGetElement", 15, importGetElement);
}

} // namespace dlc::onnx_import
