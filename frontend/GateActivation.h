// SPDX-License-Identifier: Apache-2.0
/// \file
/// Activations of recurrent cells by the names that ONNX gives them.
#ifndef DLC_FRONTEND_GATEACTIVATION_H
#define DLC_FRONTEND_GATEACTIVATION_H

#include "frontend/Recurrence.h"

namespace dlc {

/// One activation a name (upper and lower case alike). Each takes as many of `alphas` and `betas` as it has parameters,
/// in order; where these run out, ONNX's default. Nothing, with `problem` said, if a name is unknown.
std::optional<llvm::SmallVector<GateActivation, 3>> getGateActivations(llvm::ArrayRef<std::string> names,
                                                                       llvm::ArrayRef<double> alphas,
                                                                       llvm::ArrayRef<double> betas,
                                                                       std::string &problem);

/// The names, for messages and schemas.
llvm::ArrayRef<llvm::StringRef> getGateActivationNames();

} // namespace dlc

#endif // DLC_FRONTEND_GATEACTIVATION_H
