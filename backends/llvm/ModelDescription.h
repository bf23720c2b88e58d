// SPDX-License-Identifier: Apache-2.0
/// \file
/// The one symbol that a model exports.
#ifndef DLC_BACKENDS_LLVM_MODELDESCRIPTION_H
#define DLC_BACKENDS_LLVM_MODELDESCRIPTION_H

#include "backends/Target.h"
#include "backends/llvm/ProgramDescription.h"
#include "llvm/IR/Module.h"

namespace dlc {

/// What a model is called and where its parts are: what the program does not say.
struct ModelIdentity {
  std::string name;        ///< an identifier of C
  std::string compiler;    ///< "dlc 0.1.0"
  std::string rates;       ///< name of those that --machine has given; empty: none
  std::string weightsFile; ///< name of the sidecar in the library's folder; empty: embedded
  uint64_t weightsHash = 0;
  std::string dataDescription; ///< dlc_model.data_description; empty if nothing is known of the data
  std::string layers;          ///< dlc_model.layers; empty if nothing is known of them
  /// Whether whatever the model is linked into uses this one, even if the process knows another of its name.
  bool isProtected = false;
};

/// `dlc_model_NAME`.
std::string getModelSymbol(llvm::StringRef name);
/// The hidden symbol of the weights that writeWeightsObject defines.
std::string getWeightsSymbol(llvm::StringRef name);

/// Adds `dlc_model_NAME` to `module`, which defines the functions of the program (see LowerEntryPoints).
void addModelDescription(llvm::Module &module, const ProgramDescription &program, const ModelIdentity &identity,
                         const Target &target, uint64_t scratchBytes);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_MODELDESCRIPTION_H
