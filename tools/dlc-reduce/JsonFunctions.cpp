// SPDX-License-Identifier: Apache-2.0
// A change need not keep what the model computes, only its form: the check of the failure decides.
#include "tools/dlc-reduce/JsonFunctions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include <map>

using namespace dlc::reduce;
using Json = nlohmann::ordered_json;

namespace {

/// The attributes of a node that name functions.
constexpr const char *callees[] = {"then_branch", "else_branch", "body", "function"};

/// The elements of the list at `key`; an empty list if there is none.
const Json &getList(const Json &object, const char *key) {
  static const Json none = Json::array();
  auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() && found->is_array() ? *found : none;
}

std::string getString(const Json &object, const char *key) {
  auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// The model itself, if `name` is empty, or one of its functions.
template <typename JsonType> JsonType &findOwner(JsonType *model, const std::string &name) {
  return name.empty() ? *model : model->at("functions").at(name);
}

/// The functions of the model that a node calls.
std::vector<std::string> getCallees(const Json &model, const Json &node) {
  std::vector<std::string> names;
  auto attributes = node.is_object() ? node.find("attributes") : node.end();
  if (!node.is_object() || attributes == node.end() || !model.contains("functions"))
    return names;
  for (const char *key : callees)
    if (std::string name = getString(*attributes, key); !name.empty() && model["functions"].contains(name))
      names.push_back(name);
  return names;
}

/// How often nodes name each function.
std::map<std::string, int> countCalls(const Json &model) {
  std::map<std::string, int> counts;
  for (const std::string &owner : listGraphs(model))
    for (const Json &node : getList(findOwner(&model, owner), "nodes"))
      for (const std::string &name : getCallees(model, node))
        ++counts[name];
  return counts;
}

/// Lets `nodes` and `outputs` of `owner` name `to`, which may be a number, instead of `from`.
void replaceReads(Json &owner, const std::string &from, const Json &to) {
  auto replace = [&](Json &names) {
    for (Json &name : names)
      if (name == from)
        name = to;
  };
  if (auto nodes = owner.find("nodes"); nodes != owner.end() && nodes->is_array())
    for (Json &node : *nodes)
      if (node.is_object() && node.contains("inputs"))
        replace(node["inputs"]);
  if (auto outputs = owner.find("outputs"); outputs != owner.end() && outputs->is_array())
    replace(*outputs);
}

/// Whether a list has this string. (For llvm::is_contained a list is an object without such a key.)
bool has(const Json &list, const std::string &name) {
  return llvm::any_of(list, [&](const Json &element) { return element == name; });
}

bool isRead(const Json &owner, const std::string &name) {
  return has(getList(owner, "outputs"), name) ||
         llvm::any_of(getList(owner, "nodes"), [&](const Json &node) { return has(getList(node, "inputs"), name); });
}

/// Removes nodes whose results nothing reads; those without results, such as `Assign`, stay.
void removeUnread(Json &owner) {
  auto found = owner.find("nodes");
  if (found == owner.end() || !found->is_array())
    return;
  for (size_t i = found->size(); i-- > 0;) {
    const Json results = getList((*found)[i], "outputs");
    if (!results.empty() && llvm::none_of(results, [&](const Json &name) {
          return name.is_string() && isRead(owner, name.get<std::string>());
        }))
      found->erase(i);
  }
}

//===-- A function instead of a call --------------------------------------===//

/// Replaces node `position` of `owner` by the nodes of the function that it calls.
class Inliner {
public:
  Inliner(Json &model, Json &owner, size_t position, const std::string &callee)
      : owner(owner), node(owner["nodes"][position]), function(model["functions"][callee]), position(position) {
    collectNames(owner);
    if (auto parameters = model.find("parameters"); parameters != model.end() && parameters->is_object())
      for (const auto &[name, description] : parameters->items())
        names.insert(name);
  }

  void run() {
    bindInputs();
    for (const Json &inner : getList(function, "nodes"))
      for (const Json &result : getList(inner, "outputs"))
        if (result.is_string() && result != "")
          values[result.get<std::string>()] = makeName(result.get<std::string>());
    Json nodes = Json::array();
    append(nodes, 0, position);
    for (Json inner : getList(function, "nodes")) {
      for (const char *key : {"inputs", "outputs"})
        for (Json &name : inner[key])
          substitute(name);
      if (inner.contains("name") && !labels.insert(getString(inner, "name")).second)
        inner.erase("name");
      nodes.push_back(inner);
    }
    // The first result of a step says whether there is another one.
    size_t skipped = isLoop() ? 1 : 0;
    const Json &inner = getList(function, "outputs"), &outer = getList(node, "outputs");
    for (size_t i = 0; i < outer.size() && i + skipped < inner.size(); ++i)
      if (outer[i] != "") {
        Json value = inner[i + skipped];
        substitute(value);
        nodes.push_back({{"op", "Identity"}, {"inputs", {value}}, {"outputs", {outer[i]}}});
      }
    append(nodes, position + 1, owner["nodes"].size());
    owner["nodes"] = nodes;
  }

private:
  bool isLoop() const { return node["op"] == "Loop"; }

  void collectNames(const Json &graph) {
    for (const Json &input : getList(graph, "inputs"))
      names.insert(getString(input, "name"));
    for (const Json &each : getList(graph, "nodes")) {
      labels.insert(getString(each, "name"));
      for (const Json &result : getList(each, "outputs"))
        if (result.is_string())
          names.insert(result.get<std::string>());
    }
  }

  std::string makeName(const std::string &near) {
    std::string name = near;
    for (int i = 1; !names.insert(name).second; ++i)
      name = near + "_" + std::to_string(i);
    return name;
  }

  /// A branch takes what follows the condition. A step takes its number and whether it is to run, here those of the
  /// first step, then the loop-carried values, which follow the number of steps and the condition.
  void bindInputs() {
    Json operands = getList(node, "inputs");
    if (isLoop()) {
      if (operands.size() > 0)
        operands[0] = 0;
      if (operands.size() > 1)
        operands[1] = true;
    } else if (node["op"] == "If" && !operands.empty()) {
      operands.erase(0);
    }
    for (auto [input, operand] : llvm::zip(getList(function, "inputs"), operands))
      values[getString(input, "name")] = operand;
  }

  void substitute(Json &name) const {
    if (auto known = name.is_string() ? values.find(name.get<std::string>()) : values.end(); known != values.end())
      name = known->second;
  }

  void append(Json &nodes, size_t first, size_t last) {
    for (size_t i = first; i < last; ++i)
      nodes.push_back(owner["nodes"][i]);
  }

  Json &owner;
  const Json node, function;
  const size_t position;
  std::map<std::string, Json> values; ///< of the function's tensors, in the owner
  std::set<std::string> names, labels;
};

void hoist(Json &model, const std::string &name) {
  Json function = model["functions"][name];
  for (const char *key : {"inputs", "outputs", "layers", "nodes"}) {
    model.erase(key);
    if (function.contains(key))
      model[key] = function[key];
  }
  model["functions"].erase(name);
  if (model["functions"].empty())
    model.erase("functions");
}

//===-- Within functions that are called ----------------------------------===//

/// Erases operand or result `index` of node `position` of `owner`, and what belongs to it in the functions that the
/// node calls.
void eraseArgument(Json &model, const std::string &owner, size_t position, const char *key, size_t index) {
  Json &node = findOwner(&model, owner)["nodes"][position];
  const size_t skipped = llvm::StringRef(key) == "inputs" && node["op"] == "If" ? 1 : 0;
  for (const std::string &name : getCallees(model, node)) {
    Json &function = model["functions"][name];
    function[key].erase(index - skipped);
    removeUnread(function);
  }
  node[key].erase(index);
}

/// Whether no function that a branch or a call of `node` names reads operand `index`.
bool isOperandUnread(const Json &model, const Json &node, size_t index) {
  const size_t skipped = node["op"] == "If" ? 1 : 0;
  return index >= skipped && llvm::all_of(getCallees(model, node), [&](const std::string &name) {
           const Json &function = model["functions"][name], &inputs = getList(function, "inputs");
           return index - skipped < inputs.size() && !function.contains("layers") &&
                  !isRead(function, getString(inputs[index - skipped], "name"));
         });
}

} // namespace

std::vector<std::string> dlc::reduce::listGraphs(const Json &model) {
  std::vector<std::string> names = {""};
  if (auto functions = model.find("functions"); functions != model.end() && functions->is_object())
    for (const auto &[name, function] : functions->items())
      if (function.is_object())
        names.push_back(name);
  return names;
}

std::set<std::string> dlc::reduce::findCalledFunctions(const Json &model) {
  std::set<std::string> names;
  for (const auto &[name, count] : countCalls(model))
    names.insert(name);
  auto addGenerated = [&](const Json &section) {
    for (const char *key : {"function", "encoder"})
      names.insert(getString(section, key));
  };
  if (auto generate = model.find("generate"); generate != model.end()) {
    addGenerated(*generate);
    for (const Json &section : getList(model, "generate"))
      addGenerated(section);
  }
  return names;
}

std::vector<std::function<void(Json &model)>> dlc::reduce::listFunctionChanges(const Json &model) {
  std::vector<std::function<void(Json &)>> changes;
  const std::map<std::string, int> calls = countCalls(model);
  for (const std::string &name : listGraphs(model)) {
    if (!name.empty())
      changes.push_back([name](Json &m) { hoist(m, name); });
    const Json &owner = findOwner(&model, name);
    for (const auto &[i, node] : llvm::enumerate(getList(owner, "nodes"))) {
      if (!node.is_object() || !node.contains("op"))
        continue;
      const std::vector<std::string> functions = getCallees(model, node);
      for (const std::string &callee : functions)
        if (model["functions"][callee].contains("nodes"))
          changes.push_back([name, i = i, callee](Json &m) {
            Inliner(m, findOwner(&m, name), i, callee).run();
            removeUnread(findOwner(&m, name));
          });
      const bool isOnlyCall = !functions.empty() && node["op"] != "Loop" &&
                              llvm::all_of(functions, [&](const std::string &f) { return calls.at(f) == 1; });
      if (isOnlyCall && getList(node, "outputs").size() > 1)
        for (const auto &[k, result] : llvm::enumerate(getList(node, "outputs")))
          if (result.is_string() && !isRead(owner, result.get<std::string>()))
            changes.push_back([name, i = i, k = k](Json &m) { eraseArgument(m, name, i, "outputs", k); });
      if (isOnlyCall)
        for (size_t k = 0; k < getList(node, "inputs").size(); ++k)
          if (isOperandUnread(model, node, k))
            changes.push_back([name, i = i, k](Json &m) { eraseArgument(m, name, i, "inputs", k); });
    }
    if (!calls.count(name))
      continue;
    for (const auto &[i, node] : llvm::enumerate(getList(owner, "nodes")))
      for (const Json &operand : getList(node, "inputs"))
        if (getList(node, "outputs").size() == 1 && operand.is_string() && operand != "")
          changes.push_back([name, i = i, operand, result = node["outputs"][0].get<std::string>()](Json &m) {
            Json &function = findOwner(&m, name);
            function["nodes"].erase(i);
            replaceReads(function, result, operand);
            removeUnread(function);
          });
  }
  return changes;
}
