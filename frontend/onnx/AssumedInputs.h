// SPDX-License-Identifier: Apache-2.0
/// \file
/// Models whose shapes depend on the value of an input, although the file declares the shapes of the results.
#ifndef DLC_FRONTEND_ONNX_ASSUMEDINPUTS_H
#define DLC_FRONTEND_ONNX_ASSUMEDINPUTS_H

#include "mlir/Support/LLVM.h"
#include "onnx-ml.pb.h"
#include <string>
#include <vector>

namespace dlc::onnx_import {

/// A value for an integer input that decides shapes.
struct AssumedInput {
  std::string name;
  llvm::SmallVector<int64_t> value;
};

/// Values that the one small integer input of `graph` may have so that its outputs get the static shapes which the
/// graph declares: such an input mostly holds the extents of an output, or some of them in their order. None where
/// there are several such inputs. The caller imports the graph with one value after another and takes the first that
/// gives all outputs their declared shapes.
std::vector<AssumedInput> proposeInputValues(const onnx::GraphProto &graph);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_ASSUMEDINPUTS_H
