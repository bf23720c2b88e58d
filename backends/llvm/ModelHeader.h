// SPDX-License-Identifier: Apache-2.0
/// \file
/// What NAME.h says about a program.
#ifndef DLC_BACKENDS_LLVM_MODELHEADER_H
#define DLC_BACKENDS_LLVM_MODELHEADER_H

#include "backends/link/HeaderWriter.h"
#include "backends/llvm/ProgramDescription.h"

namespace dlc {

/// The program as writeHeader takes it. `name` is the model's, an identifier of C; `compiler` is "dlc 0.1.0",
/// `dataDescription` that of ModelIdentity.
HeaderModel describeHeader(const ProgramDescription &program, llvm::StringRef name, llvm::StringRef compiler,
                           const std::string &dataDescription);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_MODELHEADER_H
