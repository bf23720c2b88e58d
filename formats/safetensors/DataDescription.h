// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a checkpoint says of the data that its weights were learned from.
#ifndef DLC_FORMATS_SAFETENSORS_DATADESCRIPTION_H
#define DLC_FORMATS_SAFETENSORS_DATADESCRIPTION_H

#include "formats/safetensors/Safetensors.h"
#include "mlir/IR/BuiltinOps.h"

namespace dlc {

/// Lets `module`, whose weights are those of `file`, say what they were learned from (annotation::learnedData): the
/// file's metadata "dlc.data", which becomes dlc_model.data_description of the ABI. Nothing if the file does not say.
void noteLearnedData(mlir::ModuleOp module, const Safetensors &file);

} // namespace dlc

#endif // DLC_FORMATS_SAFETENSORS_DATADESCRIPTION_H
