// SPDX-License-Identifier: Apache-2.0
/// \file
/// Activations: layers by themselves, or the `activation` of another layer.
#ifndef DLC_FRONTEND_JSON_ACTIVATIONS_H
#define DLC_FRONTEND_JSON_ACTIVATIONS_H

#include "frontend/json/OpContext.h"
#include <functional>

namespace dlc::json {

/// An activation without parameters that are trained.
struct ActivationKind {
  std::string name, summary;
  std::vector<Field> fields;
  std::function<mlir::Value(OpContext &context, const Attributes &attributes, mlir::Value x)> build;
};

llvm::ArrayRef<ActivationKind> getActivations();
/// The one called `name`, which has been validated.
const ActivationKind &findActivation(llvm::StringRef name);

/// An activation: a name, or an object with `op` and its options.
RulePtr getActivationRule();
/// The activation that `value` names, of `x`.
mlir::Value buildActivation(OpContext &context, const JsonValue &value, mlir::Value x);

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_ACTIVATIONS_H
