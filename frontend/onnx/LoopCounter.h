// SPDX-License-Identifier: Apache-2.0
/// \file
/// The most steps of a Loop that names none, where its condition is that of a counter: `while (counter < bound)`.
#ifndef DLC_FRONTEND_ONNX_LOOPCOUNTER_H
#define DLC_FRONTEND_ONNX_LOOPCOUNTER_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// How many steps the Loop `node` takes at most, whose body's condition compares a loop-carried integer, to which each
/// step adds a positive constant, with what is the same in all steps; null where it has another form. `loopCarried`
/// are the initial values.
mlir::AffineExpr boundByCounter(NodeImporter &node, const onnx::GraphProto &body, llvm::ArrayRef<Tensor *> loopCarried);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_LOOPCOUNTER_H
