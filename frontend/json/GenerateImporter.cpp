// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/GenerateImporter.h"
#include "frontend/json/GenerateRules.h"
#include "ir/InputChecks.h"
#include "ir/Names.h"
#include "ir/OpsComparison.h"
#include "ir/OpsConversion.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsMovement.h"
#include "ir/OpsNormalization.h"
#include "ir/SignatureBuilder.h"

using namespace mlir;
using namespace dlc::json;

const JsonValue *GenerateImporter::findFunction(OpContext &context, StringRef key) {
  StringRef wanted = context.attributes.string(key);
  const JsonValue *functionTable = model.find("functions");
  if (functionTable)
    for (const Member &member : functionTable->members)
      if (member.key == wanted)
        return &member.value;
  if (wanted == "run" && (model.find("layers") || model.find("nodes")))
    return &model;
  SmallVector<StringRef> names;
  for (const Member &member : functionTable ? ArrayRef(functionTable->members) : ArrayRef<Member>())
    names.push_back(member.key);
  context.error(key, "asks for the function '" + wanted + "', which the model does not have" + suggest(wanted, names));
  return nullptr;
}

func::FuncOp GenerateImporter::getImported(StringRef name) {
  auto function = module.lookupSymbol<func::FuncOp>(name);
  return function ? function : module.lookupSymbol<func::FuncOp>("predict");
}

/// Finds the functions, the input that takes tokens, and what is known of it.
bool GenerateImporter::readInterface(OpContext &context) {
  decoder = findFunction(context, "function");
  encoder = context.attributes.find("encoder") ? findFunction(context, "encoder") : nullptr;
  if (!decoder || (context.attributes.find("encoder") && !encoder))
    return false;
  const std::vector<JsonValue> &inputs = decoder->find("inputs")->elements;
  llvm::StringSet<> given;
  if (encoder)
    if (auto function = getImported(context.attributes.string("encoder")))
      for (unsigned i = 0; i < function.getNumResults(); ++i)
        if (auto result = dlc::annotation::name.getOfResult(function, i))
          given.insert(result.getValue());
  const JsonValue *found = nullptr;
  const JsonValue *wanted = context.attributes.find("input");
  SmallVector<StringRef> names;
  for (const JsonValue &input : inputs) {
    const std::string &inputName = input.find("name")->string;
    names.push_back(inputName);
    if (wanted ? inputName == wanted->string : !given.contains(inputName)) {
      if (found) {
        context.error("needs to know which input of its function takes tokens: name it as 'input'");
        return false;
      }
      found = &input;
    }
  }
  if (!found) {
    if (wanted)
      context.error("input", "asks for the input '" + wanted->string + "', which its function does not have" +
                                 suggest(wanted->string, names));
    else
      context.error("finds no input that takes tokens: the encoder provides them all");
    return false;
  }
  tokenInput = found->find("name")->string;
  const std::vector<JsonValue> &shape = found->find("shape")->elements;
  auto function = getImported(context.attributes.string("function"));
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (auto argument = dlc::annotation::name.getOfArgument(function, i); argument && argument == tokenInput)
      tokenType = cast<RankedTensorType>(function.getArgument(i).getType());
  bool isOneHot = isa<FloatType>(tokenType.getElementType());
  int64_t indexRank = tokenType.getRank() - (isOneHot ? 1 : 0);
  if (indexRank < 1 || indexRank > 2 || tokenType.getElementType().isInteger(1) ||
      (isOneHot && ShapedType::isDynamic(tokenType.getShape().back()))) {
    context.error("cannot feed tokens to the input '" + tokenInput + "' of type " + describeType(tokenType) +
                  ": it takes integers [N, T], or one-hot vectors [N, T, V] of a known V");
    return false;
  }
  const JsonValue &time = shape[indexRank - 1];
  timeName = time.isString() ? time.string : "T";
  for (const JsonValue &input : inputs)
    for (const JsonValue &extent : input.find("shape")->elements)
      if (input.find("name")->string != tokenInput && time.isString() && extent.isString() &&
          extent.string == timeName) {
        context.error("runs one step of '" + timeName + "' at a time, but the input '" + input.find("name")->string +
                      "' depends on it, too");
        return false;
      }
  const JsonValue *output = context.attributes.find("output");
  outputName = output ? output->string : "";
  return true;
}

func::FuncOp GenerateImporter::createFunction(StringRef functionName) {
  builder.setInsertionPointToEnd(module.getBody());
  auto function = func::FuncOp::create(builder, module.getLoc(), functionName, builder.getFunctionType({}, {}));
  builder.createBlock(&function.getBody());
  return function;
}

void GenerateImporter::finish(func::FuncOp function, ArrayRef<Value> results) {
  builder.setInsertionPointToEnd(&function.getBody().front());
  func::ReturnOp::create(builder, function.getLoc(), results);
  function.setType(builder.getFunctionType(function.getArgumentTypes(), ValueRange(results).getTypes()));
}

Value GenerateImporter::makeTokenInput(OpContext &context, Value tokens) {
  int64_t count = typeOf(tokens).getDimSize(0);
  Type elementType = tokenType.getElementType();
  if (!isa<FloatType>(elementType)) {
    Value cast = context.create<dlc::CastOp>(tokens, elementType);
    return tokenType.getRank() == 1 ? cast : context.reshape(cast, {count, 1});
  }
  int64_t size = tokenType.getShape().back();
  Value indices = context.create<dlc::IotaOp>(llvm::APFloat(0.0), llvm::APFloat(1.0), static_cast<uint64_t>(size),
                                              builder.getI64Type());
  Value isOn = context.create<dlc::EqualOp>(context.reshape(tokens, {count, 1}), indices);
  Value oneHot = context.create<dlc::CastOp>(isOn, elementType);
  return tokenType.getRank() == 2 ? oneHot : context.reshape(oneHot, {count, 1, size});
}

Value GenerateImporter::runLayers(OpContext &context, Block &block, Value tokens, StateScope &states) {
  llvm::StringMap<Value> inputs;
  for (const auto &other : others)
    inputs[other.getKey()] = other.getValue();
  inputs[tokenInput] = makeTokenInput(context, tokens);
  if (!inputs[tokenInput])
    return {};
  llvm::StringMap<Value> tensors = functions.importInto(block, *decoder, inputs, states);
  builder.setInsertionPointToEnd(&block);
  std::vector<std::string> outputs = functions.getOutputNames(*decoder);
  std::string wanted = outputName.empty() ? outputs.front() : outputName;
  if (!llvm::is_contained(outputs, wanted)) {
    SmallVector<StringRef> names(outputs.begin(), outputs.end());
    return context.error("output", "asks for the output '" + wanted + "', which its function does not have" +
                                       suggest(wanted, names));
  }
  Value scores = tensors.lookup(wanted);
  if (!scores)
    return {};
  // Probabilities are scores after a softmax, which choosing does not need.
  if (auto softmax = scores.getDefiningOp<dlc::SoftmaxOp>();
      softmax && softmax.getAxes().size() == 1 && softmax.getAxes().front() == typeOf(scores).getRank() - 1)
    scores = softmax.getX();
  RankedTensorType type = typeOf(scores);
  int64_t count = typeOf(tokens).getDimSize(0);
  if (type.getRank() < 1 || !type.hasStaticShape() || type.getNumElements() != count * type.getShape().back() ||
      !isa<FloatType>(type.getElementType()))
    return context.error("needs an output with a score for every token, and one step of '" + wanted + "' is " +
                         describeTensor(scores));
  vocabulary = type.getShape().back();
  return context.create<dlc::CastOp>(context.reshape(scores, {count, vocabulary}), builder.getF32Type());
}

/// The entry point with its arguments, and the encoder's results for them.
bool GenerateImporter::createEntry(OpContext &context) {
  entry = createFunction(name);
  others.clear();
  // A single sequence is decoded.
  llvm::StringMap<int64_t> fixed;
  for (const JsonValue &input : decoder->find("inputs")->elements)
    if (const JsonValue &shape = *input.find("shape");
        input.find("name")->string == tokenInput && tokenType.getRank() > 1 && shape.elements.size() > 1 &&
        shape.elements.front().isString() && shape.elements.front().string != timeName)
      fixed[shape.elements.front().string] = 1;
  llvm::StringMap<Value> arguments;
  const JsonValue &owner = encoder ? *encoder : *decoder;
  dlc::SignatureBuilder signature(entry);
  functions.addInputs(
      signature, owner, [&](StringRef input) { return encoder || input != tokenInput; }, fixed, arguments);
  auto addArgument = [&](StringRef argumentName, Type elementType, ArrayRef<int64_t> shape, ArrayRef<Attribute> dims) {
    auto attributes = builder.getDictionaryAttr({dlc::annotation::name.with(builder.getStringAttr(argumentName)),
                                                 dlc::annotation::dims.with(builder.getArrayAttr(dims))});
    return signature.addArgument(RankedTensorType::get(shape, elementType), context.location, attributes);
  };
  Type i64 = builder.getI64Type();
  prompt = addArgument("prompt", i64, {ShapedType::kDynamic}, {builder.getStringAttr(timeName)});
  seed = method == "sample" ? addArgument("seed", i64, {}, {}) : Value();
  bool takesTemperature = method == "sample" && !context.attributes.find("temperature");
  temperature = takesTemperature ? addArgument("temperature", builder.getF32Type(), {}, {}) : Value();
  signature.finish();
  // Indices of a table are found by the compiler; a one-hot vector is none.
  if (isa<FloatType>(tokenType.getElementType()))
    dlc::addInputCheck(entry, cast<BlockArgument>(prompt).getArgNumber(),
                       dlc::ElementCheckAttr::get(builder.getContext(), dlc::ElementCheckKind::Index,
                                                  builder.getStringAttr("the vocabulary of '" + tokenInput + "'"),
                                                  builder.getI64IntegerAttr(tokenType.getShape().back())));
  // Without a token before it, nothing says what the first one could be.
  boundPrompt(dlc::largestExtent);
  if (!encoder) {
    others = std::move(arguments);
    return true;
  }
  ZeroStates states;
  llvm::StringMap<Value> tensors = functions.importInto(entry.getBody().front(), *encoder, arguments, states);
  builder.setInsertionPointToEnd(&entry.getBody().front());
  for (const std::string &output : functions.getOutputNames(*encoder))
    for (const JsonValue &input : decoder->find("inputs")->elements)
      if (input.find("name")->string == output)
        others[output] = tensors.lookup(output);
  for (const JsonValue &input : decoder->find("inputs")->elements) {
    const std::string &inputName = input.find("name")->string;
    if (inputName == tokenInput)
      continue;
    auto found = others.find(inputName);
    if (found == others.end())
      context.error("cannot give the input '" + inputName + "' of its function: the encoder has no such output");
    if (found == others.end() || !found->second)
      return false;
  }
  return true;
}

void GenerateImporter::boundPrompt(int64_t maximum) {
  auto bounds = dlc::SymbolBoundsAttr::get(builder.getContext(), 1, maximum);
  dlc::annotation::symbolBounds.set(entry, builder.getDictionaryAttr(builder.getNamedAttr(timeName, bounds)));
}

bool GenerateImporter::createPromptLoop(OpContext &context) {
  builder.setInsertionPointToEnd(&entry.getBody().front());
  dlc::LoopBuilder loop(builder, context.location, ValueRange(), prompt);
  LoopStates states(loop, 0);
  Value logits = runLayers(context, loop.getBlock(), context.reshape(loop.getScanSlice(0), {1}), states);
  if (!logits || reporter.hasErrors())
    return false;
  if (std::optional<int64_t> most = states.getMostSteps()) {
    if (*most <= maxTokens) {
      context.error("max_tokens", "generates " + Twine(maxTokens) +
                                      " tokens after a prompt, but its layers have room for " + Twine(*most) +
                                      " steps");
      return false;
    }
    boundPrompt(*most - maxTokens);
  }
  // Every step overwrites the scores; only the last ones count.
  loop.insertLoopCarried(0, logits.getType());
  SmallVector<Value> next{logits}, initial{Value()};
  for (const LoopStates::Entry &state : states.getEntries()) {
    if (!state.last)
      return false;
    next.push_back(state.last);
    initial.push_back(state.initial);
  }
  for (auto [number, value, start] : llvm::enumerate(next, initial)) {
    OpBuilder::InsertionGuard guard(builder);
    loop.goOutside();
    if (!start)
      start = context.constant(cast<ElementsAttr>(
          DenseElementsAttr::get(typeOf(value), builder.getZeroAttr(typeOf(value).getElementType()))));
    loop.setInitialValue(number, start);
  }
  ResultRange results = loop.finish(next, {});
  promptLogits = results[0];
  promptStates.assign(results.begin() + 1, results.end());
  // Every beam starts from the same state.
  if (beams > 1) {
    auto repeat = [&](Value value, int64_t dim) {
      SmallVector<int64_t> repeats(typeOf(value).getRank(), 1);
      repeats[dim] = beams;
      return context.create<dlc::TileOp>(value, ArrayRef<int64_t>(repeats));
    };
    promptLogits = repeat(promptLogits, 0);
    for (auto [value, state] : llvm::zip(promptStates, states.getEntries()))
      if (state.batchDim >= 0)
        value = repeat(value, state.batchDim);
    for (auto &other : others)
      if (typeOf(other.getValue()).getRank() > 0 && typeOf(other.getValue()).getDimSize(0) == 1)
        other.getValue() = repeat(other.getValue(), 0);
  }
  return true;
}

void GenerateImporter::createStepLoop(OpContext &context) {
  builder.setInsertionPointToEnd(&entry.getBody().front());
  SmallVector<Value> loopCarried{promptLogits};
  llvm::append_range(loopCarried, makeInitialValues(context));
  if (llvm::is_contained(loopCarried, Value()))
    return;
  size_t own = loopCarried.size();

  dlc::LoopBuilder loop(builder, context.location, loopCarried, ValueRange(), /*isReverse=*/false, maxTokens);
  Step step;
  step.number = loop.getStep();
  step.logits = loop.getLoopCarried(0);
  for (size_t number = 1; number < own; ++number)
    step.loopCarried.push_back(loop.getLoopCarried(number));
  Choice choice = method == "beam"     ? searchBeams(context, step)
                  : method == "sample" ? sample(context, step)
                                       : chooseGreedily(context, step);
  if (!choice.tokens)
    return;
  LoopStates states(loop, own);
  if (choice.parents)
    states.chooseRows(choice.parents);
  Value logits = runLayers(context, loop.getBlock(), choice.tokens, states);
  if (!logits || reporter.hasErrors())
    return;
  SmallVector<Value> next{logits};
  llvm::append_range(next, choice.loopCarried);
  for (auto [number, state] : llvm::enumerate(states.getEntries())) {
    next.push_back(state.last);
    loop.setInitialValue(own + number, promptStates[number]);
  }
  bool keepsTokens = method != "beam";
  ResultRange results = loop.finish(next, keepsTokens ? ValueRange(choice.tokens) : ValueRange(), choice.stop);
  if (method == "beam")
    return returnBestBeam(context, results.slice(1, own - 1));
  Value tokens = context.reshape(results[next.size()], {maxTokens});
  Value count = choice.stop ? Value(results.back()) : context.constant(maxTokens, builder.getI64Type());
  finish(entry, {tokens, count});
}

void GenerateImporter::import(const JsonValue &section) {
  // One table of rules serves all methods; which keys a method has has been checked.
  const Rule &rule = *getGenerateRule()->alternatives.front();
  const JsonValue *methodKey = section.find("method");
  const Variant *variant = nullptr;
  for (const Variant &candidate : rule.variants)
    if (methodKey && methodKey->string == candidate.name)
      variant = &candidate;
  if (!variant || !isValid(rule, section))
    return;
  method = variant->name;
  Attributes attributes(variant->fields, &section);
  name = attributes.string("name").str();
  OpContext context(builder, reporter, attributes, name, "generate '" + name + "'", section.position);
  if (name.empty() || dlc::toIdentifier(name) != name || module.lookupSymbol(name)) {
    context.error("name", "cannot have this name: it is not an identifier, or another entry point has it");
    return;
  }
  beams = method == "beam" ? attributes.integer("beams") : 1;
  maxTokens = attributes.integer("max_tokens");
  stopToken.reset();
  if (attributes.find("stop_token"))
    stopToken = attributes.integer("stop_token");
  if (!readInterface(context) || !createEntry(context) || !createPromptLoop(context))
    return;
  if (stopToken && *stopToken >= vocabulary) {
    context.error("stop_token",
                  "stops at token " + Twine(*stopToken) + ", but the vocabulary has " + Twine(vocabulary) + " tokens");
    return;
  }
  createStepLoop(context);
  if (reporter.hasErrors())
    return;
  constexpr StringRef results[] = {"tokens", "count", "score"};
  dlc::SignatureBuilder signature(entry);
  for (unsigned i = 0; i < entry.getNumResults(); ++i)
    dlc::annotation::name.setOfResult(signature, i, builder.getStringAttr(results[i]));
  signature.finish();
}
