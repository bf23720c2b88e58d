// SPDX-License-Identifier: Apache-2.0
/// \file
/// Broadcasting where only a run knows which of two extents is 1.
#ifndef DLC_FRONTEND_ONNX_OPENBROADCAST_H
#define DLC_FRONTEND_ONNX_OPENBROADCAST_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// Where different extents that are given meet in a dimension (see findGivenNumbers), any of them may be 1 in a run:
/// expands those of `operands` that have one of them to the extent that the dimension has then. Extents that are
/// computed from others are left alone, and count as equal to what they meet.
void broadcastOpenExtents(NodeImporter &node, llvm::MutableArrayRef<mlir::Value> operands);

/// `value` broadcast to `target` in the same way: a dimension whose target is 1 in a run keeps its own extent. A run
/// fails in which they are different and neither is 1.
mlir::Value expandOpenExtents(NodeImporter &node, mlir::Value value, Dims target);

/// An extent of at most 1, as that of `x[:1]`, broadcasts where it meets another one: the dimension of the operand of
/// `op`, an elementwise op, gets the extent 1. A run fails in which it is empty.
void broadcastSingles(NodeImporter &node, mlir::Operation *op);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_OPENBROADCAST_H
