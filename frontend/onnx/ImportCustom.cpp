// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/ImportCustom.h"
#include "ir/OpsCustom.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

bool isName(StringRef text) {
  return !text.empty() && !llvm::isDigit(text.front()) &&
         llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || c == '_' || c == '.'; });
}

/// An extent of an operand: its value, and its symbol in the op's maps.
struct Extent {
  AffineExpr value, symbol;
};

class CustomNode {
public:
  CustomNode(NodeImporter &node, const CustomOpDescription &op, DictionaryAttr parameters)
      : node(node), op(op), parameters(parameters), builder(node.getBuilder()) {}

  void import() {
    auto inputCount = static_cast<int64_t>(op.inputs.size());
    if (!node.expectOperands(inputCount, inputCount))
      return;
    if (node.getNumResults() > static_cast<int64_t>(op.outputs.size())) {
      node.error() << "has " << node.getNumResults() << " results, and the op gives " << op.outputs.size();
      return;
    }
    for (int64_t i = 0; i < inputCount; ++i)
      bindInput(i);
    SmallVector<Value> inputs;
    for (int64_t i = 0; i < inputCount && !node.hasFailed(); ++i)
      inputs.push_back(node.getOperand(i));
    SmallVector<Attribute> types;
    for (size_t i = 0; i < op.outputs.size() && !node.hasFailed(); ++i)
      types.push_back(findType(i));
    Value sizes = node.hasFailed() || op.computed.empty() ? Value() : computeExtents(inputs);
    SmallVector<Attribute> dims;
    for (size_t i = 0; i < op.outputs.size() && !node.hasFailed(); ++i)
      dims.push_back(inferOutput(i));
    if (node.hasFailed())
      return;
    SmallVector<Value> results = call(
        op.name, inputs, sizes ? ValueRange(sizes) : ValueRange(), types, dims,
        /*isWanted=*/[&](size_t i) { return node.hasResult(i); }, op.gradient, op.hasEffects);
    for (auto [number, result] : llvm::enumerate(results))
      if (result)
        node.setResult(number, result);
  }

private:
  AffineExpr symbol(unsigned position) { return getAffineSymbolExpr(position, node.getContext()); }

  Attribute findType(size_t output) {
    Type type;
    if (output < op.types.size())
      type = getCustomElementType(op.types[output], node.getContext());
    else if (node.getNumOperands() > 0)
      type = node.getElementType(0);
    else
      node.error() << "has no inputs, so that the op's description must say in 'types' what its results hold";
    return type ? TypeAttr::get(type) : Attribute();
  }

  /// The extents of operand `i` get the names that the description gives them.
  void bindInput(int64_t i) {
    ArrayRef<std::string> pattern = op.inputs[i];
    SmallVector<Extent> extents;
    for (AffineExpr value : node.getDims(i))
      extents.push_back({value, symbol(extentCount++)});
    bool isOpen = !pattern.empty() && pattern.front() == "...";
    ArrayRef<std::string> named = isOpen ? pattern.drop_front() : pattern;
    if (isOpen ? extents.size() < named.size() : extents.size() != named.size()) {
      node.error() << "takes as input " << i + 1 << " a tensor of rank " << named.size() << (isOpen ? " or more" : "")
                   << ", [" << llvm::join(pattern, ", ") << "], and gets one of rank " << extents.size();
      return;
    }
    ArrayRef<Extent> all(extents), leading = all.drop_back(named.size());
    if (isOpen && ellipsis && ellipsis->size() != leading.size()) {
      node.error() << "has inputs whose \"...\" are " << ellipsis->size() << " and " << leading.size() << " extents";
      return;
    }
    if (isOpen && !ellipsis)
      ellipsis.emplace(leading);
    else if (isOpen)
      for (auto [known, extent] : llvm::zip(*ellipsis, leading))
        expectEqual(i, "...", known, extent);
    for (auto [text, extent] : llvm::zip(named, all.take_back(named.size())))
      bindExtent(i, text, extent);
  }

  void bindExtent(int64_t input, StringRef text, const Extent &extent) {
    if (isName(text) && !names.contains(text)) {
      names[text] = extent;
      return;
    }
    Extent expected{parse(text, /*symbols=*/false), parse(text, /*symbols=*/true)};
    if (expected.value && expected.symbol)
      expectEqual(input, text, expected, extent);
  }

  void expectEqual(int64_t input, StringRef text, const Extent &expected, const Extent &extent) {
    if (expected.value == extent.value)
      return;
    if (!mayBeEqual(expected.value, extent.value)) {
      node.error() << "has an input " << input + 1 << " with the extent " << *constantDim(extent.value) << " where '"
                   << text << "' is " << *constantDim(expected.value);
      return;
    }
    equal.push_back(expected.symbol);
    equal.push_back(extent.symbol);
  }

  /// An expression over what operands' extents are, or over their symbols.
  AffineExpr parse(StringRef text, bool symbols) {
    std::string problem;
    AffineExpr expr = parseExtent(
        text, node.getContext(),
        [&](StringRef name) -> AffineExpr {
          if (auto found = names.find(name); found != names.end())
            return symbols ? found->second.symbol : found->second.value;
          auto number = llvm::dyn_cast_or_null<IntegerAttr>(parameters.get(name));
          return number ? getAffineConstantExpr(number.getInt(), node.getContext()) : AffineExpr();
        },
        problem);
    if (!expr)
      node.error() << "has an extent '" << text << "' in the op's description that " << problem;
    return expr;
  }

  /// Calls the op's function for extents: a shape of them.
  Value computeExtents(ValueRange inputs) {
    auto i64 = TypeAttr::get(builder.getI64Type());
    auto scalar = AffineMapAttr::get(AffineMap::get(0, extentCount, node.getContext()));
    SmallVector<Attribute> types(op.computed.size(), i64), dims(op.computed.size(), scalar);
    SmallVector<Value> counts =
        call(op.extents, inputs, {}, types, dims, [](size_t) { return true; }, "", /*hasEffects=*/false);
    Dims extents;
    for (auto [number, computed] : llvm::enumerate(op.computed)) {
      AffineExpr bound = computed.second.empty() ? AffineExpr() : parse(computed.second, /*symbols=*/false);
      if (node.hasFailed())
        return {};
      AffineExpr extent = node.readBack(counts[number], bound);
      if (!extent)
        return {};
      extents.push_back(extent);
      names[computed.first] = {extent, symbol(extentCount++)};
    }
    return node.createShape(extents);
  }

  Attribute inferOutput(size_t output) {
    SmallVector<AffineExpr> extents;
    for (const std::string &text : op.outputs[output]) {
      if (text != "...") {
        extents.push_back(parse(text, /*symbols=*/true));
      } else if (ellipsis) {
        for (const Extent &extent : *ellipsis)
          extents.push_back(extent.symbol);
      } else {
        node.error() << "gives extents \"...\" that no input has";
      }
      if (node.hasFailed())
        return {};
    }
    return AffineMapAttr::get(AffineMap::get(0, extentCount, extents, node.getContext()));
  }

  /// The results of a function, null where they are not wanted.
  SmallVector<Value> call(StringRef name, ValueRange inputs, ValueRange sizes, ArrayRef<Attribute> types,
                          ArrayRef<Attribute> dims, function_ref<bool(size_t)> isWanted, StringRef gradient,
                          bool hasEffects) {
    AffineMapAttr pairs;
    if (!equal.empty())
      pairs = AffineMapAttr::get(AffineMap::get(0, extentCount, equal, node.getContext()));
    Value first = node.create<CustomOp>(builder.getStringAttr(name), inputs, sizes, builder.getArrayAttr(types),
                                        builder.getArrayAttr(dims), parameters, pairs,
                                        gradient.empty() ? StringAttr() : builder.getStringAttr(gradient),
                                        hasEffects ? builder.getUnitAttr() : UnitAttr(), StringAttr());
    SmallVector<Value> results(types.size());
    if (node.hasFailed())
      return results;
    results[0] = first;
    for (size_t i = 1; i < types.size(); ++i)
      if (isWanted(i))
        results[i] = node.create<CustomResultOp>(builder.getI64IntegerAttr(static_cast<int64_t>(i)), first,
                                                 first.getDefiningOp()->getOperands());
    return results;
  }

  NodeImporter &node;
  const CustomOpDescription &op;
  DictionaryAttr parameters;
  OpBuilder &builder;
  unsigned extentCount = 0; ///< of all operands so far
  llvm::StringMap<Extent> names;
  std::optional<SmallVector<Extent>> ellipsis;
  SmallVector<AffineExpr> equal; ///< pairs of symbols
};

Attribute makeParameter(const onnx::AttributeProto &attribute, Builder &builder) {
  using Proto = onnx::AttributeProto;
  auto toList = [&](const auto &elements, auto make) {
    SmallVector<Attribute> list;
    for (const auto &element : elements)
      list.push_back(make(element));
    return builder.getArrayAttr(list);
  };
  auto integer = [&](int64_t value) { return builder.getI64IntegerAttr(value); };
  auto real = [&](double value) { return builder.getF64FloatAttr(value); };
  auto string = [&](const std::string &value) { return builder.getStringAttr(value); };
  switch (attribute.type()) {
  case Proto::INT:
    return integer(attribute.i());
  case Proto::FLOAT:
    return real(attribute.f());
  case Proto::STRING:
    return string(attribute.s());
  case Proto::INTS:
    return toList(attribute.ints(), integer);
  case Proto::FLOATS:
    return toList(attribute.floats(), real);
  case Proto::STRINGS:
    return toList(attribute.strings(), string);
  default:
    return {};
  }
}

} // namespace

void importCustom(NodeImporter &node, const CustomOpDescription &op, DictionaryAttr parameters) {
  CustomNode(node, op, parameters).import();
}

DictionaryAttr makeParameters(NodeImporter &node, const AttributeMap &attributes) {
  SmallVector<NamedAttribute> parameters;
  for (const auto &entry : attributes) {
    Attribute value = makeParameter(*entry.getValue(), node.getBuilder());
    if (!value) {
      node.error() << "has an attribute '" << entry.getKey()
                   << "' that is neither numbers nor strings, which custom ops do not take";
      return {};
    }
    parameters.push_back(node.getBuilder().getNamedAttr(entry.getKey(), value));
  }
  return node.getBuilder().getDictionaryAttr(parameters);
}

} // namespace dlc::onnx_import
