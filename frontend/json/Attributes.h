// SPDX-License-Identifier: Apache-2.0
/// \file
/// Typed access to the keys of a layer or node that has passed validation.
#ifndef DLC_FRONTEND_JSON_ATTRIBUTES_H
#define DLC_FRONTEND_JSON_ATTRIBUTES_H

#include "frontend/json/Rules.h"
#include "llvm/ADT/SmallVector.h"

namespace dlc::json {

/// The keys of one object, with the defaults of its fields. Asking for a key that `fields` lacks, or that has neither a
/// value nor a default, is a mistake in the tables (an assertion), except through `find`.
class Attributes {
public:
  /// `value` may be null: all defaults.
  Attributes(llvm::ArrayRef<Field> fields, const JsonValue *value) : fields(fields), value(value) {}

  /// The value of `key`, its default, or null.
  const JsonValue *find(llvm::StringRef key) const;
  /// The object itself, null if the model has none.
  const JsonValue *getObject() const { return value; }
  /// Whether the model itself gives `key`.
  bool isGiven(llvm::StringRef key) const { return value && value->find(key); }
  int64_t integer(llvm::StringRef key) const { return get(key).integer; }
  double number(llvm::StringRef key) const { return get(key).number; }
  bool boolean(llvm::StringRef key) const { return get(key).boolean; }
  llvm::StringRef string(llvm::StringRef key) const { return get(key).string; }
  /// What ONNX writes as 0 or 1; false if it has neither a value nor a default.
  bool flag(llvm::StringRef key) const;
  /// A list of integers; one integer is a list of one.
  llvm::SmallVector<int64_t> integers(llvm::StringRef key) const;
  /// A list of numbers; one number is a list of one.
  llvm::SmallVector<double> numbers(llvm::StringRef key) const;
  /// `count` integers: a list of so many, or one integer for all. Nothing comes back if the list has another length.
  std::optional<llvm::SmallVector<int64_t>> repeated(llvm::StringRef key, size_t count) const;
  /// The location of `key`, or of the object if it has no such key.
  Position positionOf(llvm::StringRef key) const;

private:
  const JsonValue &get(llvm::StringRef key) const;

  llvm::ArrayRef<Field> fields;
  const JsonValue *value;
};

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_ATTRIBUTES_H
