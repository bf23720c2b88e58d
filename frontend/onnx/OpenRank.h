// SPDX-License-Identifier: Apache-2.0
/// \file
/// Results of branches that differ in rank by leading extents of 1: what reads them element by element, beside an
/// operand of at least the larger rank, does not tell which it got.
#ifndef DLC_FRONTEND_ONNX_OPENRANK_H
#define DLC_FRONTEND_ONNX_OPENRANK_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// Notes the rank that the results of the node `op` have in runs in which an operand has the smaller one, if it is
/// not theirs; an error unless the node is elementwise.
void followOpenRank(NodeImporter &node, llvm::StringRef op);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_OPENRANK_H
