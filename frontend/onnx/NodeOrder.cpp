// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/NodeOrder.h"
#include "formats/onnx/NodeReads.h"
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
    onnx_format::visitReads(node, [&, i = i](StringRef name) {
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
