// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/TrainingOptions.h"
#include "frontend/json/TrainingRules.h"

using namespace mlir;
using namespace dlc::json;

StringRef dlc::json::getChoice(const JsonValue &value) {
  return value.isString() ? value.string : value.find("name")->string;
}

TrainingOptions::TrainingOptions(const Rule &rule, const JsonValue &value) : attributes({}, nullptr) {
  for (const Variant &variant : rule.alternatives.back()->variants)
    if (variant.name == getChoice(value)) {
      fields = variant.fields;
      attributes = Attributes(fields, value.isObject() ? &value : nullptr);
    }
}

const JsonValue *TrainingOptions::find(StringRef key) const {
  bool isKnown = llvm::any_of(fields, [&](const Field &field) { return field.name == key; });
  return isKnown ? attributes.find(key) : nullptr;
}

DictionaryAttr dlc::json::describeOptimizer(OpBuilder &builder, const JsonValue &optimizer) {
  TrainingOptions options(*getOptimizerRule(), optimizer);
  SmallVector<NamedAttribute> entries = {builder.getNamedAttr("name", builder.getStringAttr(getChoice(optimizer)))};
  for (StringRef key : {"momentum", "rho", "beta1", "beta2", "epsilon", "weight_decay"})
    if (const JsonValue *value = options.find(key))
      entries.push_back(builder.getNamedAttr(key, builder.getF64FloatAttr(value->number)));
  if (const JsonValue *nesterov = options.find("nesterov"))
    entries.push_back(builder.getNamedAttr("nesterov", builder.getBoolAttr(nesterov->boolean)));
  return builder.getDictionaryAttr(entries);
}
