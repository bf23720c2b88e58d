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
  std::string target;      ///< of all programs together, as dlc_model.target has it
  std::string rates;       ///< name of those that --machine has given; empty: none
  std::string weightsFile; ///< name of the sidecar in the library's folder; empty: embedded
  uint64_t weightsHash = 0;
  /// What names of a program end in that is not the first one of its library; else empty.
  std::string programSuffix;
  std::string dataDescription; ///< dlc_model.data_description; empty if nothing is known of the data
  std::string layers;          ///< dlc_model.layers; empty if nothing is known of them
  /// Whether whatever the model is linked into uses this one, even if the process knows another of its name.
  bool isProtected = false;
};

/// `dlc_model_NAME`.
std::string getModelSymbol(llvm::StringRef name);
/// The hidden symbol of the weights that writeWeightsObject defines.
std::string getWeightsSymbol(const ModelIdentity &identity);

/// A program for one target, as the model's description refers to it.
struct ProgramPart {
  const ProgramDescription &description;
  const ModelIdentity &identity;
  const Target &target;
  uint64_t scratchBytes;
};

/// Adds `dlc_model_NAME` to `module`, which defines the functions of `programs` (see LowerEntryPoints), in order of
/// preference. They look the same from outside (ProgramDifference.h); the last one's identity is the model's.
void addModelDescription(llvm::Module &module, llvm::ArrayRef<ProgramPart> programs);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_MODELDESCRIPTION_H
