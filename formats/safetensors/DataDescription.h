// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a checkpoint says of the data that its weights were learned from.
#ifndef DLC_FORMATS_SAFETENSORS_DATADESCRIPTION_H
#define DLC_FORMATS_SAFETENSORS_DATADESCRIPTION_H

#include "llvm/ADT/StringRef.h"
#include <string>

namespace dlc {

/// The metadata "dlc.data" of the safetensors file at `path`: dlc_model.data_description of the ABI. Empty if there is
/// none, or no such file: whoever reads the tensors reports what is wrong with it.
std::string readDataDescription(llvm::StringRef path);

} // namespace dlc

#endif // DLC_FORMATS_SAFETENSORS_DATADESCRIPTION_H
