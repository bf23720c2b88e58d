// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a model says of its loss and its optimizer: a kind, and what that kind takes.
#ifndef DLC_FRONTEND_JSON_TRAININGOPTIONS_H
#define DLC_FRONTEND_JSON_TRAININGOPTIONS_H

#include "frontend/json/Attributes.h"
#include "mlir/IR/Builders.h"

namespace dlc::json {

/// The kind that `value` (a name, or an object with `name`) chooses.
llvm::StringRef getChoice(const JsonValue &value);

/// The options of that kind, which differ from kind to kind.
class TrainingOptions {
public:
  /// `value` keeps `rule`, which is getLossRule or getOptimizerRule.
  TrainingOptions(const Rule &rule, const JsonValue &value);
  /// The value or default of `key`; null if this kind has no such key.
  const JsonValue *find(llvm::StringRef key) const;

private:
  llvm::ArrayRef<Field> fields;
  Attributes attributes;
};

/// An optimizer as `dlc.apply_gradients` has it, without its learning rate.
mlir::DictionaryAttr describeOptimizer(mlir::OpBuilder &builder, const JsonValue &optimizer);

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_TRAININGOPTIONS_H
