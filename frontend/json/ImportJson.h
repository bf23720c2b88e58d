// SPDX-License-Identifier: Apache-2.0
/// \file
/// JSON models (docs/model-format.md) become modules of graph ops.
#ifndef DLC_FRONTEND_JSON_IMPORTJSON_H
#define DLC_FRONTEND_JSON_IMPORTJSON_H

#include "frontend/Import.h"

namespace dlc {

/// Reads the JSON model at `path`, with its weights. Every problem of the file is a diagnostic with line and column.
/// Weight files are looked up beside the model and must not be outside its folder. What one says of the data that its
/// weights were learned from, the module says (annotation::learnedData).
mlir::FailureOr<ImportedModel> importJson(llvm::StringRef path, mlir::MLIRContext *context,
                                          const ImportOptions &options);

/// The JSON Schema of the format, as in docs/model.schema.json.
std::string emitJsonSchema();

} // namespace dlc

#endif // DLC_FRONTEND_JSON_IMPORTJSON_H
