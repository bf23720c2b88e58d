// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tensors that a Loop carries and that each step only makes longer, as `y = torch.cat([y, step], 1)` in a decoder
/// does. What a loop carries keeps its extents, so in the body such a state is a sequence to which its Concat appends.
#ifndef DLC_FRONTEND_ONNX_GROWINGSTATES_H
#define DLC_FRONTEND_ONNX_GROWINGSTATES_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// For each of `loopCarried`, what a Loop begins with: if the steps of `body` do nothing with it but append to it, by a
/// Concat that gives the next value, the dimension along which it grows.
llvm::SmallVector<std::optional<int64_t>> findGrowingStates(const onnx::GraphProto &body,
                                                            llvm::ArrayRef<Tensor *> loopCarried);

/// The state that is `initial` before the loop as the body sees it: its value is not known.
Tensor *makeGrowingState(NodeImporter &node, llvm::StringRef name, const Tensor &initial);

/// Whether operand 0 is a growing state: the Concat that appends to it is the only node that reads it.
bool readsGrowingState(NodeImporter &node);

/// Imports that Concat.
void appendToGrowingState(NodeImporter &node);

/// A growing state after the loop: `initial` and, behind it along `axis`, the rows of `appended`, [count, ...].
mlir::Value finishGrowingState(NodeImporter &node, Tensor &initial, mlir::Value appended, int64_t axis);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_GROWINGSTATES_H
