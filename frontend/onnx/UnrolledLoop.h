// SPDX-License-Identifier: Apache-2.0
/// \file
/// A Loop of few steps whose number is known, written out one by one, so that they may change sequences and
/// extents in any way.
#ifndef DLC_FRONTEND_ONNX_UNROLLEDLOOP_H
#define DLC_FRONTEND_ONNX_UNROLLEDLOOP_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// Whether the number of steps of the Loop `node` is known and small.
bool canUnroll(NodeImporter &node);

/// Imports all steps in place. `loopCarried` are the initial values.
void unrollLoop(NodeImporter &node, const onnx::GraphProto &body, llvm::ArrayRef<Tensor *> loopCarried);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_UNROLLEDLOOP_H
