// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/SingleNode.h"
#include "frontend/onnx/ImportCustom.h"
#include "frontend/onnx/NodeImporter.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/OpsSize.h"
#include "ir/TensorDescription.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// The newest version of every op.
constexpr int64_t newestOpset = 1000;

/// The state of a graph that consists of one node.
class SingleNodeState final : public ImportState {
public:
  SingleNodeState(OpBuilder &outer, Location location, const ImportOptions &options)
      : ImportState(ModelFile::none(location), outer.getContext(), options) {
    builder.setInsertionPoint(outer.getInsertionBlock(), outer.getInsertionPoint());
    Operation *around = outer.getInsertionBlock()->getParentOp();
    entry =
        llvm::isa<func::FuncOp>(around) ? llvm::cast<func::FuncOp>(around) : around->getParentOfType<func::FuncOp>();
    plainAttributes = true;
  }

  /// What the graph knows of its inputs, whose extents are its symbols, and of `operands`.
  void setValues(ArrayRef<Value> operands) {
    SmallVector<Value> values;
    for (BlockArgument argument : entry.getArguments())
      if (llvm::isa<RankedTensorType>(argument.getType()))
        values.push_back(argument);
    // What other nodes have let data decide.
    entry.walk([&](ReadbackOp readback) { values.push_back(readback.getResult()); });
    llvm::append_range(values, operands);
    SmallVector<std::string> names;
    SmallVector<Dims> extents = inferExtents(values, names);
    symbolInputs.resize(names.size());
    for (auto [value, dims] : llvm::zip(values, extents))
      addSymbolInput(value, dims);
    for (auto [i, name] : llvm::enumerate(names))
      symbols[name.empty() ? "?" + std::to_string(i) : name] = getAffineSymbolExpr(i, getContext());
  }

  Tensor *addOperand(const SingleOperand &operand, StringRef name) {
    Tensor *tensor = createTensor(name);
    if (operand.value) {
      tensor->value = operand.value;
      tensor->elementType = getElementTypeOrSelf(operand.value);
      tensor->dims = Dims(getDims(operand.value));
      return tensor;
    }
    auto type = RankedTensorType::get(operand.shape, operand.elementType);
    MutableArrayRef<char> bytes = getFile().allocate(operand.bytes.size());
    llvm::copy(operand.bytes, bytes.begin());
    tensor->elementType = operand.elementType;
    tensor->dims = staticDims(type);
    tensor->constant = {type, bytes};
    return tensor;
  }

  FailureOr<SmallVector<Tensor *>> importSubgraph(const onnx::GraphProto &, const Scope &,
                                                  ArrayRef<Tensor *>) override {
    return emitError(getFileLocation()) << "a node by itself has no subgraphs";
  }
};

onnx::AttributeProto makeAttribute(const SingleAttribute &attribute) {
  using Proto = onnx::AttributeProto;
  Proto proto;
  proto.set_name(attribute.name);
  switch (attribute.kind) {
  case SingleAttribute::Kind::Integers:
    proto.set_type(attribute.isList ? Proto::INTS : Proto::INT);
    if (!attribute.isList)
      proto.set_i(attribute.integers.front());
    else
      proto.mutable_ints()->Add(attribute.integers.begin(), attribute.integers.end());
    break;
  case SingleAttribute::Kind::Reals:
    proto.set_type(attribute.isList ? Proto::FLOATS : Proto::FLOAT);
    if (!attribute.isList)
      proto.set_f(static_cast<float>(attribute.reals.front()));
    else
      proto.mutable_floats()->Add(attribute.reals.begin(), attribute.reals.end());
    break;
  case SingleAttribute::Kind::Strings:
    proto.set_type(attribute.isList ? Proto::STRINGS : Proto::STRING);
    if (!attribute.isList)
      proto.set_s(attribute.strings.front());
    for (const std::string &string : attribute.isList ? attribute.strings : std::vector<std::string>())
      proto.add_strings(string);
    break;
  }
  return proto;
}

/// What a custom op's function gets.
DictionaryAttr makeParameters(ArrayRef<SingleAttribute> attributes, Builder builder) {
  SmallVector<NamedAttribute> parameters;
  for (const SingleAttribute &attribute : attributes) {
    SmallVector<Attribute> values;
    for (int64_t value : attribute.integers)
      values.push_back(builder.getI64IntegerAttr(value));
    for (double value : attribute.reals)
      values.push_back(builder.getF64FloatAttr(value));
    for (const std::string &value : attribute.strings)
      values.push_back(builder.getStringAttr(value));
    parameters.push_back(
        builder.getNamedAttr(attribute.name, attribute.isList ? builder.getArrayAttr(values) : values.front()));
  }
  return builder.getDictionaryAttr(parameters);
}

} // namespace

std::vector<std::string> getSingleOps() { return OpRegistry::get().getPlainOps(); }

bool isOnnxOp(StringRef op) { return OpRegistry::get().contains(op); }

FailureOr<SmallVector<Value>> importSingleNode(const SingleNode &node, OpBuilder &outer, Location location) {
  ImportOptions options;
  SingleNodeState state(outer, location, options);
  SmallVector<Value> values;
  for (const SingleOperand &operand : node.operands)
    if (operand.value)
      values.push_back(operand.value);
  state.setValues(values);

  Scope scope;
  onnx::NodeProto proto;
  proto.set_name(node.name);
  proto.set_op_type(node.op);
  for (auto [i, operand] : llvm::enumerate(node.operands)) {
    bool isThere = operand.value || operand.elementType;
    proto.add_input(isThere ? "input " + std::to_string(i + 1) : "");
    if (isThere)
      scope.tensors[proto.input(i)] = state.addOperand(operand, proto.input(i));
  }
  for (auto [i, isNeeded] : llvm::enumerate(node.results))
    proto.add_output(isNeeded ? "result " + std::to_string(i + 1) : "");
  std::vector<onnx::AttributeProto> given;
  for (const SingleAttribute &attribute : node.attributes)
    given.push_back(makeAttribute(attribute));
  AttributeMap attributes;
  for (const onnx::AttributeProto &attribute : given)
    attributes[attribute.name()] = &attribute;

  NodeImporter importer(state, proto, scope, attributes, newestOpset);
  if (const CustomOpDescription *custom = node.customOps ? node.customOps->find(node.op) : nullptr)
    importCustom(importer, *custom, makeParameters(node.attributes, outer));
  else
    OpRegistry::get().importNode(node.op, newestOpset, importer);
  if (failed(importer.finish()))
    return failure();
  SmallVector<Value> results;
  for (const std::string &name : proto.output()) {
    Value value = name.empty() ? Value() : state.materialize(*scope.tensors.lookup(name), importer.getLocation());
    if (!value && !name.empty())
      return importer.error() << "gives a value of symbolic extents, which is not supported here";
    results.push_back(value);
  }
  if (node.customOps)
    return results;
  for (const SingleAttribute &attribute : node.attributes)
    if (!importer.hasRead(attribute.name))
      emitWarning(location) << importer.describeNode() << " does not use the attribute '" << attribute.name << "'";
  return results;
}

} // namespace dlc::onnx_import
