// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/NodeKinds.h"
#include "frontend/onnx/SingleNode.h"

using namespace mlir;
using namespace dlc::json;

ArrayRef<NodeKind> dlc::json::getNodeKinds() {
  static const std::vector<NodeKind> kinds = [] {
    std::vector<NodeKind> result;
    addElementwiseNodes(result);
    addLinearNodes(result);
    addAttentionNodes(result);
    addWindowNodes(result);
    addNormalizationNodes(result);
    addQuantizationNodes(result);
    addRecurrentNodes(result);
    addReductionNodes(result);
    addShapeNodes(result);
    addSelectionNodes(result);
    addControlNodes(result);
    addTrainingNodes(result);
    addLossNodes(result);
    addCustomNodes(result);
    addOnnxNodes(result);
    return result;
  }();
  return kinds;
}

const NodeKind *dlc::json::findNodeKind(StringRef name) {
  for (const NodeKind &kind : getNodeKinds())
    if (kind.name == name)
      return &kind;
  return nullptr;
}

RulePtr dlc::json::getNodeRule() {
  static const RulePtr rule = [] {
    Rule result;
    result.kind = Rule::Kind::Variant;
    result.tag = "op";
    result.noun = "node";
    RulePtr input =
        defined("node_input", either({string(), number(), boolean(), list(anything())}, "a tensor's name or numbers"));
    RulePtr scalar = either({number(), string(), boolean()}),
            anyAttributes = defined("node_attributes", mapOf(either({number(), string(), boolean(), list(scalar)})));
    for (const NodeKind &kind : getNodeKinds()) {
      bool isOnnx = onnx_import::isOnnxOp(kind.name);
      std::vector<Field> fields = {
          optional("name", string(), "", "Name of the node, for people"),
          optional("inputs", list(input, kind.minInputs, kind.maxInputs), kind.minInputs == 0 ? "[]" : "",
                   "Names of tensors, or numbers; \"\" leaves an optional one out"),
          kind.maxOutputs == 0 ? optional("outputs", list(string(), 0, 0), "[]", "None")
                               : required("outputs", list(string(), 1, kind.maxOutputs), "Names of the results"),
          optional("attributes", kind.isOpen ? anyAttributes : object(kind.fields), "",
                   isOnnx ? "As the ONNX operation's" : "Of the operation")};
      fields[1].isRequired = kind.minInputs != 0;
      fields[3].isRequired = llvm::any_of(kind.fields, [](const Field &field) { return field.isRequired; });
      std::string description = (isOnnx ? "The ONNX operation " : "Of this format alone: ") + kind.name;
      result.variants.push_back({kind.name, std::move(description), std::move(fields)});
    }
    return defined("node", std::make_shared<Rule>(std::move(result)));
  }();
  return rule;
}
