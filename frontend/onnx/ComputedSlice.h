// SPDX-License-Identifier: Apache-2.0
/// \file
/// Slices whose axes or steps only a run knows.
#ifndef DLC_FRONTEND_ONNX_COMPUTEDSLICE_H
#define DLC_FRONTEND_ONNX_COMPUTEDSLICE_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// Operand 0 of a `Slice`, whose other operands (starts, ends, axes, steps) are integers of any run. A run fails in
/// which a step is 0, an axis out of range or there twice. Null after an error.
mlir::Value sliceByRun(NodeImporter &node);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_COMPUTEDSLICE_H
