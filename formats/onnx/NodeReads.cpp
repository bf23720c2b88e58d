// SPDX-License-Identifier: Apache-2.0
#include "formats/onnx/NodeReads.h"
#include "llvm/ADT/StringSet.h"

namespace dlc::onnx_format {

void visitReads(const onnx::GraphProto &graph, llvm::function_ref<void(llvm::StringRef)> visit) {
  llvm::StringSet<> own;
  for (const onnx::ValueInfoProto &input : graph.input())
    own.insert(input.name());
  for (const onnx::TensorProto &initializer : graph.initializer())
    own.insert(initializer.name());
  for (const onnx::NodeProto &node : graph.node())
    for (const std::string &result : node.output())
      own.insert(result);
  auto visitOthers = [&](llvm::StringRef name) {
    if (!own.contains(name))
      visit(name);
  };
  for (const onnx::NodeProto &node : graph.node())
    visitReads(node, visitOthers);
  for (const onnx::ValueInfoProto &output : graph.output())
    visitOthers(output.name());
}

void visitReads(const onnx::NodeProto &node, llvm::function_ref<void(llvm::StringRef)> visit) {
  for (const std::string &operand : node.input())
    if (!operand.empty())
      visit(operand);
  // What is differentiated is named by an attribute.
  bool isGradient = node.op_type() == "Gradient" && node.domain() == "ai.onnx.preview.training";
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (isGradient && attribute.name() == "y")
      visit(attribute.s());
    if (attribute.has_g())
      visitReads(attribute.g(), visit);
    for (const onnx::GraphProto &graph : attribute.graphs())
      visitReads(graph, visit);
  }
}

} // namespace dlc::onnx_format
