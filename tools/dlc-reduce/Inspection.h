// SPDX-License-Identifier: Apache-2.0
/// \file
/// What dlc makes of a model file, found out in a process of its own.
#ifndef DLC_TOOLS_DLC_REDUCE_INSPECTION_H
#define DLC_TOOLS_DLC_REDUCE_INSPECTION_H

#include "tools/dlc-reduce/ReducibleModel.h"
#include <optional>

namespace dlc::reduce {

/// The types of the inputs and outputs of an entry point ("": the model's own graph) of the model at `path`, a .onnx or
/// .json file; nothing if it cannot be imported.
std::optional<TensorTypes> inspectOutputs(const std::string &path, const std::string &entry);

/// The nodes that `outputs` do not depend on. Nodes are in an order in which results come before their readers.
llvm::BitVector findUnneededNodes(const ReducibleModel &model, llvm::ArrayRef<std::string> outputs);

/// The types of all results of nodes and of the inputs of the entry point of `model`. `path`: a file that may be
/// written for this.
TensorTypes inspectTensors(const ReducibleModel &model, const std::string &path);

} // namespace dlc::reduce

#endif // DLC_TOOLS_DLC_REDUCE_INSPECTION_H
