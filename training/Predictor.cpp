// SPDX-License-Identifier: Apache-2.0
#include "training/Predictor.h"

#include "data/Suggestion.h"
#include "training/RowSplit.h"

#include <algorithm>
#include <numeric>

using namespace dlc::data;
using namespace dlc::training;

Predictor::Predictor(PredictOptions given, DataRole role)
    : options(std::move(given)), library(options.library),
      context(makeContext(library.model(), options.threads, options.device, pool)) {
  giveVariables();
  pickEntry(role);
  readData(role);
}

void Predictor::giveVariables() {
  if (const char *text = dlc_data_description(&model()))
    known = DataDescription::fromText(text, options.library);
  if (!model().variable_bytes) {
    if (!options.variables.empty())
      throw Failure("'" + options.library + "' has its weights as constants: leave " + options.names("variables") +
                    " out, or compile it with --train or --replaceable-weights");
    return;
  }
  variables.emplace(&model());
  context.bind(*variables);
  if (!options.variables.empty()) {
    variables->load(options.variables);
    if (std::optional<std::string> text = dlc::readMetadata(&model(), options.variables, dataDescriptionKey))
      known = DataDescription::fromText(*text, options.variables);
    return;
  }
  // What only `dlc --train` has: its weights are what `init` makes of a seed, which nobody wants to predict with.
  if (dlc_find_entry(&model(), "train_step"))
    throw Failure("'" + options.library + "' is trainable, and its weights are in a checkpoint: add " +
                  options.names("variables") + " FILE.safetensors");
  const dlc_entry_point *init = dlc_find_entry(&model(), "init");
  if (!init || init->input_count != 1 || init->output_count || init->inputs[0].element_type != DLC_I64)
    throw Failure("the weights of '" + options.library + "' are in a checkpoint: add " + options.names("variables") +
                  " FILE.safetensors");
  dlc_int64 seed = 0;
  dlc_tensor input = dlc_tensor_of(&seed, DLC_I64, 0, nullptr);
  if (dlc_run(context.get(), init, &input, 1, nullptr, 0))
    throw Failure(dlc_context_message(context.get()));
  variables->prepareWeights();
}

void Predictor::pickEntry(DataRole role) {
  if (!options.entry.empty())
    entryPoint = &context.entry(options.entry);
  else if (role == DataRole::Validation)
    entryPoint = dlc_find_entry(&model(), "evaluate");
  if (!entryPoint)
    entryPoint = dlc_default_entry(&model());
  if (!entryPoint) {
    std::string names;
    for (dlc_uint32 i = 0; i < model().entry_count; ++i)
      names += (i ? ", '" : "'") + std::string(model().entries[i].name) + "'";
    throw Failure("'" + options.library + "' has several entry points (" + names + "): say which one predicts, by " +
                  options.names("entry"));
  }
  if (entryPoint->flags & DLC_ENTRY_WRITES_VARIABLES)
    throw Failure("the entry point '" + std::string(entryPoint->name) + "' changes the model: it does not predict");
  for (dlc_uint32 i = 0; i < entryPoint->output_count; ++i)
    if (entryPoint->outputs[i].flags & (DLC_TENSOR_BOUNDED | DLC_TENSOR_UNBOUNDED))
      throw Failure("data decides the shape of output '" + std::string(entryPoint->outputs[i].name) +
                    "', so that it has no rows: run the library on arrays, by dlc-run");
  size_t fixed = 0;
  wanted = findTargets(*entryPoint, fixed);
  hasFixedBatch = fixed != 0;
  batch = fixed ? fixed : options.batch ? options.batch : known.batch ? known.batch : 32;
}

size_t Predictor::predictionOutput() const {
  const dlc_entry_point *predict = dlc_find_entry(&model(), "predict");
  if (predict && predict->output_count)
    if (dlc_int32 named = dlc_find_tensor(entryPoint->outputs, entryPoint->output_count, predict->outputs[0].name);
        named >= 0)
      return static_cast<size_t>(named);
  for (dlc_uint32 i = 0; i < entryPoint->output_count; ++i)
    if (entryPoint->outputs[i].rank)
      return i;
  throw Failure("the entry point '" + std::string(entryPoint->name) + "' has no output with rows");
}

/// The label that predictions like `output` can be compared with, where nothing says what the model has learned from.
static Target guessLabel(const dlc_tensor_info &output) {
  Target label;
  label.name = "label";
  label.type = DLC_F64;
  label.isLabel = true;
  for (dlc_uint32 d = 1; d < output.rank; ++d)
    label.shape.push_back(std::max<dlc_int64>(output.dims[d], -1));
  return label;
}

void Predictor::readData(DataRole role) {
  bool isEvaluated = role == DataRole::Validation;
  bool hasLabel = std::any_of(wanted.begin(), wanted.end(), [](const Target &target) { return target.isLabel; });
  if (isEvaluated && !hasLabel)
    wanted.push_back(known.label ? known.label->target : guessLabel(entryPoint->outputs[predictionOutput()]));
  std::vector<std::string> names;
  for (Target &target : wanted) {
    names.push_back(target.name);
    if (const InputDescription *input = known.find(target.name))
      target.scale = input->scale;
    else if (target.isLabel && known.label && known.label->target.name == target.name)
      target.scale = known.label->target.scale;
  }
  for (const auto &[name, factor] : options.scales) {
    auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
      throw Failure("the model has no input or label '" + name + "'" + suggestion(name, names));
    wanted[static_cast<size_t>(found - names.begin())].scale = factor;
  }
  // Classes of data that nothing describes are those that occur in it.
  DataRole reading = isEvaluated && known.empty() ? DataRole::Training : role;
  rowsOfAll = readDataset(options.data, wanted, known, reading, options.names);
  if (rowsOfAll.rows > UINT32_MAX)
    throw Failure("more than 4294967295 rows are too many");
  if (options.validationSplit > 0)
    order = splitRows(rowsOfAll.rows, options.validationSplit, options.seed, options.names).validation;
  else if (!options.rows.empty())
    order = splitRowsByFile(rowsOfAll.rows, options.rows, /*canHoldAll=*/true).validation;
  else {
    order.resize(rowsOfAll.rows);
    std::iota(order.begin(), order.end(), 0);
  }
  if (order.empty())
    throw Failure("there are no rows");
  if (!hasFixedBatch)
    batch = std::min(batch, order.size());
  evaluator.emplace(context, *entryPoint, wanted, entryPoint->outputs[predictionOutput()].name);
}

Evaluation Predictor::evaluate() {
  if (!evaluatedRows())
    throw Failure("the model takes batches of " + std::to_string(batch) + " rows, and there are only " +
                  std::to_string(order.size()));
  Loader loader(rowsOfAll, wanted, order, 0, batch, hasFixedBatch);
  return *dlc::training::evaluate(*evaluator, loader, wanted, LabelWeights(wanted), [] { return false; });
}

void Predictor::predict(const std::function<void(const BatchFunction &function, size_t rows)> &take) {
  // The last batch of a model that fixes its size is filled with copies of the last row.
  std::vector<uint32_t> filled = order;
  while (hasFixedBatch && filled.size() % batch)
    filled.push_back(order.back());
  Loader loader(rowsOfAll, wanted, filled, 0, batch, false);
  for (Batch next; loader.next(next); loader.recycle(std::move(next))) {
    evaluator->evaluate(next);
    take(evaluator->function(), std::min(next.rows, order.size() - next.firstPosition));
  }
}
