// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/FunctionImporter.h"
#include "frontend/json/LayerKinds.h"
#include "frontend/json/NodeKinds.h"
#include "ir/Annotations.h"
#include "ir/SignatureBuilder.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace dlc::json;

void FunctionImporter::define(StringRef name, Value value, Position position) {
  if (!tensors.try_emplace(name, value).second)
    reporter.error(position, "the name '" + name + "' is given twice");
}

bool dlc::json::assignsParameters(const JsonValue &function) {
  const JsonValue *nodes = function.find("nodes");
  return nodes && llvm::any_of(nodes->elements, [](const JsonValue &node) {
           const JsonValue *op = node.find("op");
           return op && (op->string == "Assign" || op->string == "ApplyGradients");
         });
}

void FunctionImporter::reset() {
  tensors.clear();
  layerCounts.clear();
  previous.clear();
  laterNames.clear();
}

void FunctionImporter::importBody(const JsonValue &description) {
  const JsonValue *layers = description.find("layers"), *nodes = description.find("nodes");
  if (layers && layers->isList())
    importLayers(*layers);
  if (nodes && nodes->isList())
    importNodes(*nodes);
}

llvm::StringMap<Value> FunctionImporter::importInto(Block &block, const JsonValue &description,
                                                    const llvm::StringMap<Value> &inputs, StateScope &states,
                                                    TrainingScope *trained) {
  reset();
  function = dyn_cast<func::FuncOp>(block.getParentOp());
  if (!function)
    function = block.getParentOp()->getParentOfType<func::FuncOp>();
  builder.setInsertionPointToEnd(&block);
  for (const auto &input : inputs)
    tensors[input.getKey()] = input.getValue();
  if (inputs.size() == 1)
    previous = inputs.begin()->getKey().str();
  scope.begin(function, trained);
  llvm::SaveAndRestore<StateScope *> allOfThem(allStates, &states);
  importBody(description);
  return std::move(tensors);
}

FunctionScope::ImportCall FunctionImporter::importCallsOf(const JsonValue &model) {
  return [this, &model](const JsonValue &callee, const llvm::StringMap<Value> &inputs, TrainingScope *training,
                        ArrayRef<StringRef> calls) {
    FunctionImporter inner(module, model, parameters, reporter, options, calls);
    ZeroStates states;
    Block &block = *builder.getInsertionBlock();
    llvm::StringMap<Value> made = inner.importInto(block, callee, inputs, states, training);
    builder.setInsertionPointToEnd(&block);
    SmallVector<Value> results;
    for (const std::string &output : inner.getOutputNames(callee)) {
      results.push_back(made.lookup(output));
      if (!results.back())
        return SmallVector<Value>();
    }
    return results;
  };
}

std::vector<std::string> FunctionImporter::getOutputNames(const JsonValue &description) {
  std::vector<std::string> names;
  if (const JsonValue *outputs = description.find("outputs"))
    for (const JsonValue &output : outputs->elements)
      names.push_back(output.string);
  else
    names.push_back(previous);
  return names;
}

void FunctionImporter::import(StringRef name, const JsonValue &description) {
  reset();
  const JsonValue *layers = description.find("layers"), *nodes = description.find("nodes");
  if ((layers != nullptr) == (nodes != nullptr))
    return reporter.error(nodes ? nodes->position : description.position,
                          nodes ? "'layers' and 'nodes' exclude each other" : "'layers' or 'nodes' is missing");
  if (!isIdentifier(name))
    return reporter.error(description.position,
                          "'" + name + "' cannot name a function: use letters, digits and underscores only");
  if (!declareInputs(name, description))
    return;
  // Running the model itself changes no parameter, unless its nodes say so.
  bool assigns = assignsParameters(description);
  scope.begin(function, nullptr, assigns, /*isInference=*/!assigns && scope.isModel(description));
  importBody(description);
  if (!reporter.hasErrors())
    scope.end();
  setOutputs(description);
}

//===-- Tensors -----------------------------------------------------------===//

std::optional<Value> FunctionImporter::resolve(const JsonValue &reference, const std::string &label) {
  if (auto it = tensors.find(reference.string); it != tensors.end())
    return it->second;
  std::string problem = label + " uses '" + reference.string + "', which ";
  SmallVector<StringRef> names;
  for (const auto &entry : tensors)
    names.push_back(entry.getKey());
  llvm::append_range(names, parameters.getSource().getNames());
  llvm::sort(names);
  if (laterNames.contains(reference.string))
    reporter.error(reference.position, problem + "comes only later");
  else
    reporter.error(reference.position, problem + "the model does not have" + suggest(reference.string, names));
  return std::nullopt;
}

std::optional<SmallVector<Value>> FunctionImporter::resolveAll(const JsonValue *references, const std::string &label) {
  SmallVector<Value> values;
  if (!references)
    return values;
  bool isUsable = true;
  for (const JsonValue &reference : references->isList() ? ArrayRef(references->elements) : ArrayRef(*references)) {
    std::optional<Value> value = resolve(reference, label);
    isUsable &= value && *value;
    values.push_back(value.value_or(Value()));
  }
  return isUsable ? std::optional(values) : std::nullopt;
}

//===-- Layers ------------------------------------------------------------===//

void FunctionImporter::importLayers(const JsonValue &layers) {
  for (const JsonValue &layer : layers.elements)
    if (const JsonValue *name = layer.find("name"))
      laterNames.insert(name->string);
  for (const JsonValue &layer : layers.elements)
    if (layer.isObject())
      importLayer(layer);
    else
      previous.clear();
}

void FunctionImporter::importLayer(const JsonValue &layer) {
  const JsonValue *op = layer.find("op"), *given = layer.find("name");
  std::string opName = op && op->isString() ? op->string : "layer";
  bool isNamed = given && given->isString();
  std::string name = isNamed ? given->string : opName + "_" + std::to_string(++layerCounts[opName]);
  Position position = isNamed ? given->position : layer.position;
  std::string label = "layer '" + name + "'";
  layerNames.push_back(name);
  std::string before = std::exchange(previous, name);
  // Parameters and states are called after their layer, so a second one of its name is not built.
  if (tensors.contains(name))
    return define(name, Value(), position);

  const LayerKind *kind = findLayerKind(getLayerKinds(), opName);
  if (!kind || !isValid(*getLayerRule(), layer))
    return define(name, Value(), position);

  SmallVector<const JsonValue *> references;
  if (const JsonValue *inputs = layer.find("inputs"))
    for (const JsonValue &input : inputs->elements)
      references.push_back(&input);
  else if (const JsonValue *input = layer.find("input"))
    references.push_back(input);
  SmallVector<Value> inputs;
  bool isUsable = true;
  for (const JsonValue *reference : references) {
    std::optional<Value> input = resolve(*reference, label);
    isUsable &= input && *input;
    if (isUsable)
      inputs.push_back(*input);
  }
  if (references.empty()) {
    if (before.empty()) {
      reporter.error(layer.position,
                     label + " comes first and the model has several inputs: name the one it takes as its 'input'");
      return define(name, Value(), position);
    }
    inputs.push_back(tensors.lookup(before));
    isUsable = inputs.back() != nullptr;
  }
  if (!isUsable)
    return define(name, Value(), position);

  Attributes attributes(kind->fields, &layer);
  const JsonValue *stateful = layer.find("stateful");
  StateScope &states = allStates                       ? *allStates
                       : stateful && stateful->boolean ? static_cast<StateScope &>(entryStates)
                                                       : zeroStates;
  LayerContext context(OpContext(builder, reporter, attributes, name, label, layer.position), *kind, getLayerKinds(),
                       std::move(inputs), parameters, states);
  context.training = scope.getGiven();
  for (const std::string &key : kind->references) {
    std::optional<SmallVector<Value>> tensors = resolveAll(layer.find(key), label);
    if (!tensors)
      return define(name, Value(), position);
    context.references.set(key, *tensors);
  }
  define(name, kind->build(context), position);
  for (const auto &[role, value] : context.results)
    define(name + "." + role, value, position);
}

//===-- Nodes -------------------------------------------------------------===//

void FunctionImporter::importNodes(const JsonValue &nodes) {
  // What every node produces; names decide the order of the nodes, not their positions in the file.
  llvm::StringMap<size_t> producers;
  SmallVector<const NodeKind *> kinds(nodes.elements.size(), nullptr);
  for (auto [index, node] : llvm::enumerate(nodes.elements)) {
    const JsonValue *op = node.find("op"), *outputs = node.find("outputs");
    if (op && op->isString() && isValid(*getNodeRule(), node))
      kinds[index] = findNodeKind(op->string);
    for (const JsonValue &output : outputs && outputs->isList() ? ArrayRef(outputs->elements) : ArrayRef<JsonValue>())
      if (output.isString() && !output.string.empty() &&
          (tensors.contains(output.string) || !producers.try_emplace(output.string, index).second))
        reporter.error(output.position, "the name '" + output.string + "' is given twice");
  }

  // Depth first along inputs, with an explicit stack: chains are as long as models are deep.
  enum class State { New, Open, Done };
  SmallVector<State> states(nodes.elements.size(), State::New);
  auto labelOfNode = [&](size_t index) {
    const JsonValue &node = nodes.elements[index], *name = node.find("name"), *op = node.find("op"),
                    *outputs = node.find("outputs");
    std::string text = name && name->isString()                                   ? name->string
                       : outputs && outputs->isList() && outputs->elements.size() ? outputs->elements.front().string
                                                                                  : std::to_string(index + 1);
    return "node '" + text + "'" + (op && op->isString() ? " (" + op->string + ")" : "");
  };
  for (size_t root = 0; root < nodes.elements.size(); ++root) {
    SmallVector<size_t> stack = {root};
    while (!stack.empty()) {
      size_t index = stack.back();
      if (states[index] == State::Done) {
        stack.pop_back();
        continue;
      }
      bool isReady = true;
      if (states[index] == State::New && kinds[index]) {
        states[index] = State::Open;
        if (const JsonValue *inputs = nodes.elements[index].find("inputs"))
          for (const JsonValue &input : inputs->elements) {
            auto it = input.isString() ? producers.find(input.string) : producers.end();
            if (it == producers.end() || states[it->second] == State::Done)
              continue;
            if (states[it->second] == State::Open) {
              reporter.error(input.position, labelOfNode(index) + " uses '" + input.string +
                                                 "', which depends on the node itself: the nodes form a cycle");
              kinds[index] = nullptr;
              continue;
            }
            stack.push_back(it->second);
            isReady = false;
          }
      }
      if (!isReady)
        continue;
      states[index] = State::Done;
      stack.pop_back();
      if (kinds[index])
        importNode(nodes.elements[index], *kinds[index], labelOfNode(index));
      else if (const JsonValue *outputs = nodes.elements[index].find("outputs"); outputs && outputs->isList())
        for (const JsonValue &output : outputs->elements)
          tensors.try_emplace(output.string, Value());
    }
  }
}

void FunctionImporter::importNode(const JsonValue &node, const NodeKind &kind, StringRef label) {
  SmallVector<NodeInput> inputs;
  bool isUsable = true;
  if (const JsonValue *given = node.find("inputs"))
    for (const JsonValue &input : given->elements) {
      NodeInput &entry = inputs.emplace_back();
      if (!input.isString()) {
        entry.literal = &input;
        continue;
      }
      if (input.string.empty())
        continue;
      std::optional<Value> tensor;
      if (!tensors.contains(input.string))
        tensor = scope.loadParameter(input.string, input.position, label.str());
      if (tensor)
        tensors[input.string] = *tensor;
      else
        tensor = resolve(input, label.str());
      isUsable &= tensor && *tensor;
      if (isUsable)
        entry.tensor = *tensor;
    }
  for (size_t i = 0; i < kind.minInputs && isUsable; ++i)
    if (!inputs[i].tensor && !inputs[i].literal) {
      reporter.error(node.position, label + " needs its input " + Twine(i + 1));
      isUsable = false;
    }
  static const std::vector<JsonValue> none;
  const JsonValue *named = node.find("outputs");
  const std::vector<JsonValue> &outputs = named ? named->elements : none;
  NodeResults results;
  if (isUsable) {
    const JsonValue *name = node.find("name");
    NodeContext context(OpContext(builder, reporter, Attributes(kind.fields, node.find("attributes")),
                                  name              ? name->string
                                  : outputs.empty() ? kind.name
                                                    : outputs.front().string,
                                  label.str(), node.position),
                        std::move(inputs), outputs.size());
    context.graph = &scope;
    for (auto [i, output] : llvm::enumerate(outputs))
      if (output.string.empty())
        context.leftOut.set(i);
    results = kind.build(context);
  }
  results.resize(outputs.size());
  for (auto [output, result] : llvm::zip(outputs, results))
    if (!output.string.empty())
      tensors.try_emplace(output.string, result);
}

//===-- Outputs -----------------------------------------------------------===//

void FunctionImporter::setOutputs(const JsonValue &description) {
  SmallVector<Value> results;
  SmallVector<std::string> names;
  llvm::StringSet<> known;
  const JsonValue *outputs = description.find("outputs");
  if (!outputs && !description.find("layers"))
    return reporter.error(description.position, "'outputs' is missing: a graph of nodes must name its results");
  if (outputs && outputs->isList()) {
    for (const JsonValue &output : outputs->elements) {
      if (!output.isString())
        continue;
      if (!known.insert(output.string).second) {
        reporter.error(output.position, "output '" + output.string + "' is named twice");
        continue;
      }
      if (std::optional<Value> value = resolve(output, "the list of outputs"))
        results.push_back(*value);
      names.push_back(output.string);
    }
  } else if (!previous.empty()) {
    results.push_back(tensors.lookup(previous));
    names.push_back(previous);
  }
  for (const EntryStates::Entry &state : entryStates.getEntries()) {
    results.push_back(state.last);
    names.push_back(state.name);
  }
  if (reporter.hasErrors() || llvm::is_contained(results, Value()))
    return;
  func::ReturnOp::create(builder, function.getLoc(), results);
  dlc::SignatureBuilder signature(function);
  entryStates.declare(signature);
  size_t firstState = results.size() - entryStates.getEntries().size();
  for (auto [i, name] : llvm::enumerate(names)) {
    SmallVector<NamedAttribute> attributes{dlc::annotation::name.with(builder.getStringAttr(name))};
    if (i >= firstState)
      attributes.push_back(dlc::annotation::state.with(builder.getStringAttr(name)));
    signature.addResult(results[i].getType(), builder.getDictionaryAttr(attributes));
  }
  signature.finish();
}
