// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/LoopBody.h"
#include "ir/ExtentAlgebra.h"
#include "ir/ExtentDescription.h"
#include "ir/TensorDescription.h"

using namespace mlir;

namespace dlc::onnx_import {

Tensor *makeBodyInput(NodeImporter &node, StringRef name, Value value, ArrayRef<AffineExpr> dims) {
  Tensor *tensor = node.getImporter().createTensor(name);
  tensor->value = value;
  tensor->elementType = getElementTypeOrSelf(value);
  tensor->dims = Dims(dims);
  node.getImporter().setDims(value, tensor->dims);
  return tensor;
}

Tensor *makeKnownInput(NodeImporter &node, StringRef name, Type type, int64_t value) {
  Tensor *tensor = node.getImporter().createTensor(name);
  tensor->elementType = type;
  tensor->known = std::make_shared<KnownValue>(KnownValue{type, {}, {KnownElement(node.extent(value))}});
  return tensor;
}

bool materializeResult(NodeImporter &node, Tensor &tensor, SmallVectorImpl<Value> &values) {
  if (tensor.elements) {
    node.error() << "has a body with the result '" << tensor.name
                 << "', a sequence or an optional value, which is supported in loops of a known number of steps only";
    return false;
  }
  Value value = node.materializeResult(tensor, "body");
  if (value)
    values.push_back(value);
  return value != nullptr;
}

bool isDecidedByStep(NodeImporter &node, Value value) {
  Region &step = *node.getBuilder().getInsertionBlock()->getParent();
  return llvm::any_of(node.getDims(value),
                      [&](AffineExpr extent) { return node.getImporter().isDecidedIn(extent, step); });
}

bool canStack(NodeImporter &node, ValueRange values) {
  for (Value value : values) {
    if (!isDecidedByStep(node, value))
      continue;
    node.error() << "stacks outputs of the type "
                 << describeType(getElementTypeOrSelf(value)) +
                        describeExtents(node.getDims(value), node.getImporter().getSymbolNames())
                 << ", whose extents data decides in each step, which is not supported: all steps must give as much";
    return false;
  }
  return true;
}

Value keepExtents(NodeImporter &node, Value value, ArrayRef<AffineExpr> wanted) {
  Dims given(node.getDims(value));
  if (given.size() != wanted.size())
    return value;
  bool isSame = true;
  for (auto [extent, other] : llvm::zip(wanted, given)) {
    if (constantDim(normalizeExtent(subtractExtents(other, extent))))
      continue; // which is reported, unless it is 0
    node.expectInRun(ExtentRelation::Equal, other, extent);
    other = extent;
    isSame = false;
  }
  // A reshape of one open extent would leave the value its own.
  return isSame ? value : node.padTo(value, given);
}

bool keepsTypes(NodeImporter &node, ValueRange before, ValueRange after) {
  std::vector<std::string> symbols = node.getImporter().getSymbolNames();
  auto describe = [&](Value value) {
    return describeType(getElementTypeOrSelf(value)) + describeExtents(node.getDims(value), symbols);
  };
  for (auto [old, next] : llvm::zip(before, after)) {
    bool isSame = old.getType() == next.getType();
    for (auto [extent, other] : llvm::zip(node.getDims(old), node.getDims(next)))
      isSame = isSame && normalizeExtent(extent) == normalizeExtent(other);
    if (isSame)
      continue;
    node.error() << "has a state of type " << describe(old) << " that its body makes " << describe(next);
    return false;
  }
  return true;
}

} // namespace dlc::onnx_import
