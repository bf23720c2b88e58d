// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/NodeOrder.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include <queue>

using namespace mlir;

namespace dlc::onnx_import {

std::string describeNode(const onnx::NodeProto &node) {
  std::string name = node.name();
  if (name.empty() && node.output_size() > 0)
    name = node.output(0);
  return "node '" + name + "' (" + node.op_type() + ")";
}

/// Calls `use` with each name that `node` reads from outside itself.
static void forEachUse(const onnx::NodeProto &node, llvm::function_ref<void(StringRef)> use);

static void forEachFreeName(const onnx::GraphProto &graph, llvm::function_ref<void(StringRef)> use) {
  llvm::StringSet<> bound;
  for (const onnx::ValueInfoProto &input : graph.input())
    bound.insert(input.name());
  for (const onnx::TensorProto &tensor : graph.initializer())
    bound.insert(tensor.name());
  for (const onnx::NodeProto &node : graph.node())
    for (const std::string &output : node.output())
      bound.insert(output);
  auto useFree = [&](StringRef name) {
    if (!bound.contains(name))
      use(name);
  };
  for (const onnx::NodeProto &node : graph.node())
    forEachUse(node, useFree);
  for (const onnx::ValueInfoProto &output : graph.output())
    useFree(output.name());
}

static void forEachUse(const onnx::NodeProto &node, llvm::function_ref<void(StringRef)> use) {
  for (const std::string &input : node.input())
    if (!input.empty())
      use(input);
  // What is differentiated is named by an attribute.
  bool isGradient = node.op_type() == "Gradient" && node.domain() == "ai.onnx.preview.training";
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (isGradient && attribute.name() == "y")
      use(attribute.s());
    if (attribute.has_g())
      forEachFreeName(attribute.g(), use);
    for (const onnx::GraphProto &graph : attribute.graphs())
      forEachFreeName(graph, use);
  }
}

FailureOr<SmallVector<int>> orderNodes(const NodeList &nodes, llvm::function_ref<bool(StringRef)> isDefined,
                                       Location location) {
  bool hasErrors = false;
  llvm::StringMap<int> producers;
  for (auto [i, node] : llvm::enumerate(nodes))
    for (const std::string &output : node.output()) {
      if (output.empty())
        continue;
      if (!producers.try_emplace(output, i).second || isDefined(output)) {
        emitError(location) << describeNode(node) << ": '" << output << "' is already defined";
        hasErrors = true;
      }
    }
  SmallVector<int> missing(nodes.size(), 0);
  SmallVector<SmallVector<int, 2>> readers(nodes.size());
  for (auto [i, node] : llvm::enumerate(nodes)) {
    llvm::StringSet<> seen;
    forEachUse(node, [&, i = i](StringRef name) {
      if (!seen.insert(name).second)
        return;
      auto producer = producers.find(name);
      if (producer != producers.end()) {
        readers[producer->second].push_back(i);
        ++missing[i];
      } else if (!isDefined(name)) {
        emitError(location) << describeNode(nodes[i]) << ": reads '" << name
                            << "', which is not an input, an initializer or a result of another node";
        hasErrors = true;
      }
    });
  }
  // The lowest position first keeps the given order where it is topological.
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (auto [i, count] : llvm::enumerate(missing))
    if (count == 0)
      ready.push(i);
  SmallVector<int> order;
  while (!ready.empty()) {
    int position = ready.top();
    ready.pop();
    order.push_back(position);
    for (int reader : readers[position])
      if (--missing[reader] == 0)
        ready.push(reader);
  }
  if (order.size() != static_cast<size_t>(nodes.size())) {
    const auto *blocked = llvm::find_if(missing, [](int count) { return count > 0; });
    emitError(location) << describeNode(nodes[blocked - missing.begin()])
                        << ": depends on its own result (the graph has a cycle)";
    hasErrors = true;
  }
  if (hasErrors)
    return failure();
  return order;
}

} // namespace dlc::onnx_import
