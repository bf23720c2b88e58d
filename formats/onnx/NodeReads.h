// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which names nodes of an ONNX model read, those inside their subgraphs among them, for importer and `dlc reduce`.
#ifndef DLC_FORMATS_ONNX_NODEREADS_H
#define DLC_FORMATS_ONNX_NODEREADS_H

#include "onnx-ml.pb.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

namespace dlc::onnx_format {

/// Calls `visit` with each name that `node` reads from outside itself; a name may come several times.
void visitReads(const onnx::NodeProto &node, llvm::function_ref<void(llvm::StringRef)> visit);
/// The same of a graph: its outputs and what its nodes read, but for what it defines.
void visitReads(const onnx::GraphProto &graph, llvm::function_ref<void(llvm::StringRef)> visit);

} // namespace dlc::onnx_format

#endif // DLC_FORMATS_ONNX_NODEREADS_H
