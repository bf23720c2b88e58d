// SPDX-License-Identifier: Apache-2.0
/// \file
/// Graphs as ONNX files.
#ifndef DLC_FORMATS_ONNX_EXPORTONNX_H
#define DLC_FORMATS_ONNX_EXPORTONNX_H

#include "mlir/IR/BuiltinOps.h"
#include <string>

namespace dlc {

/// A graph of `module`, as a frontend gives it (loops with their shapes bound), as a serialized ONNX model. Parameters
/// become initializers of the same names; inputs, outputs and symbolic extents keep theirs. A state becomes an input
/// and the output `STATE.next`. `entry` is the entry point; if empty, the one called "run", or else "predict", or the
/// only one. An op without a form in ONNX, a parameter without value and a model of 2 GB or more are errors with a
/// place.
mlir::FailureOr<std::string> exportOnnx(mlir::ModuleOp module, llvm::StringRef entry, llvm::StringRef name,
                                        llvm::StringRef producer);

} // namespace dlc

#endif // DLC_FORMATS_ONNX_EXPORTONNX_H
