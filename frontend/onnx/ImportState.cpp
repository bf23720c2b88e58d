// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/ImportState.h"
#include "ir/ConstantData.h"
#include "ir/OpsConstant.h"

using namespace mlir;

namespace dlc::onnx_import {

Tensor *ImportState::createTensor(StringRef name) {
  Tensor &tensor = tensors.emplace_back();
  tensor.name = name.str();
  return &tensor;
}

Value ImportState::materialize(Tensor &tensor, Location location) {
  if (tensor.value)
    return tensor.value;
  if (!tensor.constant) {
    if (!tensor.known || !tensor.known->isConstant())
      return {};
    auto type = RankedTensorType::get(tensor.known->shape, tensor.elementType);
    MutableArrayRef<char> bytes = file->allocate(type.getNumElements() * getElementSize(tensor.elementType));
    tensor.known->write(bytes);
    tensor.constant = {type, bytes};
  }
  ElementsAttr elements = borrowConstant(tensor.constant.type, tensor.constant.bytes, tensor.name);
  // In the step of a loop, too, a tensor belongs to the graph, where others may read it later.
  OpBuilder::InsertionGuard atGraph(builder);
  if (builder.getInsertionBlock() != &entry.front())
    builder.setInsertionPoint(entry.front().findAncestorOpInBlock(*builder.getInsertionBlock()->getParentOp()));
  Location named = NameLoc::get(builder.getStringAttr(tensor.name), file->getLocation());
  if (tensor.isInitializer && llvm::isa<FloatType>(tensor.elementType)) {
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPoint(entry);
      ParameterOp::create(builder, named, tensor.name, tensor.constant.type, elements, DictionaryAttr());
    }
    tensor.value = LoadParameterOp::create(builder, named, tensor.constant.type, tensor.name);
  } else {
    tensor.value = ConstantOp::create(builder, named, tensor.constant.type, elements);
  }
  dims[tensor.value] = tensor.dims;
  return tensor.value;
}

const KnownValue *ImportState::getKnown(Tensor &tensor) {
  if (!tensor.known && tensor.constant && tensor.constant.type.getNumElements() <= KnownValue::maxElements)
    if (std::optional<KnownValue> known = KnownValue::read(tensor.constant))
      tensor.known = std::make_shared<KnownValue>(std::move(*known));
  return tensor.known.get();
}

std::vector<std::string> ImportState::getSymbolNames() const {
  std::vector<std::string> names(symbols.size());
  for (const auto &symbol : symbols)
    names[llvm::cast<AffineSymbolExpr>(symbol.getValue()).getPosition()] = symbol.getKey().str();
  return names;
}

} // namespace dlc::onnx_import
