// SPDX-License-Identifier: Apache-2.0
/// \file
/// SplitToSequence: a tensor as a sequence of its slices along a dimension.
#ifndef DLC_FRONTEND_ONNX_SPLITTOSEQUENCE_H
#define DLC_FRONTEND_ONNX_SPLITTOSEQUENCE_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

void importSplitToSequence(NodeImporter &node);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_SPLITTOSEQUENCE_H
