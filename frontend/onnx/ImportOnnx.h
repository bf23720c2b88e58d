// SPDX-License-Identifier: Apache-2.0
/// \file
/// ONNX models of opsets 1 to the newest become modules of graph ops.
#ifndef DLC_FRONTEND_ONNX_IMPORTONNX_H
#define DLC_FRONTEND_ONNX_IMPORTONNX_H

#include "frontend/Import.h"

namespace dlc {

/// Reads the model at `path`. Reports every problem it finds as a diagnostic, all unsupported ops among them, before it
/// fails.
mlir::FailureOr<ImportedModel> importOnnx(llvm::StringRef path, mlir::MLIRContext *context,
                                          const ImportOptions &options);

} // namespace dlc

#endif // DLC_FRONTEND_ONNX_IMPORTONNX_H
