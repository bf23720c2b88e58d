// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/NodeImporter.h"
#include "frontend/onnx/NodeOrder.h"
#include "ir/ExtentDescription.h"
#include "ir/TensorDescription.h"

using namespace mlir;

namespace dlc::onnx_import {

static Location getNodeLocation(ImportState &importer, const onnx::NodeProto &node, const Scope &scope) {
  std::string name = !node.name().empty() || node.output_size() == 0 ? node.name() : node.output(0);
  return NameLoc::get(StringAttr::get(importer.getContext(), scope.prefix + name), importer.getFileLocation());
}

NodeImporter::NodeImporter(ImportState &importer, const onnx::NodeProto &node, Scope &scope,
                           const AttributeMap &attributes, int64_t opset)
    : importer(importer), node(node), scope(scope), attributes(attributes), opset(opset),
      location(getNodeLocation(importer, node, scope)), results(node.output_size(), nullptr) {
  for (const std::string &input : node.input()) {
    Tensor *tensor = input.empty() ? nullptr : scope.lookup(input);
    // A function's input that its call leaves out is a tensor without name and type.
    operands.push_back(tensor && (tensor->elementType || tensor->elements || tensor->hasFailed) ? tensor : nullptr);
  }
  while (!operands.empty() && !operands.back())
    operands.pop_back();
}

//===-- Errors -------------------------------------------------------------===//

InFlightDiagnostic NodeImporter::error() {
  failed = true;
  InFlightDiagnostic diagnostic = emitError(importer.getFileLocation());
  diagnostic << describeNode() << ": ";
  std::string given = describeOperands();
  if (!given.empty())
    diagnostic.attachNote() << describeNode() << " takes " << given;
  return diagnostic;
}

std::string NodeImporter::describeNode() const { return onnx_import::describeNode(node); }

std::string NodeImporter::describeOperands() const {
  std::string given;
  for (Tensor *tensor : operands)
    if (tensor && tensor->elementType)
      given += (given.empty() ? "'" : ", '") + tensor->name + "' " + describeType(tensor->elementType) +
               describeExtents(tensor->dims, importer.getSymbolNames());
  return given;
}

bool NodeImporter::dependsOnFailure() const {
  return llvm::any_of(operands, [](Tensor *tensor) { return tensor && tensor->hasFailed; });
}

LogicalResult NodeImporter::finish() {
  bool isSkipped = failed || dependsOnFailure();
  for (int64_t i = 0; i < getNumResults(); ++i) {
    if (!hasResult(i))
      continue;
    if (!isSkipped && !results[i]) {
      error() << "result " << i << " ('" << node.output(i) << "') is not supported";
      isSkipped = true;
    }
    if (isSkipped) {
      results[i] = importer.createTensor(node.output(i));
      results[i]->hasFailed = true;
    }
    scope.tensors[node.output(i)] = results[i];
  }
  return failure(isSkipped);
}

//===-- Operands -----------------------------------------------------------===//

/// Whether the shape of a result tells the value of the operand `what`. That of others (axes, starts, ...) it does not.
static bool followsFromShapes(StringRef what) {
  static constexpr StringRef extents[] = {"shape", "output_shape", "sizes", "limit", "input", "pads", "k"};
  return llvm::is_contained(extents, what);
}

void NodeImporter::reportUnknown(int64_t i, StringRef what) {
  if (followsFromShapes(what))
    importer.noteLackOfExtents();
  error()
      << "operand '" << what << "' ('" << node.input(i)
      << "') is computed from elements of tensors, which is not supported: it must depend on constants and shapes only";
}

bool NodeImporter::checkOperand(int64_t i) {
  if (!hasOperand(i) && !failed)
    error() << "lacks operand " << i;
  return hasOperand(i);
}

bool NodeImporter::expectOperands(int64_t least, int64_t most) {
  if (getNumOperands() < least || getNumOperands() > most)
    error() << "has " << getNumOperands() << " operands, expected " << least
            << (most > least ? " to " + std::to_string(most) : "");
  for (int64_t i = 0; i < least && !failed; ++i)
    checkOperand(i);
  return !failed;
}

Value NodeImporter::getOperand(int64_t i) {
  if (!checkOperand(i) || failed)
    return {};
  Value value = importer.materialize(*operands[i], location);
  if (!value)
    error() << "operand " << i << " ('" << node.input(i) << "') mixes numbers with extents that only a run knows";
  return value;
}

ArrayRef<AffineExpr> NodeImporter::getDims(int64_t i) {
  return checkOperand(i) ? ArrayRef<AffineExpr>(operands[i]->dims) : ArrayRef<AffineExpr>();
}

const KnownValue *NodeImporter::getKnown(int64_t i) {
  return hasOperand(i) && !importer.mayBeReplaced(*operands[i]) ? importer.getKnown(*operands[i]) : nullptr;
}

bool NodeImporter::operandsAreTensors() {
  const auto *sequence = llvm::find_if(operands, [](Tensor *tensor) { return tensor && tensor->elements; });
  if (sequence != operands.end())
    error() << "takes tensors, and operand " << sequence - operands.begin() << " ('" << (*sequence)->name
            << "') is a sequence or an optional value";
  return sequence == operands.end();
}

bool NodeImporter::operandsAreKnown() {
  return !operands.empty() && llvm::all_of(operands, [&](Tensor *tensor) {
    return !tensor ||
           (!tensor->hasFailed && !tensor->elements && !importer.mayBeReplaced(*tensor) && importer.getKnown(*tensor));
  });
}

std::optional<Dims> NodeImporter::getKnownExtents(int64_t i, StringRef what, bool readsBack) {
  if (!checkOperand(i) || failed)
    return std::nullopt;
  const KnownValue *known = importer.followElements(*operands[i]);
  if (!known && readsBack)
    known = importer.readElements(*operands[i]);
  if (!known || !isInteger(known->elementType)) {
    if (known)
      error() << "operand '" << what << "' ('" << node.input(i) << "') must be integers";
    else
      reportUnknown(i, what);
    return std::nullopt;
  }
  Dims extents;
  for (const KnownElement &element : known->elements)
    extents.push_back(element.expression);
  return extents;
}

std::optional<SmallVector<int64_t>> NodeImporter::getKnownIntegers(int64_t i, StringRef what) {
  std::optional<Dims> extents = getKnownExtents(i, what, /*readsBack=*/false);
  if (!extents)
    return std::nullopt;
  SmallVector<int64_t> values;
  for (AffineExpr extent : *extents) {
    std::optional<int64_t> value = constantDim(extent);
    if (!value) {
      bool readsElements = importer.readsElements(extent);
      if (readsElements && followsFromShapes(what))
        importer.noteLackOfExtents();
      error() << "operand '" << what << "' ('" << node.input(i) << "') depends on "
              << (readsElements ? "elements" : "extents") << " that only a run knows, which is not supported here";
      return std::nullopt;
    }
    values.push_back(*value);
  }
  return values;
}

std::optional<SmallVector<double>> NodeImporter::getKnownReals(int64_t i, StringRef what) {
  if (!checkOperand(i) || failed)
    return std::nullopt;
  const KnownValue *known = importer.getKnown(*operands[i]);
  if (!known || !known->isConstant()) {
    reportUnknown(i, what);
    return std::nullopt;
  }
  SmallVector<double> values;
  for (const KnownElement &element : known->elements)
    values.push_back(element.asReal());
  return values;
}

//===-- Results ------------------------------------------------------------===//

Tensor *NodeImporter::newResult(int64_t i) {
  assert(i < getNumResults() && "importers set only results that the node has");
  return results[i] = importer.createTensor(node.output(i));
}

void NodeImporter::setResult(int64_t i, Value value) {
  if (failed || !hasResult(i))
    return;
  Tensor *tensor = newResult(i);
  tensor->value = value;
  tensor->elementType = getElementTypeOrSelf(value);
  tensor->dims = Dims(getDims(value));
}

void NodeImporter::setKnown(int64_t i, KnownValue value) {
  if (failed || !hasResult(i))
    return;
  Tensor *tensor = newResult(i);
  tensor->elementType = value.elementType;
  for (int64_t size : value.shape)
    tensor->dims.push_back(extent(size));
  tensor->known = std::make_shared<KnownValue>(std::move(value));
}

void NodeImporter::setConstant(int64_t i, ConstantTensor constant) {
  if (failed || !constant || !hasResult(i))
    return;
  Tensor *tensor = newResult(i);
  tensor->elementType = constant.type.getElementType();
  tensor->dims = staticDims(constant.type);
  tensor->constant = constant;
}

void NodeImporter::setTensor(int64_t i, Tensor *tensor) {
  if (!failed && hasResult(i))
    results[i] = tensor;
}

void NodeImporter::setElements(int64_t i, SmallVector<Tensor *> elements, bool isOptional) {
  if (failed || !hasResult(i))
    return;
  newResult(i)->elements = std::move(elements);
  results[i]->isOptional = isOptional;
}

bool NodeImporter::hasAllResults() const {
  for (int64_t i = 0; i < getNumResults(); ++i)
    if (hasResult(i) && !results[i])
      return false;
  return true;
}

} // namespace dlc::onnx_import
