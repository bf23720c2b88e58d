// SPDX-License-Identifier: Apache-2.0
// What functions take: shapes, dimensions with names, roles.
#include "frontend/json/Elements.h"
#include "frontend/json/FunctionImporter.h"
#include "frontend/json/TensorRules.h"
#include "ir/Annotations.h"
#include "ir/SignatureBuilder.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace dlc::json;

bool FunctionImporter::isIdentifier(StringRef name) {
  return !name.empty() && (llvm::isAlpha(name.front()) || name.front() == '_') &&
         llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

bool FunctionImporter::declareInputs(StringRef name, const JsonValue &description) {
  const JsonValue *inputs = description.find("inputs");
  if (!inputs) {
    reporter.error(description.position, "'inputs' is missing");
    return false;
  }
  if (!isValid(*list(getInputRule(), 1), *inputs))
    return false;

  // An override of a named dimension applies wherever the name occurs.
  llvm::StringMap<int64_t> bound;
  SmallVector<SmallVector<Attribute>> dims;
  for (const JsonValue &input : inputs->elements) {
    const std::string &inputName = input.find("name")->string;
    inputNames.push_back(inputName);
    const JsonValue &shape = *input.find("shape");
    const ShapeOverride *given = nullptr;
    for (const ShapeOverride &each : options.shapes)
      if (each.input == inputName)
        given = &each;
    if (given && given->extents.size() != shape.elements.size()) {
      reporter.error(shape.position, "input '" + inputName + "' has " + Twine(shape.elements.size()) +
                                         " dimensions, but its --shape has " + Twine(given->extents.size()));
      given = nullptr;
    }
    SmallVector<Attribute> &extents = dims.emplace_back();
    for (auto [i, extent] : llvm::enumerate(shape.elements)) {
      if (extent.isString())
        dimensionNames.insert(extent.string);
      if (extent.isString() && !isIdentifier(extent.string))
        reporter.error(extent.position,
                       "'" + extent.string + "' cannot name a dimension: use letters, digits and underscores only");
      if (given && !extent.isString() && given->extents[i] != extent.integer)
        reporter.error(extent.position, "input '" + inputName + "' has the extent " + Twine(extent.integer) +
                                            " here, and --shape asks for " + Twine(given->extents[i]) +
                                            "; only extents with a name can be chosen");
      if (given && extent.isString() && !bound.try_emplace(extent.string, given->extents[i]).second &&
          bound[extent.string] != given->extents[i])
        reporter.error(extent.position, "dimension '" + extent.string + "' is asked to be both " +
                                            Twine(bound[extent.string]) + " and " + Twine(given->extents[i]));
      if (given)
        extents.push_back(builder.getI64IntegerAttr(given->extents[i]));
      else if (extent.isString())
        extents.push_back(builder.getStringAttr(extent.string));
      else
        extents.push_back(builder.getI64IntegerAttr(extent.integer));
    }
  }

  SmallVector<Type> types;
  SmallVector<Location> locations;
  SmallVector<DictionaryAttr> attributes;
  for (auto [input, extents] : llvm::zip(inputs->elements, dims)) {
    SmallVector<int64_t> shape;
    for (Attribute &extent : extents) {
      if (auto symbol = dyn_cast<StringAttr>(extent); symbol && bound.contains(symbol.getValue()))
        extent = builder.getI64IntegerAttr(bound[symbol.getValue()]);
      auto known = dyn_cast<IntegerAttr>(extent);
      shape.push_back(known ? known.getInt() : ShapedType::kDynamic);
    }
    const JsonValue *type = input.find("type");
    Type elementType = getElementType(type ? StringRef(type->string) : "f32", builder.getContext());
    SmallVector<int64_t> fixed =
        llvm::filter_to_vector(shape, [](int64_t extent) { return !ShapedType::isDynamic(extent); });
    if (!getByteCount(fixed, elementType)) {
      reporter.error(input.find("shape")->position, "input '" + input.find("name")->string + "' has too many elements");
      return false;
    }
    types.push_back(RankedTensorType::get(shape, elementType));
    locations.push_back(NameLoc::get(builder.getStringAttr(input.find("name")->string), reporter.at(input.position)));
    attributes.push_back(
        builder.getDictionaryAttr({dlc::annotation::name.with(builder.getStringAttr(input.find("name")->string)),
                                   dlc::annotation::dims.with(builder.getArrayAttr(extents))}));
  }
  for (auto [input, extents, entry] : llvm::zip(inputs->elements, dims, attributes)) {
    const JsonValue *role = input.find("role"), *otherwise = input.find("default");
    if (!role)
      continue;
    SmallVector<NamedAttribute> entries(entry.getValue());
    if (role->string == "label")
      entries.push_back(dlc::annotation::label.with(builder.getUnitAttr()));
    else
      entries.push_back(
          dlc::annotation::hyperparameter.with(builder.getF64FloatAttr(otherwise ? otherwise->number : 0)));
    if (role->string == "hyperparameter" && !extents.empty())
      reporter.error(role->position, "a hyperparameter is one number: its shape is []");
    entry = builder.getDictionaryAttr(entries);
  }
  builder.setInsertionPointToEnd(module.getBody());
  function = func::FuncOp::create(builder, reporter.at(description.position), name, builder.getFunctionType(types, {}));
  function.setAllArgAttrs(attributes);
  entryStates.reset(function);
  Block *body = builder.createBlock(&function.getBody(), {}, types, locations);
  builder.setInsertionPointToEnd(body);
  for (auto [input, argument] : llvm::zip(inputs->elements, body->getArguments()))
    define(input.find("name")->string, argument, input.find("name")->position);
  if (inputs->elements.size() == 1)
    previous = inputs->elements.front().find("name")->string;
  return true;
}

void FunctionImporter::addInputs(dlc::SignatureBuilder &signature, const JsonValue &description,
                                 llvm::function_ref<bool(StringRef)> isWanted, const llvm::StringMap<int64_t> &fixed,
                                 llvm::StringMap<Value> &inputs) {
  // An extent that was given applies wherever its name occurs. What is wrong with such a shape has been reported where
  // the inputs were declared.
  llvm::StringMap<int64_t> asked;
  for (const JsonValue &input : description.find("inputs")->elements)
    for (const ShapeOverride &each : options.shapes)
      if (each.input == input.find("name")->string)
        for (auto [extent, value] : llvm::zip(input.find("shape")->elements, each.extents))
          if (extent.isString())
            asked.try_emplace(extent.string, value);
  for (const JsonValue &input : description.find("inputs")->elements) {
    const std::string &name = input.find("name")->string;
    if (!isWanted(name))
      continue;
    SmallVector<int64_t> shape;
    SmallVector<Attribute> dims;
    for (const JsonValue &extent : input.find("shape")->elements) {
      auto found = extent.isString() ? fixed.find(extent.string) : fixed.end();
      auto wanted = extent.isString() ? asked.find(extent.string) : asked.end();
      std::optional<int64_t> known;
      if (found != fixed.end())
        known = found->second;
      else if (wanted != asked.end())
        known = wanted->second;
      else if (!extent.isString())
        known = extent.integer;
      shape.push_back(known.value_or(ShapedType::kDynamic));
      dims.push_back(known ? Attribute(builder.getI64IntegerAttr(*known)) : builder.getStringAttr(extent.string));
    }
    const JsonValue *type = input.find("type");
    Type elementType = getElementType(type ? StringRef(type->string) : "f32", builder.getContext());
    auto attributes = builder.getDictionaryAttr({dlc::annotation::name.with(builder.getStringAttr(name)),
                                                 dlc::annotation::dims.with(builder.getArrayAttr(dims))});
    inputs[name] =
        signature.addArgument(RankedTensorType::get(shape, elementType), reporter.at(input.position), attributes);
  }
}
