// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-reduce/JsonModel.h"
#include "tools/dlc-reduce/JsonFunctions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include <fstream>
#include <map>
#include <stdexcept>

using namespace dlc::reduce;
using Json = JsonModel::Json;

/// The keys by which layers name tensors, and nodes.
static constexpr const char *references[] = {"input", "inputs", "lengths", "initial_state", "mask"};

std::unique_ptr<ReducibleModel> JsonModel::read(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw std::runtime_error("cannot read '" + path + "'");
  Json content;
  try {
    content = Json::parse(file);
  } catch (const Json::exception &error) {
    throw std::runtime_error("'" + path + "' is not JSON: " + error.what());
  }
  if (!content.is_object())
    throw std::runtime_error("'" + path + "' is not a JSON model, which is an object");
  auto model = std::make_unique<JsonModel>(std::move(content));
  for (const std::string &name : listGraphs(model->model)) {
    model->entry = name;
    model->nameLayers();
  }
  model->entry = model->getEntries().front();
  return model;
}

std::string JsonModel::write() const { return model.dump(1) + "\n"; }

const Json &JsonModel::nodes(const Json &graph) {
  static const Json none = Json::array();
  for (const char *key : {"layers", "nodes"})
    if (auto found = graph.find(key); found != graph.end() && found->is_array())
      return *found;
  return none;
}

size_t JsonModel::countAllNodes() const {
  size_t count = 0;
  for (const std::string &name : listGraphs(model))
    count += nodes(name.empty() ? model : model["functions"][name]).size();
  return count;
}

std::vector<std::string> JsonModel::getEntries() const {
  std::vector<std::string> names;
  const std::set<std::string> called = findCalledFunctions(model);
  for (const std::string &name : listGraphs(model))
    if (name.empty() ? !nodes(model).empty() : !called.count(name))
      names.push_back(name);
  return names.empty() ? std::vector<std::string>{""} : names;
}

/// The string at `key`; empty if there is none.
static std::string getString(const Json &object, const char *key) {
  auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string JsonModel::getWeightsFile() const { return getString(model, "weights"); }

void JsonModel::nameLayers() {
  if (!hasLayers())
    return;
  std::map<std::string, int> counts;
  std::string previous = getInputs().size() == 1 ? getInputs().front() : "";
  for (Json &layer : nodes()) {
    if (!layer.is_object())
      continue;
    std::string op = getString(layer, "op"),
                number = op + "_" + std::to_string(layer.contains("name") ? 0 : ++counts[op]);
    if (!layer.contains("name"))
      layer["name"] = number;
    if (!layer.contains("input") && !layer.contains("inputs") && !previous.empty())
      layer["input"] = previous;
    previous = getString(layer, "name");
  }
}

//===-- Names -------------------------------------------------------------===//

template <typename Visit> static void visitReferences(Json &node, Visit &&visit) {
  if (!node.is_object())
    return;
  for (const char *key : references) {
    auto found = node.find(key);
    if (found == node.end())
      continue;
    if (found->is_string())
      visit(*found);
    else if (found->is_array())
      for (Json &element : *found)
        if (element.is_string())
          visit(element);
  }
}

std::vector<std::string> JsonModel::getOperands(size_t node) const {
  std::vector<std::string> names;
  visitReferences(const_cast<Json &>(nodes(root())[node]),
                  [&](const Json &name) { names.push_back(name.get<std::string>()); });
  return names;
}

std::vector<std::string> JsonModel::getResults(size_t node) const {
  const Json &description = nodes(root())[node];
  if (hasLayers())
    return {getString(description, "name")};
  std::vector<std::string> names;
  if (auto outputs = description.find("outputs"); description.is_object() && outputs != description.end())
    for (const Json &output : *outputs)
      names.push_back(output.is_string() ? output.get<std::string>() : "");
  return names;
}

static std::vector<std::string> getNames(const Json &model, const char *key, bool areObjects) {
  std::vector<std::string> names;
  if (auto found = model.find(key); found != model.end() && found->is_array())
    for (const Json &each : *found)
      names.push_back(areObjects ? getString(each, "name") : each.is_string() ? each.get<std::string>() : "");
  return names;
}

std::vector<std::string> JsonModel::getInputs() const { return getNames(root(), "inputs", true); }

std::vector<std::string> JsonModel::getOutputs() const {
  if (!root().contains("outputs") && countNodes())
    return getResults(countNodes() - 1);
  return getNames(root(), "outputs", false);
}

bool JsonModel::isWeight(llvm::StringRef name) const {
  auto parameters = model.find("parameters");
  return parameters != model.end() && parameters->is_object() && parameters->contains(name.str());
}

//===-- Changes -----------------------------------------------------------===//

void JsonModel::addInputs(llvm::ArrayRef<std::string> names, const TensorTypes &types) {
  for (const std::string &name : names) {
    auto known = types.find(name);
    Json shape = Json::array();
    for (llvm::StringRef extent : known->getValue().extents) {
      int64_t number;
      if (extent.getAsInteger(10, number))
        shape.push_back(extent.str());
      else
        shape.push_back(number);
    }
    Json input = {{"name", name}};
    if (known->getValue().element != "f32")
      input["type"] = known->getValue().element;
    input["shape"] = shape;
    root()["inputs"].push_back(input);
  }
}

void JsonModel::setOutputs(llvm::ArrayRef<std::string> names, const TensorTypes &) {
  root()["outputs"] = std::vector<std::string>(names);
}

void JsonModel::eraseNodes(const llvm::BitVector &erased) {
  Json kept = Json::array();
  for (auto [number, node] : llvm::enumerate(nodes()))
    if (!erased.test(static_cast<unsigned>(number)))
      kept.push_back(node);
  nodes() = kept;
}

void JsonModel::replaceUses(llvm::StringRef from, llvm::StringRef to) {
  for (Json &node : nodes())
    visitReferences(node, [&](Json &name) {
      if (name.get_ref<const std::string &>() == from)
        name = to.str();
    });
}

/// All strings in `value`, keys aside.
static void collectStrings(const Json &value, llvm::StringSet<> &strings) {
  if (value.is_string())
    strings.insert(value.get_ref<const std::string &>());
  else if (value.is_structured())
    for (const Json &element : value)
      collectStrings(element, strings);
}

void JsonModel::removeUnused() {
  llvm::StringSet<> read;
  for (size_t node = 0; node < countNodes(); ++node)
    for (const std::string &name : getOperands(node))
      read.insert(name);
  for (const std::string &name : getOutputs())
    read.insert(name);
  if (auto inputs = root().find("inputs"); inputs != root().end() && inputs->is_array() && countNodes())
    inputs->erase(std::remove_if(inputs->begin(), inputs->end(),
                                 [&](const Json &input) { return !read.contains(getString(input, "name")); }),
                  inputs->end());
  auto parameters = model.find("parameters");
  if (parameters == model.end() || !parameters->is_object())
    return;
  // Functions read the same parameters, and attributes name them, too.
  for (const auto &[key, section] : model.items())
    if (key != "parameters" && key != "weights")
      collectStrings(section, read);
  std::vector<std::string> unused;
  for (const auto &[name, description] : parameters->items())
    if (!read.contains(name))
      unused.push_back(name);
  for (const std::string &name : unused)
    parameters->erase(name);
  if (parameters->empty())
    model.erase("parameters");
}

std::vector<Simplification> JsonModel::listInnerChanges() const {
  std::vector<Simplification> list;
  for (const std::function<void(Json &)> &change : listFunctionChanges(model))
    list.push_back([change](ReducibleModel &reducible) {
      auto &changed = static_cast<JsonModel &>(reducible);
      change(changed.model);
      if (!changed.entry.empty() &&
          !(changed.model.contains("functions") && changed.model["functions"].contains(changed.entry)))
        changed.entry.clear();
    });
  return list;
}

std::vector<Simplification> JsonModel::listSimplifications() const {
  std::vector<Simplification> list;
  auto add = [&](const auto &change) {
    list.push_back([change](ReducibleModel &reducible) { change(static_cast<JsonModel &>(reducible)); });
  };
  for (const char *key : {"$schema", "name", "description", "training", "generate", "initializer", "seed", "ops"})
    if (model.contains(key))
      add([key](JsonModel &m) { m.model.erase(key); });
  const std::set<std::string> called = findCalledFunctions(model);
  if (auto functions = model.find("functions"); functions != model.end() && functions->is_object())
    for (const auto &[name, description] : functions->items()) {
      if (name == entry || called.count(name))
        continue;
      add([name = name](JsonModel &m) {
        auto left = m.model.find("functions");
        if (left == m.model.end())
          return;
        left->erase(name);
        if (left->empty())
          m.model.erase("functions");
      });
    }
  // Random weights need no file and fit all shapes.
  if (auto weights = model.find("weights"); weights == model.end() || *weights != "glorot_uniform")
    add([](JsonModel &m) { m.model["weights"] = "glorot_uniform"; });
  if (auto parameters = model.find("parameters"); parameters != model.end() && parameters->is_object())
    for (const auto &[name, description] : parameters->items())
      if (description.is_object() && description.contains("value") && !description["value"].is_number())
        add([name = name](JsonModel &m) {
          if (m.isWeight(name))
            m.model["parameters"][name]["value"] = 1;
        });
  for (size_t i = 0; i < countNodes(); ++i) {
    const Json &node = nodes(root())[i];
    if (!node.is_object())
      continue;
    for (const auto &[key, value] : node.items()) {
      if (key == "attributes" && value.is_object()) {
        for (const auto &[attribute, content] : value.items())
          add([i, attribute = attribute](JsonModel &m) {
            auto left = m.nodes()[i].find("attributes");
            if (left == m.nodes()[i].end())
              return;
            left->erase(attribute);
            if (left->empty())
              m.nodes()[i].erase("attributes");
          });
      } else if (!llvm::is_contained({"op", "name", "input", "inputs", "outputs"}, key)) {
        add([i, key = key](JsonModel &m) { m.nodes()[i].erase(key); });
      }
    }
    if (auto inputs = node.find("inputs"); inputs != node.end() && inputs->is_array() && !hasLayers())
      for (size_t k = inputs->size(); k-- > 1;)
        if ((*inputs)[k] != "")
          add([i, k](JsonModel &m) {
            Json &operands = m.nodes()[i]["inputs"];
            if (k < operands.size())
              operands[k] = "";
            while (!operands.empty() && operands.back() == "")
              operands.erase(operands.size() - 1);
          });
  }
  return list;
}
