// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/OpTableFields.h"
#include "frontend/json/NodeContext.h"

using namespace mlir;
using dlc::onnx_format::OpAttribute;
using dlc::onnx_format::OpRow;

namespace dlc::json {

static RulePtr getRule(const OpAttribute &attribute) {
  switch (attribute.kind) {
  case OpAttribute::Kind::Number:
    return number();
  case OpAttribute::Kind::Flag:
    return flagRule();
  case OpAttribute::Kind::Choice:
    return choice({attribute.choices[0].str(), attribute.choices[1].str()});
  }
  llvm_unreachable("all kinds have a rule");
}

static std::vector<Field> getFields(const OpRow &row, bool isLayer) {
  std::vector<Field> fields;
  for (const OpAttribute &attribute : row.attributes) {
    std::string name = (isLayer ? attribute.property : attribute.name).str(), summary = attribute.summary.str(),
                otherwise = attribute.otherwise.str();
    if (attribute.kind == OpAttribute::Kind::Choice && !otherwise.empty())
      otherwise = '"' + otherwise + '"';
    fields.push_back(otherwise.empty() ? required(name, getRule(attribute), summary)
                                       : optional(name, getRule(attribute), otherwise, summary));
  }
  return fields;
}

std::vector<Field> getNodeFields(const OpRow &row) { return getFields(row, /*isLayer=*/false); }
std::vector<Field> getLayerFields(const OpRow &row) { return getFields(row, /*isLayer=*/true); }

SmallVector<NamedAttribute> getOpAttributes(OpBuilder &builder, const Attributes &attributes, const OpRow &row,
                                            bool isLayer) {
  SmallVector<NamedAttribute> result;
  for (const OpAttribute &attribute : row.attributes) {
    StringRef name = isLayer ? attribute.property : attribute.name;
    Attribute value;
    switch (attribute.kind) {
    case OpAttribute::Kind::Number:
      value = builder.getF64FloatAttr(attributes.number(name));
      break;
    case OpAttribute::Kind::Flag:
      value = builder.getBoolAttr(attributes.flag(name));
      break;
    case OpAttribute::Kind::Choice:
      value = builder.getBoolAttr(attributes.string(name) == attribute.isTrue);
      break;
    }
    result.push_back(builder.getNamedAttr(attribute.property, value));
  }
  return result;
}

} // namespace dlc::json
