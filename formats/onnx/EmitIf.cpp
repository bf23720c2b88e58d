// SPDX-License-Identifier: Apache-2.0
// A choice is an `If`, whose branches read captures from the outer scope.
#include "formats/onnx/OpEmitters.h"
#include "ir/Names.h"
#include "ir/OpsControl.h"

using namespace mlir;

namespace dlc::onnx_export {

/// A branch as a graph. Its outputs are results of its own nodes, each of them once.
static LogicalResult writeBranch(IfOp op, unsigned branch, GraphWriter &writer, onnx::GraphProto &graph) {
  GraphWriter body(writer.getScope(), graph, op->getRegion(branch).front(), writer.getShapes(), &writer);
  std::string layer = getLayerName(op.getLoc());
  graph.set_name(writer.makeName((layer.empty() ? "if" : layer) + (branch == 0 ? ".then" : ".else")));
  if (failed(writeOps(body)))
    return failure();
  // The branch may have no ops, after which its nodes would be named.
  body.begin(*op);
  for (Value value : op.getEnd(branch).getValues()) {
    std::string name = body.add("Identity", {body.getName(value)});
    body.describe(*graph.add_output(), name, value.getType(), body.getDims(value));
  }
  return success();
}

LogicalResult emitIf(IfOp op, GraphWriter &writer) {
  onnx::GraphProto onTrue, onFalse;
  if (failed(writeBranch(op, 0, writer, onTrue)) || failed(writeBranch(op, 1, writer, onFalse)))
    return failure();
  Names results = writer.addNode("If", {writer.getName(op.getCondition())}, op->getNumResults(),
                                 {{"then_branch", std::move(onTrue)}, {"else_branch", std::move(onFalse)}});
  for (auto [result, name] : llvm::zip(op.getOutputs(), results))
    writer.finish(result, name);
  return success();
}

} // namespace dlc::onnx_export
