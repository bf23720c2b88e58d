// SPDX-License-Identifier: Apache-2.0
// The extents in a JSON model, those of its functions included, which are often the same.
#include "tools/dlc-reduce/JsonFunctions.h"
#include "tools/dlc-reduce/JsonModel.h"
#include "llvm/ADT/STLExtras.h"

using namespace dlc::reduce;
using Json = JsonModel::Json;

/// Whether numbers at `key` may be extents.
static bool holdsExtents(llvm::StringRef key) {
  return !llvm::is_contained({"axis", "axes", "dims", "perm", "to", "dlc", "seed", "padding", "pads"}, key);
}

/// Calls `visit` with all integers of `value` that may be extents.
template <typename Visit> static void visitIntegers(Json &value, Visit &&visit) {
  if (value.is_number_integer())
    visit(value);
  else if (value.is_array())
    for (Json &element : value)
      visitIntegers(element, visit);
  else if (value.is_object())
    for (auto &[key, element] : value.items())
      if (holdsExtents(key))
        visitIntegers(element, visit);
}

/// Calls `visit` with the model itself and all of its functions.
template <typename Visit> static void visitGraphs(Json &model, Visit &&visit) {
  for (const std::string &name : listGraphs(model))
    visit(name.empty() ? model : model["functions"][name]);
}

template <typename Visit> static void visitExtents(Json &model, Visit &&visit) {
  visitGraphs(model, [&](Json &graph) {
    for (const char *key : {"inputs", "layers", "nodes"})
      if (auto found = graph.find(key); found != graph.end())
        visitIntegers(*found, visit);
  });
  if (auto parameters = model.find("parameters"); parameters != model.end() && parameters->is_object())
    for (auto &[name, description] : parameters->items())
      if (description.is_object() && description.contains("shape"))
        visitIntegers(description["shape"], visit);
}

/// Calls `visit` with the extents of all inputs.
template <typename Visit> static void visitInputExtents(Json &model, Visit &&visit) {
  visitGraphs(model, [&](Json &graph) {
    if (auto inputs = graph.find("inputs"); inputs != graph.end() && inputs->is_array())
      for (Json &input : *inputs)
        if (input.is_object() && input.contains("shape"))
          for (Json &extent : input["shape"])
            visit(extent);
  });
}

std::set<int64_t> JsonModel::getExtents() const {
  std::set<int64_t> extents;
  visitExtents(const_cast<Json &>(model), [&](const Json &extent) {
    if (extent.get<int64_t>() > 1)
      extents.insert(extent.get<int64_t>());
  });
  return extents;
}

std::set<std::string> JsonModel::getDimensions() const {
  std::set<std::string> names;
  visitInputExtents(const_cast<Json &>(model), [&](const Json &extent) {
    if (extent.is_string())
      names.insert(extent.get<std::string>());
  });
  return names;
}

void JsonModel::replaceExtent(int64_t from, int64_t to) {
  visitExtents(model, [&](Json &extent) {
    if (extent.get<int64_t>() == from)
      extent = to;
  });
}

void JsonModel::bindDimension(llvm::StringRef name, int64_t extent) {
  visitInputExtents(model, [&](Json &each) {
    if (each.is_string() && each.get_ref<const std::string &>() == name)
      each = extent;
  });
}
