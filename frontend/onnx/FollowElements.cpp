// SPDX-License-Identifier: Apache-2.0
// Sizes that elements of inputs decide: what a run reads before it starts.
#include "frontend/onnx/GraphImporter.h"
#include "frontend/onnx/NodeImporter.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/Annotations.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsConstant.h"
#include "ir/OpsConversion.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsSize.h"
#include "ir/SignatureBuilder.h"
#include "ir/SymbolicShapes.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;

namespace dlc::onnx_import {

/// Chains of shape arithmetic are short.
static constexpr int maxDepth = 64;
/// Inputs that decide sizes have an element for each dimension.
static constexpr int64_t maxElements = 32;

bool ImportState::readsElements(AffineExpr expr) {
  bool reads = false;
  expr.walk([&](AffineExpr part) {
    if (auto symbol = llvm::dyn_cast<AffineSymbolExpr>(part))
      if (Value source = symbolInputs[symbol.getPosition()]) {
        auto input = llvm::dyn_cast<BlockArgument>(source);
        reads |= input ? annotation::elementsOf.getOfArgument(entry, input.getArgNumber()) != nullptr
                       : source.getDefiningOp<ReadbackOp>() != nullptr;
      }
  });
  return reads;
}

std::map<unsigned, AffineExpr> ImportState::findGivenNumbers(AffineExpr extent) {
  std::map<unsigned, AffineExpr> numbers;
  extent.walk([&](AffineExpr part) {
    if (auto symbol = llvm::dyn_cast<AffineSymbolExpr>(part))
      numbers[symbol.getPosition()] = symbol;
  });
  // Large extents are read back only because they are long (see nameIfLarge).
  auto isGiven = [&](unsigned position, AffineExpr symbol) {
    Value source = symbolInputs[position];
    if (auto input = llvm::dyn_cast_or_null<BlockArgument>(source))
      return input.getOwner() == &entry.front();
    return source && source.getDefiningOp<ReadbackOp>() && isVisible(source) &&
           !llvm::is_contained(llvm::make_second_range(names), symbol);
  };
  llvm::SmallVector<unsigned> negatives;
  for (auto &[position, number] : numbers) {
    if (!isGiven(position, number))
      return {};
    auto input = llvm::dyn_cast<BlockArgument>(symbolInputs[position]);
    if (!input || !annotation::elementsOf.getOfArgument(entry, input.getArgNumber()))
      continue;
    // An element is the difference of two symbols, one of which is 0 (see followInput).
    ArrayRef<AffineExpr> pairs = getDims(input);
    size_t place = llvm::find(pairs, number) - pairs.begin();
    if (place % 2 != 0)
      continue;
    auto negative = numbers.find(llvm::cast<AffineSymbolExpr>(pairs[place + 1]).getPosition());
    if (negative == numbers.end())
      continue;
    number = subtractExtents(number, negative->second);
    negatives.push_back(negative->first);
  }
  for (unsigned position : negatives)
    numbers.erase(position);
  return numbers;
}

/// The elements of a small input of integers or truth values as symbols, which an argument brings of which only the
/// extents count.
const KnownValue *GraphImporter::followInput(Tensor &tensor) {
  int64_t count = tensor.dims.empty() ? 1 : constantDim(tensor.dims[0]).value_or(-1);
  if (!isInteger(tensor.elementType) || tensor.dims.size() > 1 || count < 0 || count > maxElements)
    return nullptr;
  KnownValue known{tensor.elementType, {}, {}};
  if (!tensor.dims.empty())
    known.shape.push_back(count);
  SmallVector<Attribute> names;
  Dims extents;
  for (int64_t i = 0; i < count; ++i) {
    std::string name = tensor.name + (tensor.dims.empty() ? "" : "[" + std::to_string(i) + "]");
    for (const std::string &symbol : {name, "-" + name}) {
      names.push_back(builder.getStringAttr(symbol));
      extents.push_back(getSymbol(symbol));
    }
    AffineExpr positive = extents.end()[-2], negative = extents.back();
    bool isUnsigned = tensor.elementType.isUnsignedInteger();
    known.elements.emplace_back(isUnsigned ? positive : subtractExtents(positive, negative));
  }
  tensor.known = std::make_shared<KnownValue>(std::move(known));
  if (count == 0)
    return tensor.known.get();
  auto type = RankedTensorType::get(SmallVector<int64_t>(extents.size(), ShapedType::kDynamic), builder.getI1Type());
  auto attributes = builder.getDictionaryAttr({annotation::dims.with(builder.getArrayAttr(names)),
                                               annotation::elementsOf.with(builder.getStringAttr(tensor.name))});
  SignatureBuilder signature(entry);
  Value argument = signature.addArgument(type, getFileLocation(), attributes);
  signature.finish();
  addSymbolInput(argument, extents);
  return tensor.known.get();
}

const KnownValue *GraphImporter::readElements(Tensor &tensor) {
  bool before = std::exchange(readsBack, true);
  const KnownValue *known = followElements(tensor);
  readsBack = before;
  return known;
}

/// The elements of a small integer tensor of the graph, each of which becomes two extents that are read back: what it
/// is above 0, and below.
void GraphImporter::readTensor(Tensor &tensor) {
  int64_t count = tensor.dims.empty() ? 1 : constantDim(tensor.dims[0]).value_or(-1);
  if (!tensor.elementType || !isInteger(tensor.elementType) || tensor.elementType.isInteger(1) ||
      tensor.dims.size() > 1 || count < 0 || count > maxElements)
    return;
  Location location = NameLoc::get(builder.getStringAttr(tensor.name), getFileLocation());
  Value value = materialize(tensor, location);
  if (!value)
    return;
  // What is known of the tensor is known wherever it is.
  OpBuilder::InsertionGuard atTensor(builder);
  leaveControlFlow(value);
  auto type = RankedTensorType::get({}, builder.getI64Type());
  auto note = [&](Value made) {
    setDims(made, {});
    return made;
  };
  auto number = [&](int64_t of) {
    return note(ConstantOp::create(builder, location, type, DenseElementsAttr::get(type, of)));
  };
  constexpr int64_t largest = std::numeric_limits<int32_t>::max();
  Value zero = number(0), least = number(-largest), most = number(largest);
  KnownValue known{tensor.elementType, {}, {}};
  if (!tensor.dims.empty())
    known.shape.push_back(count);
  for (int64_t i = 0; i < count; ++i) {
    std::string name = tensor.name + (tensor.dims.empty() ? "" : "[" + std::to_string(i) + "]");
    Value element = value;
    if (!tensor.dims.empty())
      element = note(GatherOp::create(builder, location, RankedTensorType::get({}, tensor.elementType), value,
                                      number(i), static_cast<uint64_t>(0)));
    if (tensor.elementType != type.getElementType())
      element = note(CastOp::create(builder, location, type, element, type.getElementType()));
    // What models use for "to the end" is as far as any extent goes.
    element = note(
        MaxOp::create(builder, location, type, note(MinOp::create(builder, location, type, element, most)), least));
    Value above = note(MaxOp::create(builder, location, type, element, zero));
    Value below =
        note(MaxOp::create(builder, location, type, note(SubOp::create(builder, location, type, zero, element)), zero));
    AffineExpr positive = readBack(above, {}, location, name), negative = readBack(below, {}, location, "-" + name);
    known.elements.emplace_back(subtractExtents(positive, negative));
  }
  tensor.known = std::make_shared<KnownValue>(std::move(known));
}

const KnownValue *GraphImporter::followElements(Tensor &tensor) {
  if (const KnownValue *known = getKnown(tensor))
    return known;
  if (!readsBack)
    return follow(tensor);
  if (!std::exchange(tensor.isRead, true) && !tensor.hasFailed && !tensor.elements && !follow(tensor))
    readTensor(tensor);
  return tensor.known.get();
}

const KnownValue *GraphImporter::follow(Tensor &tensor) {
  // Reading may find elements that following has not found.
  if ((!readsBack && std::exchange(tensor.isFollowed, true)) || tensor.hasFailed || tensor.elements ||
      followedDepth >= maxDepth)
    return nullptr;
  if (tensor.value && llvm::isa<BlockArgument>(tensor.value) && tensor.value.getParentBlock() == &entry.front())
    return followInput(tensor);
  if (!tensor.producer)
    return nullptr;
  const onnx::NodeProto &node = *tensor.producer;
  ++followedDepth;
  bool areKnown = llvm::all_of(node.input(), [&](const std::string &name) {
    Tensor *operand = graphScope->lookup(name);
    return name.empty() || (operand && !mayBeReplaced(*operand) && followElements(*operand));
  });
  --followedDepth;
  auto opset = graphScope->opsets.find("");
  if (!areKnown || !node.domain().empty() || opset == graphScope->opsets.end())
    return nullptr;
  // Ops that keep elements, as Unsqueeze does, follow them by themselves. Sizes are few integers.
  ImportFunction evaluate = OpRegistry::get().lookupEvaluator(node.op_type());
  int64_t count = tensor.dims.empty() ? 1 : constantDim(tensor.dims[0]).value_or(maxElements + 1);
  if (!evaluate && tensor.dims.size() <= 1 && count <= maxElements && isInteger(tensor.elementType))
    evaluate = OpRegistry::get().lookup(node.op_type(), opset->second);
  if (!evaluate)
    return nullptr;
  AttributeMap attributes;
  for (const onnx::AttributeProto &attribute : node.attribute())
    attributes[attribute.name()] = &attribute;
  NodeImporter importer(*this, node, *graphScope, attributes, opset->second);
  {
    // What the node does not take has been reported when it was imported.
    ScopedDiagnosticHandler silence(getContext(), [](Diagnostic &) { return success(); });
    evaluate(importer);
  }
  for (int i = 0; i < node.output_size() && !importer.hasFailed(); ++i)
    if (Tensor *result = importer.getResult(i); result && node.output(i) == tensor.name)
      tensor.known = result->known;
  return tensor.known.get();
}

} // namespace dlc::onnx_import
