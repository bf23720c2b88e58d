// SPDX-License-Identifier: Apache-2.0
/// \file
/// How many steps a Loop takes, which its trip count, its first condition and its body say.
#ifndef DLC_FRONTEND_ONNX_LOOPSTEPS_H
#define DLC_FRONTEND_ONNX_LOOPSTEPS_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// A number of steps, or those of a scan input; at most `limit` of them run, if that is not null.
struct LoopSteps {
  std::optional<int64_t> count;
  mlir::Value scanInput, limit;
  mlir::AffineExpr extent; ///< of scan outputs: the most steps; null where only a run knows it
};

/// The steps of the Loop `node`. Where they give what becomes longer with each step (`needsExtent`), a run reads their
/// number before the first one if need be. `loopCarried` are the initial values.
LoopSteps countSteps(NodeImporter &node, const onnx::GraphProto &body, llvm::ArrayRef<Tensor *> loopCarried,
                     bool needsExtent);

/// The element of operand `i` where it is known while importing.
std::optional<int64_t> getConstantOperand(NodeImporter &node, int64_t i);

/// Whether the node is in no branch and no other loop: only the graph may read extents back.
bool isInGraph(NodeImporter &node);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_LOOPSTEPS_H
