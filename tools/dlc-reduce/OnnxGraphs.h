// SPDX-License-Identifier: Apache-2.0
/// \file
/// Graphs of ONNX models with the graphs inside their nodes: what reads what, and what can be made of the inner
/// ones.
#ifndef DLC_TOOLS_DLC_REDUCE_ONNXGRAPHS_H
#define DLC_TOOLS_DLC_REDUCE_ONNXGRAPHS_H

#include "onnx-ml.pb.h"
#include "llvm/ADT/StringRef.h"
#include <functional>
#include <string>
#include <vector>

namespace dlc::reduce {

/// Lets all nodes that read `from` read `to`, in subgraphs, too.
void replaceReads(onnx::GraphProto &graph, llvm::StringRef from, llvm::StringRef to);
/// Removes nodes and initializers of the subgraphs of `graph` that nothing reads.
void pruneSubgraphs(onnx::GraphProto &graph);

/// Changes to subgraphs, each to be made alone: nodes of a branch or of a step take the place of their If, Loop or
/// Scan; a node gives its operand; an output that nothing reads is gone.
std::vector<std::function<void(onnx::ModelProto &model)>> listSubgraphChanges(const onnx::ModelProto &model);

/// Removes the elements of a repeated field for which `isErased(element, index)`.
template <typename List, typename Predicate> void eraseIf(List &list, Predicate &&isErased) {
  int kept = 0;
  for (int i = 0; i < list.size(); ++i)
    if (!isErased(list.Get(i), i))
      list.SwapElements(kept++, i);
  list.DeleteSubrange(kept, list.size() - kept);
}

} // namespace dlc::reduce

#endif // DLC_TOOLS_DLC_REDUCE_ONNXGRAPHS_H
