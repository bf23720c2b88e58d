// SPDX-License-Identifier: Apache-2.0
#include "training/Learner.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace dlc::data;
using namespace dlc::training;

BatchFunction::BatchFunction(dlc::Context &context, const dlc_entry_point &entry, const std::vector<Target> &targets)
    : context(context), description(&entry) {
  for (dlc_uint32 i = 0; i < entry.input_count; ++i) {
    const dlc_tensor_info &input = entry.inputs[i];
    bool isSetting = input.flags & DLC_TENSOR_HYPERPARAMETER;
    size_t target = 0;
    while (target < targets.size() && (isSetting || targets[target].name != input.name))
      ++target;
    if (target == targets.size() && !isSetting)
      throw Failure("entry point '" + std::string(entry.name) + "' takes '" + input.name +
                    "', which train_step does not");
    targetOf.push_back(target);
    settingsOf.emplace_back(input.element_type, std::vector<dlc_int64>());
  }
}

void BatchFunction::run(Batch &batch, const std::map<std::string, double> &settings) {
  std::vector<dlc_tensor> inputs, results;
  for (dlc_uint32 i = 0; i < description->input_count; ++i) {
    const dlc_tensor_info &info = description->inputs[i];
    if (targetOf[i] < batch.tensors.size()) {
      inputs.push_back(batch.tensors[targetOf[i]].view());
      continue;
    }
    auto setting = settings.find(info.name);
    storeNumber(setting == settings.end() ? info.default_value : setting->second, info.element_type,
                settingsOf[i].data());
    inputs.push_back(settingsOf[i].view());
  }
  auto check = [&](dlc_int32 status) {
    if (status == DLC_ERROR_CANCELLED)
      throw Cancelled();
    if (status)
      throw Failure(dlc_context_message(context.get()));
  };
  outputs = &outputsOf[batch.rows];
  if (outputs->empty() && description->output_count) {
    std::vector<dlc_int64> symbols(description->symbol_count + 1), dims(1);
    for (dlc_uint32 i = 0; i < description->output_count; ++i)
      dims.resize(dims.size() + description->outputs[i].rank);
    check(dlc_infer_symbols(context.get(), description, inputs.data(), description->input_count, symbols.data()));
    check(dlc_output_shapes(context.get(), description, symbols.data(), dims.data()));
    const dlc_int64 *next = dims.data();
    for (dlc_uint32 i = 0; i < description->output_count; next += description->outputs[i++].rank)
      outputs->emplace_back(description->outputs[i].element_type,
                            std::vector<dlc_int64>(next, next + description->outputs[i].rank));
  }
  for (Array &output : *outputs)
    results.push_back(output.view());
  check(dlc_run(context.get(), description, inputs.data(), description->input_count, results.data(),
                description->output_count));
}

Metrics BatchFunction::scalars() const {
  Metrics metrics;
  for (dlc_uint32 i = 0; i < description->output_count; ++i)
    if (!description->outputs[i].rank)
      metrics.push_back({description->outputs[i].name, (*outputs)[i].at(0)});
  return metrics;
}

/// What dlc calls the input that weighs samples.
static constexpr char sampleWeightName[] = "sample_weight";

dlc::Context dlc::training::makeContext(const dlc_model *model, unsigned threads, const std::string &device,
                                        std::shared_ptr<dlc::Pool> &pool) {
  if (threads)
    return dlc::Context(model, dlc::onDevice(dlc::contextOptions(threads), device));
  pool = std::make_shared<dlc::Pool>(model);
  return dlc::Context(model, dlc::onDevice(dlc::contextOptions(0, pool->executor()), device));
}

/// The check that says which values of an input, from 0, are classes; null: there is none.
static const dlc_index_check *findClasses(const dlc_entry_point &entry, dlc_uint32 input) {
  for (dlc_uint32 c = 0; c < entry.check_count; ++c)
    if (entry.checks[c].tensor == input && !(entry.checks[c].flags & ~DLC_CHECK_EXCEPTION) &&
        entry.checks[c].extent >= 0 && !entry.checks[c].sizes)
      return &entry.checks[c];
  return nullptr;
}

std::vector<Target> dlc::training::findTargets(const dlc_entry_point &entry, size_t &batchRows) {
  const std::string name = entry.name;
  std::vector<Target> targets;
  dlc_int64 batch = 0;
  for (dlc_uint32 i = 0; i < entry.input_count; ++i) {
    const dlc_tensor_info &input = entry.inputs[i];
    if (input.flags & DLC_TENSOR_HYPERPARAMETER)
      continue;
    if (!input.rank)
      throw Failure("input '" + std::string(input.name) + "' of " + name + " has no dimension that counts rows");
    if (batch && batch != input.dims[0])
      throw Failure("the inputs of " + name + " do not have the same number of rows ('" + std::string(input.name) +
                    "' differs), so that data cannot be cut into batches");
    batch = input.dims[0];
    Target target;
    target.name = input.name;
    target.type = input.element_type;
    for (dlc_uint32 d = 1; d < input.rank; ++d)
      target.shape.push_back(std::max<dlc_int64>(input.dims[d], -1));
    target.isLabel = input.flags & DLC_TENSOR_LABEL;
    target.isWeight = target.isLabel && target.name == sampleWeightName;
    target.isLabel &= !target.isWeight;
    if (const dlc_index_check *check = findClasses(entry, i)) {
      target.classes = check->extent;
      if (check->flags & DLC_CHECK_EXCEPTION)
        target.ignored = check->exception;
    }
    targets.push_back(target);
  }
  if (targets.empty())
    throw Failure("the entry point '" + name + "' takes no data");
  batchRows = batch > 0 ? static_cast<size_t>(batch) : 0;
  return targets;
}

Evaluator::Evaluator(dlc::Context &context, const dlc_entry_point &entry, const std::vector<Target> &targets,
                     const std::string &predicted)
    : runner(context, entry, targets) {
  for (dlc_uint32 i = entry.output_count; i-- > 0;)
    if (entry.outputs[i].rank)
      predictionOutput = static_cast<int>(i);
  if (dlc_int32 named = dlc_find_tensor(entry.outputs, entry.output_count, predicted.c_str()); named >= 0)
    predictionOutput = named;
}

Metrics Evaluator::evaluate(Batch &batch) {
  runner.run(batch, {});
  return runner.scalars();
}

const Array *Evaluator::predictions() const {
  return predictionOutput < 0 ? nullptr : &runner.output(static_cast<size_t>(predictionOutput));
}

Learner::Learner(const std::string &path, const std::string &entryName, unsigned threads, const std::string &device)
    : library(path), context(makeContext(library.model(), threads, device, pool)), block(library.model()) {
  const std::string name = entryName.empty() ? "train_step" : entryName;
  trainStep = dlc_find_entry(&model(), name.c_str());
  if (!trainStep && entryName.empty())
    throw Failure("'" + path +
                  "' has no entry point 'train_step': give the model a training section and compile it with "
                  "dlc --train");
  if (!trainStep || !(trainStep->flags & DLC_ENTRY_WRITES_VARIABLES)) {
    std::string others;
    for (dlc_uint32 i = 0; i < model().entry_count; ++i)
      if (model().entries[i].flags & DLC_ENTRY_WRITES_VARIABLES && model().entries[i].output_count)
        others += (others.empty() ? "'" : ", '") + std::string(model().entries[i].name) + "'";
    throw Failure("'" + path + "' has no entry point '" + name + "' that is trainable; there are " + others);
  }
  const dlc_entry_point &entry = *trainStep;
  bool hasLoss = false;
  for (dlc_uint32 i = 0; i < entry.output_count; ++i)
    hasLoss |= !entry.outputs[i].rank;
  if (!hasLoss)
    throw Failure("'" + name + "' of '" + path + "' gives no loss");
  for (dlc_uint32 i = 0; i < entry.input_count; ++i)
    if (entry.inputs[i].flags & DLC_TENSOR_HYPERPARAMETER)
      defaults[entry.inputs[i].name] = entry.inputs[i].default_value;
  wanted = findTargets(entry, batchRows);
  context.bind(block);
}

void Learner::setTargets(std::vector<Target> targets) {
  wanted = std::move(targets);
  stepper = std::make_unique<BatchFunction>(context, *trainStep, wanted);
  const dlc_entry_point *evaluate = dlc_find_entry(&model(), "evaluate"),
                        *predict = dlc_find_entry(&model(), "predict");
  // A step other than the usual one may learn from less than they read.
  auto canRun = [&](const dlc_entry_point *entry) {
    for (dlc_uint32 i = 0; entry && i < entry->input_count; ++i)
      if (!(entry->inputs[i].flags & DLC_TENSOR_HYPERPARAMETER) &&
          std::none_of(wanted.begin(), wanted.end(),
                       [&](const Target &target) { return target.name == entry->inputs[i].name; }))
        return false;
    return entry != nullptr;
  };
  if (std::string(trainStep->name) != "train_step" && !canRun(evaluate))
    evaluate = nullptr;
  if (std::string(trainStep->name) != "train_step" && !canRun(predict))
    predict = nullptr;
  if (!evaluate && !predict)
    return;
  // The output that `predict` returns is what labels are compared with.
  looker.emplace(context, evaluate ? *evaluate : *predict, wanted,
                 predict && predict->output_count ? predict->outputs[0].name : "");
}

void Learner::initialize(dlc_int64 seed) {
  const dlc_entry_point *init = dlc_find_entry(&model(), "init");
  if (!init || init->input_count != 1 || init->output_count || init->inputs[0].element_type != DLC_I64)
    throw Failure("the library has no entry point init(seed)");
  dlc_tensor input = dlc_tensor_of(&seed, DLC_I64, 0, nullptr);
  if (dlc_run(context.get(), init, &input, 1, nullptr, 0))
    throw Failure(dlc_context_message(context.get()));
}

Metrics Learner::step(Batch &batch, const std::map<std::string, double> &settings) {
  stepper->run(batch, settings);
  Metrics metrics = stepper->scalars();
  for (size_t i = 1; i < metrics.size(); ++i)
    if (metrics[i].first == "loss")
      std::swap(metrics[0], metrics[i]);
  return metrics;
}

/// Whether a real element with these bits has its largest exponent.
template <typename Bits> static bool hasNonFinite(const unsigned char *data, size_t count, Bits exponent) {
  Bits found = 0;
  for (size_t i = 0; i < count; ++i) {
    Bits bits;
    std::memcpy(&bits, data + i * sizeof bits, sizeof bits);
    found |= (bits & exponent) == exponent;
  }
  return found;
}

std::string Learner::findNonFinite() const {
  block.pull();
  for (dlc_uint32 i = 0; i < model().variable_count; ++i) {
    const dlc_variable_info &variable = model().variables[i];
    const unsigned char *data = block.data() + variable.offset;
    size_t count = dlc_variable_size(&variable) / dlc_element_bytes(variable.element_type);
    bool isBad = variable.element_type == DLC_F32    ? hasNonFinite<uint32_t>(data, count, 0x7f800000)
                 : variable.element_type == DLC_F64  ? hasNonFinite<uint64_t>(data, count, 0x7ff0000000000000)
                 : variable.element_type == DLC_F16  ? hasNonFinite<uint16_t>(data, count, 0x7c00)
                 : variable.element_type == DLC_BF16 ? hasNonFinite<uint16_t>(data, count, 0x7f80)
                                                     : false;
    if (isBad)
      return variable.name;
  }
  return "";
}
