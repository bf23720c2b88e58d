// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/OpContext.h"
#include "frontend/json/Elements.h"
#include "ir/ElementConversion.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsConstant.h"
#include "ir/OpsShape.h"
#include "llvm/ADT/APSInt.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc::json;

OpContext::OpContext(OpBuilder &builder, Reporter &reporter, Attributes attributes, std::string name, std::string label,
                     Position position)
    : builder(builder), reporter(reporter), attributes(attributes), name(std::move(name)), label(std::move(label)),
      position(position), location(NameLoc::get(builder.getStringAttr(this->name), reporter.at(position))) {}

Type OpContext::getPlaceholderType() { return RankedTensorType::get({}, builder.getF32Type()); }

Value OpContext::finish(Operation *op, llvm::function_ref<LogicalResult(SmallVectorImpl<Type> &)> infer) {
  SmallVector<Type> types;
  std::string problem;
  {
    // Shape functions report at the op; a reader of the model wants the layer.
    ScopedDiagnosticHandler handler(builder.getContext(), [&](Diagnostic &diagnostic) {
      if (problem.empty())
        problem = diagnostic.str();
      return success();
    });
    if (succeeded(infer(types))) {
      op->getResult(0).setType(types.front());
      if (succeeded(op->getName().verifyInvariants(op)))
        return op->getResult(0);
    }
  }
  op->erase();
  StringRef text = problem;
  // "'dlc.add' op operands do not fit" says in the dialect's terms what the label says in the model's.
  if (size_t end = text.find("' op "); text.starts_with("'dlc.") && end != StringRef::npos)
    text = text.substr(end + 5);
  reporter.error(position, label + ": " + (text.empty() ? StringRef("its inputs do not fit together") : text));
  return {};
}

Value OpContext::create(StringRef op, ArrayRef<Value> operands, ArrayRef<NamedAttribute> given) {
  if (llvm::is_contained(operands, Value()))
    return {};
  Operation *made = builder.create(OperationState(location, op, operands, getPlaceholderType(), given));
  return finish(made, [&](SmallVectorImpl<Type> &types) {
    return cast<InferTypeOpInterface>(made).inferReturnTypes(builder.getContext(), location, made->getOperands(),
                                                             made->getRawDictionaryAttrs(),
                                                             made->getPropertiesStorage(), made->getRegions(), types);
  });
}

Value OpContext::add(Value lhs, Value rhs) { return create<dlc::AddOp>(lhs, rhs); }
Value OpContext::subtract(Value lhs, Value rhs) { return create<dlc::SubOp>(lhs, rhs); }
Value OpContext::multiply(Value lhs, Value rhs) { return create<dlc::MulOp>(lhs, rhs); }
Value OpContext::divide(Value lhs, Value rhs) { return create<dlc::DivOp>(lhs, rhs); }

Value OpContext::constant(ElementsAttr value) {
  return ConstantOp::create(builder, location, value.getType(), value).getResult();
}

Value OpContext::constant(double value, Type elementType) {
  if (auto integer = dyn_cast<IntegerType>(elementType)) {
    llvm::APSInt stored(convertToInteger(llvm::APFloat(value), integer),
                        !integer.isSignless() || integer.getWidth() == 1);
    if (convertToFloat(stored, builder.getF64Type()).convertToDouble() != value)
      return error("needs numbers of type " + getElementTypeName(elementType) + ", not " +
                   llvm::formatv("{0}", value).str());
  }
  return constant(cast<ElementsAttr>(
      DenseElementsAttr::get(RankedTensorType::get({}, elementType), makeElement(value, elementType))));
}

Value OpContext::numbers(ArrayRef<double> values, ArrayRef<int64_t> shape, Type elementType) {
  size_t bytes = getElementSize(elementType);
  std::vector<char> elements(values.size() * bytes);
  for (auto [i, value] : llvm::enumerate(values))
    storeFloat(value, elementType, elements.data() + i * bytes);
  return constant(
      cast<ElementsAttr>(DenseElementsAttr::getFromRawBuffer(RankedTensorType::get(shape, elementType), elements)));
}

Value OpContext::reshape(Value x, ArrayRef<int64_t> shape) {
  if (!x)
    return {};
  SmallVector<int64_t> resolved(shape);
  // What is left (-1) is worked out where it is known: in an empty batch it could not be computed from the number of
  // elements.
  if (int64_t *open = llvm::find(resolved, -1); open != resolved.end()) {
    SmallVector<int64_t> rest(typeOf(x).getShape());
    uint64_t given = 1, left = 1;
    for (int64_t extent : shape)
      if (extent <= -2 && -2 - extent < static_cast<int64_t>(rest.size()))
        rest[-2 - extent] = 1;
      else if (extent >= 0)
        given = llvm::SaturatingMultiply<uint64_t>(given, extent);
    bool isKnown = llvm::none_of(rest, ShapedType::isDynamic);
    for (int64_t extent : isKnown ? ArrayRef(rest) : ArrayRef<int64_t>())
      left = llvm::SaturatingMultiply<uint64_t>(left, extent);
    if (isKnown && given > 0 && left % given == 0)
      *open = left / given;
  }
  return create<ReshapeOp>(x, ArrayRef<int64_t>(resolved));
}

Value OpContext::error(const Twine &message) {
  reporter.error(position, label + " " + message);
  return {};
}

Value OpContext::error(StringRef attribute, const Twine &message) {
  reporter.error(attributes.positionOf(attribute), label + " " + message);
  return {};
}
