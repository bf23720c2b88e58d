// SPDX-License-Identifier: Apache-2.0
// The ops that a node makes: their types and extents are inferred, and an error names the node.
#include "frontend/onnx/NodeImporter.h"
#include "frontend/onnx/OpenBroadcast.h"
#include "ir/ConstantData.h"
#include "ir/ElementConversion.h"
#include "ir/ExtentAlgebra.h"
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

Value NodeImporter::complete(Operation *op) {
  if (op->hasTrait<Elementwise>() && op->getNumOperands() > 1)
    broadcastSingles(*this, op);
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

Value NodeImporter::cutTo(Value value, ArrayRef<AffineExpr> extents) {
  return slice(value, Dims(extents.size(), extent(0)), extents, SmallVector<int64_t>(extents.size(), 1));
}

Value NodeImporter::padTo(Value value, ArrayRef<AffineExpr> extents) {
  return create<PadLikeOp>(value, Value(), createShape(Dims(extents.size(), extent(0))), createShape(extents),
                           PadMode::Constant);
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
