// SPDX-License-Identifier: Apache-2.0
/// \file
/// Nodes: ONNX operations on named tensors.
#ifndef DLC_FRONTEND_JSON_NODECONTEXT_H
#define DLC_FRONTEND_JSON_NODECONTEXT_H

#include "frontend/json/OpContext.h"
#include "frontend/json/TrainingScope.h"
#include "llvm/ADT/SmallBitVector.h"
#include <functional>

namespace dlc {
class CustomOps;
}

namespace dlc::json {

/// One entry of a node's `inputs`: a tensor, or numbers written instead of it, or (both null) nothing.
struct NodeInput {
  mlir::Value tensor;
  const JsonValue *literal = nullptr;
};

class NodeContext;

/// What nodes may query about the function that they are in.
class GraphScope {
public:
  virtual ~GraphScope() = default;
  /// The value of the parameter `name`, which attribute `key` of the node names; null, with an error, if there is none.
  virtual mlir::Value loadParameter(NodeContext &context, llvm::StringRef key, llvm::StringRef name) = 0;
  /// Notes that the function assigns the parameter; false if it does so already.
  virtual bool assign(llvm::StringRef name) = 0;
  /// The results of another function of the model for `arguments`; none after an error.
  virtual llvm::SmallVector<mlir::Value> call(NodeContext &context, llvm::StringRef name, mlir::ValueRange arguments,
                                              bool isTraining) = 0;
  /// The training that nodes of the function take part in by default; null in inference.
  virtual TrainingScope *findTraining(NodeContext &context) = 0;
  /// Where the function's random numbers come from.
  virtual TrainingScope &getTraining(NodeContext &context) = 0;
  /// The ops that C functions compute.
  virtual const CustomOps &getCustomOps() = 0;
};

class NodeContext : public OpContext {
public:
  NodeContext(OpContext base, llvm::SmallVector<NodeInput> inputs, size_t outputCount)
      : OpContext(std::move(base)), inputs(std::move(inputs)), outputCount(outputCount), leftOut(outputCount) {}

  /// Input `i` as a tensor; a literal becomes a constant of the element type of the first tensor among the inputs (f32
  /// if there is none) or of `literalType`. Null if there is none or after an error.
  mlir::Value operand(size_t i, mlir::Type literalType = {});
  /// All inputs as tensors.
  llvm::SmallVector<mlir::Value> operands();
  /// Whether the model names output `i`.
  bool hasOutput(size_t i) const { return i < outputCount && !leftOut.test(i); }
  bool hasInput(size_t i) const { return i < inputs.size() && (inputs[i].tensor || inputs[i].literal); }
  /// Integers known now: an attribute, or numbers instead of input `i`; nothing if neither is given.
  /// `isValid` becomes false, with an error, if input `i` is a tensor or holds something else.
  std::optional<llvm::SmallVector<int64_t>> integers(llvm::StringRef attribute, size_t i, bool &isValid);
  /// An attribute that ONNX writes as 0 or 1.
  bool flag(llvm::StringRef key) const { return attributes.flag(key); }
  /// Attribute `axis`, or `key`, counted from the front for `rank` dimensions; nothing, with an error, if there is no
  /// such dimension.
  std::optional<int64_t> axis(int64_t rank, llvm::StringRef key = "axis");
  /// Axes counted from the front, sorted; nothing, with an error, if one is missing in `rank` dimensions or given
  /// twice.
  std::optional<llvm::SmallVector<int64_t>> axes(llvm::ArrayRef<int64_t> axes, int64_t rank);
  /// Reports that input `i` must have a rank of at least `rank`, unless it has.
  bool expectRankOf(size_t i, int64_t rank);

  llvm::SmallVector<NodeInput> inputs;
  GraphScope *graph = nullptr;  ///< of the function around
  size_t outputCount;           ///< how many outputs the model names
  llvm::SmallBitVector leftOut; ///< outputs that it calls ""
};

using NodeResults = llvm::SmallVector<mlir::Value>;

/// The attribute of a `Custom` node that names its op.
inline constexpr llvm::StringLiteral customOpKey = "op";

/// The results of a node of an ONNX model, or, with `customOps`, of one of these; none after an error.
NodeResults buildSingleNode(NodeContext &context, const std::string &op, const CustomOps *customOps = nullptr);

/// A kind of node.
struct NodeKind {
  std::string name;
  size_t minInputs, maxInputs, maxOutputs;
  std::vector<Field> fields; ///< of `attributes`
  std::function<NodeResults(NodeContext &context)> build;
  bool isOpen = false; ///< `attributes` may have any keys, which `build` checks
};

/// What an attribute may be that ONNX writes as 0 or 1.
RulePtr flagRule();
/// An einsum equation in explicit form without blanks and ellipses; nothing, with an error, if it does not fit the
/// operands.
std::optional<std::string> makeEinsumExplicit(NodeContext &context, llvm::StringRef equation,
                                              llvm::ArrayRef<mlir::Value> operands);

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_NODECONTEXT_H
