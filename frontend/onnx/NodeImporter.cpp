// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/NodeImporter.h"
#include "frontend/onnx/NodeOrder.h"
#include "ir/ConstantData.h"
#include "ir/ElementConversion.h"
#include "ir/ExtentAlgebra.h"
#include "ir/ExtentDescription.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsConstant.h"
#include "ir/OpsConversion.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsShape.h"
#include "ir/OpsSize.h"
#include "ir/OpsSlicing.h"
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
  static constexpr StringRef extents[] = {"shape", "sizes", "limit", "input", "pads", "k"};
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

//===-- Ops ----------------------------------------------------------------===//

Value NodeImporter::create(StringRef op, ValueRange operands, ArrayRef<NamedAttribute> attributes) {
  if (failed)
    return {};
  OperationState state(location, op, operands, getPlaceholderType(), attributes);
  return complete(getBuilder().create(state));
}

Value NodeImporter::add(Value lhs, Value rhs) { return create<AddOp>(lhs, rhs); }
Value NodeImporter::subtract(Value lhs, Value rhs) { return create<SubOp>(lhs, rhs); }
Value NodeImporter::multiply(Value lhs, Value rhs) { return create<MulOp>(lhs, rhs); }
Value NodeImporter::divide(Value lhs, Value rhs) { return create<DivOp>(lhs, rhs); }

/// An extent of at most 1, as that of `x[:1]`, broadcasts where it meets another one: the dimension gets the extent 1.
/// A run fails in which it is empty.
void NodeImporter::broadcastSingles(Operation *op) {
  size_t rank = 0;
  for (Value operand : op->getOperands())
    rank = std::max(rank, getDims(operand).size());
  for (OpOperand &operand : op->getOpOperands()) {
    Dims own(getDims(operand.get())), target = own;
    size_t offset = rank - own.size();
    for (size_t i = 0; i < own.size(); ++i) {
      if (constantDim(own[i]) || getExtentRange(own[i]).high > 1)
        continue;
      bool meetsAnother = llvm::any_of(op->getOperands(), [&](Value other) {
        ArrayRef<AffineExpr> dims = getDims(other);
        size_t before = rank - dims.size();
        return offset + i >= before && dims[offset + i - before] != own[i] &&
               constantDim(dims[offset + i - before]) != 1;
      });
      if (!meetsAnother)
        continue;
      target[i] = extent(1);
      expectInRun(ExtentRelation::AtLeast, own[i], target[i]);
    }
    if (target == own)
      continue;
    OpBuilder::InsertionGuard before(getBuilder());
    getBuilder().setInsertionPoint(op);
    operand.set(reshape(operand.get(), target));
  }
}

Value NodeImporter::complete(Operation *op) {
  if (op->hasTrait<Elementwise>() && op->getNumOperands() > 1)
    broadcastSingles(op);
  SmallVector<Dims> operandDims;
  for (Value operand : op->getOperands())
    operandDims.push_back(Dims(getDims(operand)));
  Dims result;
  SmallVector<Type> types;
  std::string message;
  bool isInferred;
  {
    // Shape functions report at the op; the message gets the node's name here.
    ScopedDiagnosticHandler handler(getContext(), [&](Diagnostic &diagnostic) {
      if (message.empty())
        message = diagnostic.str();
      return success();
    });
    isInferred = succeeded(llvm::cast<DimensionOpInterface>(op).inferDims(operandDims, result)) &&
                 succeeded(llvm::cast<InferTypeOpInterface>(op).inferReturnTypes(
                     getContext(), location, op->getOperands(), op->getDiscardableAttrDictionary(),
                     op->getPropertiesStorage(), op->getRegions(), types));
  }
  if (isInferred)
    for (AffineExpr extent : result)
      if (constantDim(extent).value_or(0) < 0) {
        isInferred = false;
        message = "the result would have the extent " + std::to_string(*constantDim(extent));
      }
  if (!isInferred) {
    op->erase();
    error() << (message.empty() ? "operands do not fit together" : message);
    return {};
  }
  SmallVector<int64_t> shape;
  for (AffineExpr extent : result)
    shape.push_back(constantDim(extent).value_or(ShapedType::kDynamic));
  for (AffineExpr &extent : result)
    extent = normalizeExtent(extent);
  Value value = op->getResult(0);
  value.setType(RankedTensorType::get(shape, getElementTypeOrSelf(types.front())));
  importer.setDims(value, std::move(result));
  return value;
}

Value NodeImporter::createFilled(Type elementType, ArrayRef<int64_t> shape, double number) {
  return createFilled(elementType, shape, makeElement(number, elementType));
}

Value NodeImporter::createFilled(Type elementType, ArrayRef<int64_t> shape, Attribute element) {
  if (failed)
    return {};
  if (!getTensorSize(shape, elementType)) {
    error() << "a tensor of 2^40 elements or more, or with a negative extent";
    return {};
  }
  auto type = RankedTensorType::get(shape, elementType);
  Value result =
      ConstantOp::create(getBuilder(), location, type, llvm::cast<ElementsAttr>(DenseElementsAttr::get(type, element)));
  importer.setDims(result, staticDims(type));
  return result;
}

Value NodeImporter::createElements(RankedTensorType type, function_ref<void(size_t position, char *bytes)> write) {
  if (failed)
    return {};
  int64_t size = getElementSize(type.getElementType());
  MutableArrayRef<char> bytes = importer.getFile().allocate(type.getNumElements() * size);
  for (int64_t position = 0; position < type.getNumElements(); ++position)
    write(position, bytes.data() + position * size);
  Value result = ConstantOp::create(getBuilder(), location, type, borrowConstant(type, bytes, node.output(0)));
  importer.setDims(result, staticDims(type));
  return result;
}

Value NodeImporter::createIntegers(Type elementType, ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())}, elementType);
  return createElements(type, [&](size_t i, char *bytes) { writeInteger(elementType, values[i], bytes); });
}

Value NodeImporter::createReals(Type elementType, ArrayRef<int64_t> shape, ArrayRef<double> values) {
  auto type = RankedTensorType::get(shape, elementType);
  assert(static_cast<size_t>(type.getNumElements()) == values.size() && "one number per element");
  return createElements(type, [&](size_t i, char *bytes) { writeReal(elementType, values[i], bytes); });
}

Value NodeImporter::reshape(Value value, ArrayRef<AffineExpr> target) {
  if (failed)
    return {};
  ArrayRef<AffineExpr> source = getDims(value);
  if (source == target)
    return value;
  // A symbolic extent is one of the operand's, or what is left of its elements (which works for one extent).
  SmallVector<int64_t> shape;
  bool isInferred = false;
  for (auto [i, extent] : llvm::enumerate(target)) {
    const AffineExpr *same = i < source.size() && source[i] == extent ? &source[i] : llvm::find(source, extent);
    if (std::optional<int64_t> constant = constantDim(extent)) {
      shape.push_back(*constant);
    } else if (same != source.end()) {
      shape.push_back(-2 - (same - source.begin()));
    } else if (!isInferred) {
      isInferred = true;
      shape.push_back(-1);
    } else {
      return create<ReshapeLikeOp>(value, createShape(target));
    }
  }
  return create<ReshapeOp>(value, integers(shape));
}

Value NodeImporter::materializeResult(Tensor &tensor, StringRef part) {
  if (tensor.hasFailed) {
    markFailed();
    return {};
  }
  if (tensor.leastRank) {
    error() << "has a " << part << " with the result '" << tensor.name << "', which has " << *tensor.leastRank << " or "
            << tensor.dims.size() << " dimensions, as a branch decides, which is not supported here";
    return {};
  }
  Value value = importer.materialize(tensor, getLocation());
  if (!value)
    error() << "has a " << part << " with the result '" << tensor.name
            << "', which mixes numbers with extents that only a run knows";
  return value;
}

AffineExpr NodeImporter::readBack(Value count, AffineExpr bound) {
  return failed ? AffineExpr() : importer.readBack(count, bound, location);
}

Value NodeImporter::expand(Value value, ArrayRef<AffineExpr> target) {
  if (failed)
    return {};
  ArrayRef<AffineExpr> source = getDims(value);
  SmallVector<int64_t> shape;
  for (AffineExpr extent : target) {
    const AffineExpr *same = llvm::find(source, extent);
    if (std::optional<int64_t> constant = constantDim(extent))
      shape.push_back(*constant);
    else if (same != source.end())
      shape.push_back(-2 - (same - source.begin()));
    else
      return create<ExpandLikeOp>(value, createShape(target));
  }
  return create<ExpandOp>(value, integers(shape));
}

Value NodeImporter::fill(Type elementType, ArrayRef<AffineExpr> dims, double number) {
  SmallVector<int64_t> shape;
  for (auto [i, extent] : llvm::enumerate(dims))
    shape.push_back(numberOrDim(extent, static_cast<int64_t>(i)));
  return create<FillOp>(createShape(dims), integers(shape), real(number), TypeAttr::get(elementType));
}

Value NodeImporter::countTo(AffineExpr extent) { return create<IndexOp>(createShape({extent}), integer(0)); }

Value NodeImporter::slice(Value value, ArrayRef<AffineExpr> starts, ArrayRef<AffineExpr> sizes,
                          ArrayRef<int64_t> steps) {
  if (failed)
    return {};
  ArrayRef<AffineExpr> dims = getDims(value);
  SmallVector<int64_t> from, count;
  bool isStatic = true, isWhole = true;
  for (auto [extent, start, size, step] : llvm::zip(dims, starts, sizes, steps)) {
    bool takesAll = size == extent && constantDim(start) == 0 && step == 1;
    isWhole &= takesAll;
    isStatic &= takesAll || (constantDim(start) && constantDim(size));
    from.push_back(takesAll ? 0 : constantDim(start).value_or(0));
    count.push_back(takesAll ? -1 : constantDim(size).value_or(0));
  }
  if (isWhole)
    return value;
  if (isStatic)
    return create<SliceOp>(value, integers(from), integers(count), integers(steps));
  return create<SliceLikeOp>(value, createShape(starts), createShape(sizes), integers(steps));
}

Value NodeImporter::sliceAlong(Value value, int64_t dim, int64_t start, int64_t size) {
  if (failed)
    return {};
  size_t rank = getDims(value).size();
  SmallVector<int64_t> starts(rank, 0), sizes(rank, -1), steps(rank, 1);
  starts[dim] = start;
  sizes[dim] = size;
  return create<SliceOp>(value, integers(starts), integers(sizes), integers(steps));
}

Value NodeImporter::createInteger(Type elementType, AffineExpr value) {
  return createKnown({elementType, {}, {KnownElement(value)}});
}

Value NodeImporter::createKnown(KnownValue value) {
  if (failed)
    return {};
  Tensor *tensor = importer.createTensor("");
  tensor->elementType = value.elementType;
  for (int64_t size : value.shape)
    tensor->dims.push_back(extent(size));
  tensor->known = std::make_shared<KnownValue>(std::move(value));
  return importer.materialize(*tensor, location);
}

Value NodeImporter::cast(Value value, Type elementType) {
  if (failed || getElementTypeOrSelf(value) == elementType)
    return value;
  return create<CastOp>(value, TypeAttr::get(elementType));
}

} // namespace dlc::onnx_import
