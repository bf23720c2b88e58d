// SPDX-License-Identifier: Apache-2.0
/// \file
/// The order in which a graph's nodes are imported.
#ifndef DLC_FRONTEND_ONNX_NODEORDER_H
#define DLC_FRONTEND_ONNX_NODEORDER_H

#include "mlir/Support/LLVM.h"
#include "onnx-ml.pb.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace dlc::onnx_import {

using NodeList = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

/// How messages call a node: "node 'conv1' (Conv)", or by its first output where it has no name.
std::string describeNode(const onnx::NodeProto &node);

/// Positions of `nodes` so that every node comes after those whose results it reads (also within its subgraphs); the
/// given order where it is one. Reports cycles, names defined twice and names defined nowhere; `isDefined` tells what
/// the surroundings define.
mlir::FailureOr<llvm::SmallVector<int>>
orderNodes(const NodeList &nodes, llvm::function_ref<bool(llvm::StringRef)> isDefined, mlir::Location location);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_NODEORDER_H
