// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a Loop carries and its steps only append to: sequences, and tensors that `y = torch.cat([y, step], 1)` makes
/// longer. What a loop carries keeps its extents, so in the body such a tensor is a sequence, too, to which its Concat
/// appends. What is appended is stacked as scan outputs are.
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

/// Appends to `slices` one tensor of the elements that a step appends to the sequence or growing state `before`, if
/// there are any; false after an error.
bool stackAppended(NodeImporter &node, const Tensor &before, const Tensor &after,
                   llvm::SmallVectorImpl<mlir::Value> &slices);

/// Sets result `i` of the loop: `before` and, behind it, what each step has appended, as in `appended`, which is the
/// first of the scan outputs `made`. A growing state grows along `axis`.
void setGrown(NodeImporter &node, int64_t i, std::optional<int64_t> axis, Tensor &before, const Tensor &appended,
              llvm::ArrayRef<mlir::Value> &made);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_GROWINGSTATES_H
