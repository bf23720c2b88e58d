// SPDX-License-Identifier: Apache-2.0
#include "training/Trainer.h"

#include "data/Suggestion.h"
#include "training/Order.h"
#include "training/RowSplit.h"
#include "training/TrainingReport.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <utility>

using namespace dlc::data;
using namespace dlc::training;

Trainer::Trainer(TrainOptions given, TrainingObserver &observer)
    : options(std::move(given)), observer(observer),
      learner(options.library, options.entry, options.threads, options.device) {
  schedule = makeSchedule(options.schedule, options.warmUpSteps, options.names);
  readSettings();
  readData();
  learner.setTargets(targets);
  weights = LabelWeights(targets);
}

void Trainer::readSettings() {
  settings = learner.hyperparameters();
  std::vector<std::string> names;
  for (const auto &[name, value] : settings)
    names.push_back(name);
  for (const auto &[name, value] : options.settings) {
    if (!settings.count(name))
      throw Failure("the model has no hyperparameter '" + name + "'" + suggestion(name, names));
    settings[name] = value;
  }
  if ((options.schedule != "constant" || options.warmUpSteps) && !settings.count("learning_rate"))
    throw Failure("the model has no hyperparameter 'learning_rate' for a schedule to change");
}

void Trainer::readData() {
  targets = learner.targets();
  std::vector<std::string> names;
  for (const Target &target : targets)
    names.push_back(target.name);
  for (const auto &[name, factor] : options.scales) {
    auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
      throw Failure("the model has no input or label '" + name + "'" + suggestion(name, names));
    targets[static_cast<size_t>(found - names.begin())].scale = factor;
  }
  data = readDataset(options.data, targets, description, DataRole::Training, options.names);
  for (const Target &target : targets)
    if (target.isLabel && target.isReal() && target.count() == 1 && description.classNames.size() > 2)
      throw Failure("there are " + std::to_string(description.classNames.size()) + " classes, and label '" +
                    target.name + "' is one number, which can distinguish two");
  if (data.rows > UINT32_MAX)
    throw Failure("more than 4294967295 rows are too many");
  if (!options.validation.empty()) {
    separateValidation = readDataset(options.validation, targets, description, DataRole::Validation, options.names);
    if (!separateValidation.rows)
      throw Failure("there are no rows for validation");
    validationData = &separateValidation;
    validationRows.resize(separateValidation.rows);
    std::iota(validationRows.begin(), validationRows.end(), 0);
    trainingRows.resize(data.rows);
    std::iota(trainingRows.begin(), trainingRows.end(), 0);
  } else {
    RowSplit split = options.validationRows.empty()
                         ? splitRows(data.rows, options.validationSplit, options.seed, options.names)
                         : splitRowsByFile(data.rows, options.validationRows);
    trainingRows = std::move(split.training);
    validationRows = std::move(split.validation);
    validationData = validationRows.empty() ? nullptr : &data;
  }
  if (trainingRows.empty())
    throw Failure("there are no rows to learn from");
  identity.seed = options.seed;
  identity.batch = learner.fixedBatch() ? learner.fixedBatch() : std::min(options.batch, trainingRows.size());
  identity.rows = trainingRows.size();
  identity.validationRows = validationRows.size();
  identity.isShuffled = !options.isOrdered;
  description.batch = identity.batch;
  identity.data = description.toText();
  identity.classNames = description.classNames;
  // It takes as long as reading the data once more.
  if (!options.checkpoint.empty() || !options.bestCheckpoint.empty())
    identity.checksum = data.checksum() ^ separateValidation.checksum();
  if (stepsPerEpoch() == 0)
    throw Failure("the model learns from batches of " + std::to_string(identity.batch) + " rows, and there are only " +
                  std::to_string(trainingRows.size()));
  monitor = !options.monitor.empty() ? options.monitor : validationData ? "validation_loss" : "loss";
}

size_t Trainer::stepsPerEpoch() const {
  size_t whole = trainingRows.size() / identity.batch;
  return learner.fixedBatch() ? whole : whole + (trainingRows.size() % identity.batch != 0);
}

std::optional<double> Trainer::learningRate(size_t step) const {
  auto base = settings.find("learning_rate");
  if (base == settings.end())
    return std::nullopt;
  SchedulePoint point{state.epoch, step, options.epochs, stepsPerEpoch()};
  return base->second * schedule->factor(point);
}

void Trainer::checkFiles() const {
  const std::pair<const char *, const std::string &> outputs[] = {
      {"checkpoint", options.checkpoint}, {"best", options.bestCheckpoint}, {"report", options.report}};
  for (const auto &[option, path] : outputs) {
    expectWritable(path);
    for (const auto &[other, otherPath] : outputs)
      if (other != option && isSameFile(path, otherPath))
        throw Failure(options.names(option) + " and " + options.names(other) + " are both '" + path + "'");
    std::vector<std::string> sources = {options.library, options.validationRows};
    for (const DataOptions *read : {&options.data, &options.validation})
      for (const std::string &source : read->sources)
        sources.insert(sources.end(), {source, source.substr(source.find('=') + 1)});
    for (const std::string &source : sources)
      if (isSameFile(path, source))
        throw Failure(options.names(option) + " would overwrite '" + source + "', which this run reads");
  }
}

size_t Trainer::countClasses() const {
  for (const Target &target : targets) {
    if (!target.isLabel || !target.isClass)
      continue;
    if (target.classes > 0)
      return static_cast<size_t>(target.classes);
    // Rows of one number each for a class, or one number that tells two apart.
    return target.isReal() && target.shape.size() == 1 && target.shape[0] > 1 ? static_cast<size_t>(target.shape[0])
           : target.isReal() && target.count() == 1                           ? 2
                                                                              : description.classNames.size();
  }
  return 0;
}

void Trainer::begin() {
  checkFiles();
  checkpointLock.emplace(options.checkpoint);
  bestLock.emplace(options.bestCheckpoint);
  state.stopping = EarlyStopping(options.patience, options.leastGain);
  bool isResumed = options.isResumed && std::filesystem::exists(options.checkpoint);
  if (isResumed) {
    state.load(options.checkpoint, learner.variables(), identity, *schedule, options.names);
    savedWhen = "epoch " + std::to_string(state.epoch + 1) + ", step " + std::to_string(state.step);
    observer.note("resumed from '" + options.checkpoint + "' after " + std::to_string(state.epoch) + " epochs and " +
                  std::to_string(state.step) + " steps");
    if (state.isStopped)
      observer.note("nothing is left to do: the run ended early after " + std::to_string(state.epoch) + " epochs");
    else if (state.epoch >= options.epochs)
      observer.note("nothing is left to do: the run has its " + std::to_string(options.epochs) + " epochs; " +
                    options.names("epochs") + " " + std::to_string(state.epoch + options.epochs) + " would continue");
  } else {
    learner.initialize(static_cast<dlc_int64>(options.seed));
    if (!options.load.empty()) {
      dlc_uint32 flags = DLC_LOAD_WEIGHTS_ONLY | (options.isPartialLoad ? DLC_LOAD_PARTIAL : 0);
      learner.variables().load(options.load, flags, options.loadPrefix);
    }
  }
  for (const Dataset *read : {&std::as_const(data), &std::as_const(separateValidation)})
    for (const std::string &remark : read->remarks)
      observer.note(remark);
  if (learner.fixedBatch() && trainingRows.size() % identity.batch)
    observer.note("the model takes batches of " + std::to_string(identity.batch) + " rows: the last " +
                  std::to_string(trainingRows.size() % identity.batch) + " rows of each epoch are left out");
  if (validationData && !learner.canEvaluate())
    throw Failure("the library has neither 'evaluate' nor 'predict': it cannot be measured on validation data");
  if (validationData && validationRows.size() < identity.batch && learner.fixedBatch())
    throw Failure("the model takes batches of " + std::to_string(identity.batch) + " rows, and there are only " +
                  std::to_string(validationRows.size()) + " for validation");
  observer.begin({learner.model().name, trainingRows.size(), validationRows.size(), identity.batch, stepsPerEpoch(),
                  options.epochs, description.classNames, isResumed, countClasses(), options.threads});
}

std::string Trainer::lastGood() const {
  return savedWhen.empty() ? "" : "; the last good checkpoint is '" + options.checkpoint + "' (" + savedWhen + ")";
}

/// The first element that is infinite or NaN; the count of elements if there is none.
static size_t findNonFinite(const Array &array) {
  size_t i = 0;
  while (i < array.count() && std::isfinite(array.at(i)))
    ++i;
  return i;
}

void Trainer::reject(const Metrics &metrics, const Batch &batch) const {
  std::string reason = "whose batch starts with " + data.describeRow(order[batch.firstPosition], targets) +
                       ": lower the learning rate, or look for outliers in the data";
  for (size_t i = 0; i < targets.size(); ++i)
    if (size_t found = findNonFinite(batch.tensors[i]); found < batch.tensors[i].count()) {
      size_t row = order[batch.firstPosition + found / targets[i].count()];
      reason = "because '" + targets[i].name + "' holds " + describeNumber(batch.tensors[i].at(found)) + " in " +
               data.columns[i]->describeRow(row);
      break;
    }
  throw Failure("the loss is " + describeNumber(metrics[0].second) + " in epoch " + std::to_string(state.epoch + 1) +
                ", step " + std::to_string(state.step + 1) + ", " + reason + lastGood());
}

void Trainer::checkVariables() const {
  if (std::string name = learner.findNonFinite(); !name.empty())
    throw Failure("variable '" + name + "' is no longer finite after epoch " + std::to_string(state.epoch) + ", step " +
                  std::to_string(state.step) + ": lower the learning rate" + lastGood());
}

void Trainer::saveCheckpoint() {
  if (options.checkpoint.empty())
    return;
  checkVariables();
  state.save(options.checkpoint, learner.variables(), identity, *schedule);
  savedWhen = "epoch " + std::to_string(state.epoch + 1) + ", step " + std::to_string(state.step);
}

void Trainer::runEpoch() {
  order = trainingRows;
  if (!options.isOrdered) {
    std::vector<uint32_t> mixed = shuffledOrder(trainingRows.size(), options.seed, state.epoch);
    for (size_t i = 0; i < mixed.size(); ++i)
      order[i] = trainingRows[mixed[i]];
  }
  Loader loader(data, targets, order, state.step * identity.batch, identity.batch, learner.fixedBatch() != 0);
  std::map<std::string, double> now = settings;
  Batch batch;
  while (loader.next(batch)) {
    if (std::optional<double> rate = learningRate(state.step))
      now["learning_rate"] = *rate;
    Metrics metrics;
    if (!complete([&] { metrics = learner.step(batch, now); }))
      return;
    double weight = weights.total(batch);
    if (!std::isfinite(metrics[0].second))
      reject(metrics, batch);
    for (size_t i = 0; i < metrics.size(); ++i) {
      if (state.sums.size() == i)
        state.sums.push_back({metrics[i].first, 0});
      state.sums[i].second += metrics[i].second * weight;
    }
    state.weightSeen += weight;
    ++state.step;
    observer.step(state.epoch + 1, options.epochs, state.step, stepsPerEpoch(),
                  share(state.sums[0].second, state.weightSeen), batch.rows);
    loader.recycle(std::move(batch));
    if (observer.isInterrupted())
      return;
    if (options.checkpointSteps && state.step % options.checkpointSteps == 0 && state.step < stepsPerEpoch())
      saveCheckpoint();
  }
}

bool Trainer::complete(const std::function<void()> &part) {
  for (;;)
    try {
      part();
      return true;
    } catch (const Cancelled &) {
      learner.resume();
      if (observer.isInterrupted())
        return false;
    }
}

std::optional<Evaluation> Trainer::validate() {
  std::optional<Evaluation> evaluation;
  complete([&] {
    evaluation.reset();
    Loader loader(*validationData, targets, validationRows, 0, identity.batch, learner.fixedBatch() != 0);
    evaluation = evaluate(learner.evaluator(), loader, targets, weights, [this] { return observer.isInterrupted(); });
  });
  return evaluation;
}

bool Trainer::endEpoch() {
  EpochRecord record;
  record.epoch = state.epoch + 1;
  record.learningRate = learningRate(state.step - 1);
  for (const auto &[name, sum] : state.sums)
    record.metrics.push_back({name, share(sum, state.weightSeen)});
  if (validationData) {
    std::optional<Evaluation> evaluation = validate();
    if (!evaluation)
      return false;
    for (const auto &[name, value] : evaluation->metrics)
      record.metrics.push_back({"validation_" + name, value});
    confusion = std::move(evaluation->confusion);
  }
  // `predict` gives no loss, and a loss may have another name.
  if (options.monitor.empty() && !record.find(monitor))
    monitor = record.metrics[0].first;
  std::optional<double> watched = record.find(monitor);
  if (!watched) {
    std::vector<std::string> names;
    for (const auto &[name, value] : record.metrics)
      names.push_back(name);
    // What the epoch has learnt is kept: only its end is left for a run that monitors another metric.
    saveCheckpoint();
    throw Failure("there is no metric '" + monitor + "' to watch" + lastGood() + suggestion(monitor, names));
  }
  double value = isMoreBetter(monitor) ? -*watched : *watched;
  state.history.push_back(record);
  ++state.epoch;
  state.step = 0;
  state.weightSeen = 0;
  state.sums.clear();
  schedule->observe(value);
  state.isStopped = state.stopping.observe(value);
  bool isBest = state.best.improve(value);
  if (isBest && !options.bestCheckpoint.empty()) {
    checkVariables();
    state.save(options.bestCheckpoint, learner.variables(), identity, *schedule);
  }
  if (state.epoch % options.checkpointEpochs == 0 || state.epoch == options.epochs || state.isStopped)
    saveCheckpoint();
  return true;
}

static std::string join(const std::vector<std::string> &words) {
  std::string text;
  for (const std::string &word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

Facts Trainer::describeRun() const {
  auto count = [](size_t number) { return std::to_string(number); };
  std::vector<std::string> chosen = {"batch " + count(identity.batch), "seed " + count(options.seed)};
  for (const auto &[name, value] : settings)
    chosen.push_back(name + " " + describeNumber(value));
  if (options.schedule != "constant")
    chosen.push_back("schedule " + options.schedule);
  if (options.warmUpSteps)
    chosen.push_back("warmup " + count(options.warmUpSteps) + " steps");
  if (options.patience)
    chosen.push_back("early stopping after " + count(options.patience) + " epochs");
  if (options.isOrdered)
    chosen.push_back("not shuffled");
  std::vector<std::string> features;
  for (const InputDescription &input : description.inputs)
    for (const std::string &feature : input.table.features())
      features.push_back(feature);
  std::vector<std::string> scaled;
  for (const Target &target : targets)
    if (target.scale != 1)
      scaled.push_back(target.name + " times " + describeNumber(target.scale));
  size_t parameters = 0;
  for (dlc_uint32 i = 0; i < learner.model().variable_count; ++i)
    if (const dlc_variable_info &variable = learner.model().variables[i]; variable.kind == DLC_VARIABLE_WEIGHT)
      parameters += dlc_variable_size(&variable) / dlc_element_bytes(variable.element_type);
  std::string validation =
      options.validation.sources.empty() ? "held out of these rows" : join(options.validation.sources);
  return {{"model", options.library + ", " + count(parameters) + " trainable parameters"},
          {"data", join(options.data.sources) + ", " + count(trainingRows.size()) + " rows to learn from"},
          {"validation", validationRows.empty() ? "none" : count(validationRows.size()) + " rows, " + validation},
          {"columns", join(features)},
          {"label", description.label ? description.label->column : ""},
          {"scaled", join(scaled)},
          {"epochs",
           count(state.history.size()) + " of " + count(options.epochs) + (state.isStopped ? ", stopped early" : "")},
          {"options", join(chosen)},
          {"compiled by", std::string(learner.model().compiler) + " for " + learner.model().target},
          {"written", describeNow()}};
}

bool Trainer::run() {
  using Clock = std::chrono::steady_clock;
  begin();
  while (state.epoch < options.epochs && !state.isStopped && !observer.isInterrupted()) {
    Clock::time_point start = Clock::now();
    runEpoch();
    // An epoch that is interrupted behind its last step has only its end left when the run is resumed.
    if (observer.isInterrupted() || !endEpoch())
      break;
    observer.epoch(state.history.back(), options.epochs, std::chrono::duration<double>(Clock::now() - start).count());
  }
  bool isDone = state.epoch >= options.epochs || state.isStopped;
  if (!isDone) {
    saveCheckpoint();
    observer.note(options.checkpoint.empty()
                      ? "interrupted; without " + options.names("checkpoint") + " nothing is kept"
                      : "interrupted; '" + options.checkpoint + "' is where " + options.names("resume") + " continues");
    return false;
  }
  if (state.isStopped)
    observer.note("stopped: '" + monitor + "' has not improved for " + std::to_string(options.patience) + " epochs");
  if (!confusion && validationData && !options.report.empty())
    if (std::optional<Evaluation> evaluation = validate())
      confusion = std::move(evaluation->confusion);
  if (!options.report.empty())
    writeTrainingReport(options.report, {learner.model().name, describeRun(), description.classNames, state.history,
                                         monitor, confusion ? &*confusion : nullptr});
  observer.end({state.epoch, state.isStopped, confusion ? &*confusion : nullptr});
  return true;
}
