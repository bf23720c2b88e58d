// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/AssumedInputs.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace dlc::onnx_import {

/// More extents than tensors have, and a bound on the imports that are tried.
static constexpr int64_t maxRank = 6;

static std::optional<SmallVector<int64_t>> getDeclaredShape(const onnx::ValueInfoProto &value) {
  if (!value.type().tensor_type().has_shape())
    return std::nullopt;
  SmallVector<int64_t> shape;
  for (const auto &dim : value.type().tensor_type().shape().dim()) {
    if (!dim.has_dim_value())
      return std::nullopt;
    shape.push_back(dim.dim_value());
  }
  return shape;
}

std::vector<AssumedInput> proposeInputValues(const onnx::GraphProto &graph) {
  llvm::StringSet<> initializers;
  for (const onnx::TensorProto &tensor : graph.initializer())
    initializers.insert(tensor.name());
  SmallVector<const onnx::ValueInfoProto *> candidates;
  for (const onnx::ValueInfoProto &input : graph.input()) {
    int type = input.type().tensor_type().elem_type();
    std::optional<SmallVector<int64_t>> shape = getDeclaredShape(input);
    if (initializers.contains(input.name()) || (type != onnx::TensorProto::INT64 && type != onnx::TensorProto::INT32) ||
        !shape || shape->size() > 1 || (shape->size() == 1 && (shape->front() < 0 || shape->front() > maxRank)))
      continue;
    candidates.push_back(&input);
  }
  // Where there are several, a node's first operand holds data rather than extents.
  if (candidates.size() > 1)
    llvm::erase_if(candidates, [&](const onnx::ValueInfoProto *input) {
      return llvm::any_of(graph.node(), [&](const onnx::NodeProto &node) {
        return node.input_size() > 0 && node.input(0) == input->name();
      });
    });
  std::vector<AssumedInput> proposals;
  if (candidates.size() != 1)
    return proposals;
  const onnx::ValueInfoProto *decisive = candidates.front();
  SmallVector<int64_t> ownShape = *getDeclaredShape(*decisive);
  int64_t count = ownShape.empty() ? 1 : ownShape.front(); // its elements
  for (const onnx::ValueInfoProto &output : graph.output()) {
    std::optional<SmallVector<int64_t>> shape = getDeclaredShape(output);
    if (!shape)
      return {};
    int64_t rank = shape->size();
    if (rank > maxRank)
      continue;
    for (unsigned chosen = 0; chosen < 1u << rank; ++chosen) {
      if (llvm::popcount(chosen) != count)
        continue;
      AssumedInput &proposal = proposals.emplace_back();
      proposal.name = decisive->name();
      for (int64_t i = 0; i < rank; ++i)
        if (chosen >> i & 1)
          proposal.value.push_back((*shape)[i]);
    }
  }
  return proposals;
}

} // namespace dlc::onnx_import
