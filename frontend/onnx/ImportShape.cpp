// SPDX-License-Identifier: Apache-2.0
// Ops that make constants, sequences and shapes.
#include "frontend/onnx/NodeImporter.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/ElementConversion.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsGeneration.h"
#include <cmath>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// Rank 1 where `values` came as a list.
void setNumbers(NodeImporter &node, Type type, ArrayRef<double> values, bool isList) {
  KnownValue known{type, {}, {}};
  if (isList)
    known.shape.push_back(values.size());
  for (double value : values)
    known.elements.push_back(isInteger(type) ? KnownElement(node.extent(static_cast<int64_t>(value)))
                                             : KnownElement(value));
  node.setKnown(0, std::move(known));
}

void importConstant(NodeImporter &node) {
  Builder &builder = node.getBuilder();
  if (node.hasAttribute("value")) {
    node.setConstant(0, node.getTensorAttribute("value"));
  } else if (node.hasAttribute("value_int")) {
    node.setKnown(0, {builder.getI64Type(), {}, {node.extent(node.getInteger("value_int", 0))}});
  } else if (node.hasAttribute("value_float")) {
    setNumbers(node, builder.getF32Type(), node.getReal("value_float", 0), false);
  } else if (auto integers = node.hasAttribute("value_ints") ? node.getIntegers("value_ints") : std::nullopt) {
    KnownValue known{builder.getI64Type(), {static_cast<int64_t>(integers->size())}, {}};
    for (int64_t value : *integers)
      known.elements.push_back(node.extent(value));
    node.setKnown(0, std::move(known));
  } else if (auto reals = node.hasAttribute("value_floats") ? node.getReals("value_floats") : std::nullopt) {
    setNumbers(node, builder.getF32Type(), *reals, true);
  } else if (!node.hasFailed()) {
    node.error() << "has no value that is supported (a tensor, integers or floating-point numbers)";
  }
}

/// Sets result 0 to `value` (none: 0) everywhere in a shape that a run computes.
void setFilled(NodeImporter &node, Type type, ArrayRef<AffineExpr> extents, ConstantTensor value) {
  double number = value ? readReal(type, value.bytes.data()) : 0;
  // A double does not hold every integer.
  if (std::abs(number) < 0x1p53 || !isInteger(type)) {
    node.setResult(0, node.fill(type, extents, number));
    return;
  }
  node.setResult(0, node.expand(node.createIntegers(type, {readInteger(type, value.bytes.data())}), extents));
}

void importConstantOfShape(NodeImporter &node) {
  std::optional<Dims> extents = node.getKnownExtents(0, "input");
  ConstantTensor value = node.getTensorAttribute("value");
  if (value && value.type.getNumElements() != 1)
    node.error() << "attribute 'value' must have one element";
  if (!extents || node.hasFailed())
    return;
  Type type = value ? value.type.getElementType() : node.getBuilder().getF32Type();
  SmallVector<int64_t> shape;
  bool isStatic = true;
  for (AffineExpr extent : *extents) {
    std::optional<int64_t> constant = constantDim(extent);
    if (getExtentRange(extent).high < 0) {
      node.error() << "the result would have a negative extent";
      return;
    }
    isStatic &= constant.has_value();
    shape.push_back(constant.value_or(0));
  }
  if (!isStatic) {
    setFilled(node, type, *extents, value);
    return;
  }
  std::optional<int64_t> size = getTensorSize(shape, type);
  std::optional<KnownValue> filling = value ? KnownValue::read(value) : KnownValue{type, {}, {KnownElement(0.0)}};
  if (size && filling && *size <= KnownValue::maxElements * getElementSize(type)) {
    KnownValue known{type, shape, {}};
    known.elements.assign(countElements(shape), filling->elements.front());
    node.setKnown(0, std::move(known));
    return;
  }
  Attribute element = makeElement(value ? readReal(type, value.bytes.data()) : 0, type);
  // A double does not hold every integer.
  if (value && isInteger(type)) {
    uint64_t bits = readInteger(type, value.bytes.data());
    element = IntegerAttr::get(type, llvm::APInt(64, bits).trunc(type.getIntOrFloatBitWidth()));
  }
  node.setResult(0, node.createFilled(type, shape, element));
}

void importShape(NodeImporter &node) {
  if (!node.expectOperands(1, 1))
    return;
  ArrayRef<AffineExpr> dims = node.getDims(0);
  int64_t rank = dims.size();
  auto clampIndex = [&](int64_t index) { return std::clamp<int64_t>(index < 0 ? index + rank : index, 0, rank); };
  int64_t start = clampIndex(node.getInteger("start", 0)), end = clampIndex(node.getInteger("end", rank));
  KnownValue known{node.getBuilder().getI64Type(), {std::max<int64_t>(end - start, 0)}, {}};
  for (int64_t i = start; i < end; ++i)
    known.elements.push_back(dims[i]);
  node.setKnown(0, std::move(known));
}

void importSize(NodeImporter &node) {
  if (node.expectOperands(1, 1))
    node.setKnown(0, {node.getBuilder().getI64Type(), {}, {elementCount(node.getDims(0), node.getContext())}});
}

/// A range whose number of elements is computed from floating-point numbers, and then read back.
void setComputedRange(NodeImporter &node, Type type) {
  Type f64 = node.getBuilder().getF64Type(), i64 = node.getBuilder().getI64Type(),
       wide = type.isF64() ? type : node.getBuilder().getF32Type();
  SmallVector<Value> numbers;
  for (int64_t i = 0; i < 3; ++i)
    numbers.push_back(node.reshape(node.getOperand(i), {}));
  Value span = node.cast(node.subtract(numbers[1], numbers[0]), f64);
  Value steps = node.create<CeilOp>(node.divide(span, node.cast(numbers[2], f64)));
  // What is not a number is 0 as an integer.
  AffineExpr count = node.readBack(node.create<MaxOp>(node.cast(steps, i64), node.createScalar(i64, 0)));
  if (node.hasFailed())
    return;
  Value positions = node.multiply(node.cast(node.countTo(count), wide), node.cast(numbers[2], wide));
  node.setResult(0, node.cast(node.add(positions, node.cast(numbers[0], wide)), type));
}

/// A range with a bound that depends on extents.
void setSymbolicRange(NodeImporter &node, Type type, const KnownElement &start, const KnownElement &limit,
                      const KnownElement &delta) {
  auto asWhole = [&](const KnownElement &element) -> AffineExpr {
    if (element.expression)
      return element.divisor == 1 ? element.expression : AffineExpr();
    bool isWhole = element.number == std::floor(element.number) && std::abs(element.number) < 0x1p31;
    return isWhole ? node.extent(static_cast<int64_t>(element.number)) : AffineExpr();
  };
  AffineExpr first = asWhole(start), end = asWhole(limit), step = asWhole(delta);
  std::optional<int64_t> size = step ? constantDim(step) : std::nullopt;
  if ((!first || !end || !step) && llvm::isa<FloatType>(type)) {
    setComputedRange(node, type);
    return;
  }
  if (!first || !end || !step || size == 0) {
    node.error() << "counts to an extent in steps that are not whole numbers other than 0, which is not supported";
    return;
  }
  AffineExpr zero = node.extent(0), one = node.extent(1);
  auto countIn = [&](AffineExpr span, AffineExpr by) {
    return divideExtentsUp(atLeastZero(span), maximumExtent(by, one));
  };
  AffineExpr count = chooseExtent(isLessExtent(zero, step), countIn(subtractExtents(end, first), step),
                                  countIn(subtractExtents(first, end), subtractExtents(zero, step)));
  if (!size)
    node.expectInRun(ExtentRelation::OtherThan, step, zero);
  Value result = node.cast(node.countTo(count), type);
  if (size != 1)
    result = node.multiply(result, node.createInteger(type, step));
  if (constantDim(first) != 0)
    result = node.add(result, node.createInteger(type, first));
  node.setResult(0, result);
}

void importRange(NodeImporter &node) {
  if (!node.expectOperands(3, 3))
    return;
  Type type = node.getElementType(0);
  for (int64_t i : {1, 2})
    if (node.getElementType(i) != type) {
      node.error() << "operands have different element types";
      return;
    }
  const KnownValue *bounds[] = {node.followOperand(0), node.followOperand(1), node.followOperand(2)};
  if (llvm::is_contained(bounds, nullptr) && isInteger(type))
    for (int64_t i = 0; i < 3; ++i)
      bounds[i] = node.readOperand(i);
  if (llvm::all_of(bounds, [](const KnownValue *known) { return known && known->elements.size() == 1; }) &&
      !llvm::all_of(bounds, [](const KnownValue *known) { return known->isConstant(); })) {
    setSymbolicRange(node, type, bounds[0]->elements[0], bounds[1]->elements[0], bounds[2]->elements[0]);
    return;
  }
  if (llvm::is_contained(bounds, nullptr) && llvm::isa<FloatType>(type)) {
    setComputedRange(node, type);
    return;
  }
  auto start = node.getKnownReals(0, "start"), limit = node.getKnownReals(1, "limit"),
       delta = node.getKnownReals(2, "delta");
  if (!start || !limit || !delta)
    return;
  if (start->size() != 1 || limit->size() != 1 || delta->size() != 1 || delta->front() == 0) {
    node.error() << "expects scalars and a delta that is not 0";
    return;
  }
  double count = std::max(0.0, std::ceil((limit->front() - start->front()) / delta->front()));
  if (!(count <= INT32_MAX)) {
    node.error() << "would have " << count << " elements";
    return;
  }
  if (count > KnownValue::maxElements) {
    node.setResult(0, node.create<IotaOp>(node.real(start->front()), node.real(delta->front()),
                                          node.integer(static_cast<int64_t>(count)), TypeAttr::get(type)));
    return;
  }
  SmallVector<double> values;
  for (int64_t i = 0; i < static_cast<int64_t>(count); ++i)
    values.push_back(start->front() + i * delta->front());
  setNumbers(node, type, values, true);
}

} // namespace

void registerShape(OpRegistry &registry) {
  registry.add("Constant", 1, importConstant);
  registry.add("ConstantOfShape", 9, importConstantOfShape);
  registry.add("Shape", 1, importShape);
  registry.add("Size", 1, importSize);
  registry.add("Range", 11, importRange);
}

} // namespace dlc::onnx_import
