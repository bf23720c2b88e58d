// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-reduce/OnnxGraphs.h"
#include "formats/onnx/NodeReads.h"
#include "llvm/ADT/StringSet.h"

using namespace dlc;
using namespace dlc::reduce;

void dlc::reduce::replaceReads(onnx::GraphProto &graph, llvm::StringRef from, llvm::StringRef to) {
  for (onnx::NodeProto &node : *graph.mutable_node()) {
    for (std::string &operand : *node.mutable_input())
      if (operand == from)
        operand = to.str();
    for (onnx::AttributeProto &attribute : *node.mutable_attribute())
      if (attribute.has_g())
        replaceReads(*attribute.mutable_g(), from, to);
  }
}

/// Removes what none of the outputs of `graph`, which is inside a node, needs.
static void prune(onnx::GraphProto &graph) {
  pruneSubgraphs(graph);
  llvm::StringSet<> needed;
  for (const onnx::ValueInfoProto &output : graph.output())
    needed.insert(output.name());
  std::vector<bool> isNeeded(static_cast<size_t>(graph.node_size()));
  for (int i = graph.node_size() - 1; i >= 0; --i) {
    const onnx::NodeProto &node = graph.node(i);
    if (llvm::none_of(node.output(), [&](const std::string &result) { return needed.contains(result); }))
      continue;
    isNeeded[static_cast<size_t>(i)] = true;
    onnx_format::visitReads(node, [&](llvm::StringRef name) { needed.insert(name); });
  }
  eraseIf(*graph.mutable_node(), [&](const auto &, int i) { return !isNeeded[static_cast<size_t>(i)]; });
  eraseIf(*graph.mutable_initializer(), [&](const auto &each, int) { return !needed.contains(each.name()); });
  graph.clear_value_info();
}

void dlc::reduce::pruneSubgraphs(onnx::GraphProto &graph) {
  for (onnx::NodeProto &node : *graph.mutable_node())
    for (onnx::AttributeProto &attribute : *node.mutable_attribute())
      if (attribute.has_g())
        prune(*attribute.mutable_g());
}
