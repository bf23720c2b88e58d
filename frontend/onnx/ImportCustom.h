// SPDX-License-Identifier: Apache-2.0
/// \file
/// Nodes that C functions compute.
#ifndef DLC_FRONTEND_ONNX_IMPORTCUSTOM_H
#define DLC_FRONTEND_ONNX_IMPORTCUSTOM_H

#include "frontend/CustomOps.h"
#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// Imports a node as the custom op `op`, whose function gets `parameters` as the attributes of the node.
void importCustom(NodeImporter &node, const CustomOpDescription &op, mlir::DictionaryAttr parameters);

/// A node's attributes, numbers and strings, as parameters; null after an error.
mlir::DictionaryAttr makeParameters(NodeImporter &node, const AttributeMap &attributes);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_IMPORTCUSTOM_H
