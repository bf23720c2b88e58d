// SPDX-License-Identifier: Apache-2.0
#include "formats/onnx/GraphWriter.h"
#include "formats/onnx/ElementTypes.h"
#include "ir/ConstantData.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsConstant.h"
#include "ir/OpsParameter.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace dlc::onnx_export {

int64_t getOpsetOf(Type elementType) { return std::max(opsetVersion, onnx_format::getFirstOpset(elementType)); }

//===-- Ops ----------------------------------------------------------------===//

void GraphWriter::begin(Operation &op) {
  layer = getLayerName(op.getLoc());
  if (layer.empty())
    layer = op.getName().stripDialect().str();
}

void GraphWriter::finish(Value value, const std::string &name) {
  names[value] = name;
  auto wish = wishes.find(value);
  if (wish == wishes.end())
    return;
  names[value] = wish->second;
  for (int i = graph.node_size() - 1; i >= 0; --i)
    for (std::string &output : *graph.mutable_node(i)->mutable_output())
      if (output == name) {
        output = wish->second;
        return;
      }
  onnx::NodeProto &node = *graph.add_node();
  node.set_op_type("Identity");
  node.add_input(name);
  node.add_output(wish->second);
}

Names GraphWriter::addNode(llvm::StringRef type, llvm::ArrayRef<std::string> inputs, unsigned resultCount,
                           NodeAttributes attributes) {
  onnx::NodeProto &node = *graph.add_node();
  auto [domain, name] = type.contains('.') ? type.rsplit('.') : std::pair(llvm::StringRef(), type);
  node.set_op_type(name.str());
  if (!domain.empty()) {
    node.set_domain(domain.str());
    scope.domains.insert(domain.str());
  }
  for (const std::string &input : inputs)
    node.add_input(input);
  Names results;
  for (unsigned i = 0; i < resultCount; ++i) {
    results.push_back(makeName(layer));
    node.add_output(results.back());
  }
  node.set_name(results.front());
  for (auto &[name, value] : attributes) {
    onnx::AttributeProto &attribute = *node.add_attribute();
    attribute.set_name(name);
    if (auto *integer = std::get_if<int64_t>(&value)) {
      attribute.set_type(onnx::AttributeProto::INT);
      attribute.set_i(*integer);
    } else if (auto *number = std::get_if<float>(&value)) {
      attribute.set_type(onnx::AttributeProto::FLOAT);
      attribute.set_f(*number);
    } else if (auto *text = std::get_if<std::string>(&value)) {
      attribute.set_type(onnx::AttributeProto::STRING);
      attribute.set_s(*text);
    } else if (auto *integers = std::get_if<std::vector<int64_t>>(&value)) {
      attribute.set_type(onnx::AttributeProto::INTS);
      for (int64_t element : *integers)
        attribute.add_ints(element);
    } else {
      attribute.set_type(onnx::AttributeProto::GRAPH);
      attribute.mutable_g()->Swap(&std::get<onnx::GraphProto>(value));
    }
  }
  return results;
}

//===-- Names --------------------------------------------------------------===//

std::string GraphWriter::makeName(llvm::StringRef name) {
  std::string unique = scope.uniqueNames.make(name, [&](StringRef tried) { return scope.names.contains(tried); });
  scope.names.insert(unique);
  return unique;
}

std::string GraphWriter::getName(Value value) {
  if (auto known = names.find(value); known != names.end())
    return known->second;
  if (auto load = value.getDefiningOp<LoadParameterOp>())
    return load.getParameter().str();
  if (auto constant = value.getDefiningOp<ConstantOp>())
    return names[value] = makeConstant(constant.getValue());
  if (outer)
    return outer->getName(value);
  llvm_unreachable("ops are written before their users, and those that fail get an empty name");
}

//===-- Initializers -------------------------------------------------------===//

std::string GraphWriter::makeConstant(ElementsAttr value) {
  auto data = ConstantData::get(value);
  auto type = llvm::cast<RankedTensorType>(value.getShapedType());
  std::string key;
  llvm::raw_string_ostream stream(key);
  stream << type << (data->isSplat() ? " splat " : " ");
  // Large ones are not compared.
  constexpr size_t compared = 4096;
  bool isCompared = data->getBytes().size() <= compared;
  stream.write(data->getBytes().data(), isCompared ? data->getBytes().size() : 0);
  std::string name = isCompared ? scope.constants.lookup(key) : "";
  if (!name.empty())
    return name;
  name = makeName("constant");
  addInitializer(scope, name, value);
  if (isCompared)
    scope.constants[key] = name;
  return name;
}

/// Puts elements narrower than a byte, one per byte, together, the first into the low bits.
static void packElements(std::string &bytes, unsigned width) {
  unsigned perByte = 8 / width, mask = (1u << width) - 1;
  std::string packed((bytes.size() + perByte - 1) / perByte, '\0');
  for (size_t i = 0; i < bytes.size(); ++i)
    packed[i / perByte] |= static_cast<char>((static_cast<unsigned char>(bytes[i]) & mask) << (i % perByte * width));
  bytes = std::move(packed);
}

void addInitializer(ModelScope &scope, llvm::StringRef name, ElementsAttr value) {
  onnx::TensorProto &tensor = *scope.graph.add_initializer();
  auto data = ConstantData::get(value);
  auto type = llvm::cast<RankedTensorType>(value.getShapedType());
  tensor.set_name(name.str());
  tensor.set_data_type(*getOnnxType(type.getElementType()));
  scope.opset = std::max(scope.opset, getOpsetOf(type.getElementType()));
  for (int64_t extent : type.getShape())
    tensor.add_dims(extent);
  llvm::ArrayRef<char> bytes = data->getBytes();
  int64_t repeats = data->isSplat() ? type.getNumElements() : 1;
  scope.bytes += repeats * static_cast<int64_t>(bytes.size());
  std::string &raw = *tensor.mutable_raw_data();
  // A file that is too large is rejected in the end; it need not be written.
  if (scope.bytes < (int64_t(1) << 31)) {
    raw.reserve(repeats * bytes.size());
    for (int64_t i = 0; i < repeats; ++i)
      raw.append(bytes.data(), bytes.size());
    if (unsigned width = type.getElementTypeBitWidth(); width == 2 || width == 4)
      packElements(raw, width);
  }
}

std::string GraphWriter::makeInts(llvm::ArrayRef<int64_t> values) {
  Builder builder(block.getParentOp()->getContext());
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())}, builder.getI64Type());
  return makeConstant(DenseElementsAttr::get(type, values));
}

std::string GraphWriter::makeInt(int64_t value) {
  Builder builder(block.getParentOp()->getContext());
  auto type = RankedTensorType::get({}, builder.getI64Type());
  return makeConstant(DenseElementsAttr::get(type, llvm::ArrayRef<int64_t>(value)));
}

std::string GraphWriter::makeScalar(double value, Type elementType) {
  auto type = RankedTensorType::get({}, elementType);
  if (llvm::isa<FloatType>(elementType))
    return makeConstant(makeConstantFromDoubles(type, {value}));
  return makeConstant(
      DenseElementsAttr::get(type, llvm::cast<Attribute>(IntegerAttr::get(elementType, static_cast<int64_t>(value)))));
}

//===-- Extents ------------------------------------------------------------===//

std::string GraphWriter::makeExtent(AffineExpr extent) {
  if (auto constant = constantDim(extent))
    return makeInts({*constant});
  // Symbols are those of the entry point, so that bodies of loops can read what is outside them.
  if (outer && !decides(extent))
    return outer->makeExtent(extent);
  std::string &name = extents[extent];
  if (name.empty())
    name = computeExtent(extent);
  return name;
}

/// Whether `extent` depends on what the nodes of this block compute.
bool GraphWriter::decides(AffineExpr extent) {
  return extent
      .walk([&](AffineExpr part) {
        auto symbol = llvm::dyn_cast<AffineSymbolExpr>(part);
        bool isOwn = symbol && scope.symbolSources[symbol.getPosition()].writer == this;
        return isOwn ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

std::string GraphWriter::computeExtent(AffineExpr extent) {
  if (auto symbol = llvm::dyn_cast<AffineSymbolExpr>(extent)) {
    const SymbolSource &position = scope.symbolSources[symbol.getPosition()];
    if (position.sign == 0)
      return add("Shape", {position.tensor}, {{"start", position.index}, {"end", position.index + 1}});
    std::string element = add("Slice", {add("Reshape", {position.tensor, makeInts({-1})}), makeInts({position.index}),
                                        makeInts({position.index + 1})});
    element = add("Cast", {element}, {{"to", int64_t(onnx::TensorProto::INT64)}});
    return add("Max", {position.sign < 0 ? add("Neg", {element}) : element, makeInts({0})});
  }
  if (AffineExpr x = matchAtLeastZero(extent))
    return add("Max", {makeExtent(x), makeInts({0})});
  if (AffineExpr x = matchSign(extent))
    return add("Neg", {add("Cast", {add("Less", {makeExtent(x), makeInts({0})})},
                           {{"to", int64_t(onnx::TensorProto::INT64)}})});
  auto binary = llvm::cast<AffineBinaryOpExpr>(extent);
  std::string lhs = makeExtent(binary.getLHS()), rhs = makeExtent(binary.getRHS());
  switch (extent.getKind()) {
  case AffineExprKind::Add:
    return add("Add", {lhs, rhs});
  case AffineExprKind::Mul:
    return add("Mul", {lhs, rhs});
  case AffineExprKind::Mod:
    return add("Mod", {lhs, rhs});
  case AffineExprKind::FloorDiv:
    // Extents are not negative.
    return add("Div", {lhs, rhs});
  case AffineExprKind::CeilDiv:
    return add("Div", {add("Add", {lhs, add("Sub", {rhs, makeInts({1})})}), rhs});
  default:
    llvm_unreachable("no other expressions have two operands");
  }
}

std::string GraphWriter::makeShape(llvm::ArrayRef<AffineExpr> dims) {
  llvm::SmallVector<int64_t> constants;
  for (AffineExpr dim : dims)
    if (auto constant = constantDim(dim))
      constants.push_back(*constant);
  if (constants.size() == dims.size())
    return makeInts(constants);
  Names parts;
  for (AffineExpr dim : dims)
    parts.push_back(makeExtent(dim));
  return parts.size() == 1 ? parts.front() : add("Concat", parts, {{"axis", int64_t(0)}});
}

std::string GraphWriter::reshape(const std::string &value, Value like) {
  llvm::ArrayRef<AffineExpr> dims = getDims(like);
  llvm::SmallVector<int64_t> shape;
  for (AffineExpr dim : dims)
    shape.push_back(constantDim(dim).value_or(-1));
  bool isSimple = llvm::count(shape, -1) <= 1 && !llvm::is_contained(shape, 0);
  NodeAttributes attributes;
  if (!isSimple)
    attributes.push_back({"allowzero", int64_t(1)});
  return add("Reshape", {value, isSimple ? makeInts(shape) : makeShape(dims)}, std::move(attributes));
}

void GraphWriter::describe(onnx::ValueInfoProto &info, llvm::StringRef name, Type type,
                           llvm::ArrayRef<AffineExpr> dims) {
  info.set_name(name.str());
  auto &tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(*getOnnxType(getElementTypeOrSelf(type)));
  requireOpset(getOpsetOf(getElementTypeOrSelf(type)));
  tensor.mutable_shape();
  for (AffineExpr dim : dims) {
    auto &extent = *tensor.mutable_shape()->add_dim();
    if (auto constant = constantDim(dim))
      extent.set_dim_value(*constant);
    else if (auto symbol = llvm::dyn_cast<AffineSymbolExpr>(dim))
      extent.set_dim_param(shapes.getSymbols()[symbol.getPosition()]);
  }
}

} // namespace dlc::onnx_export
