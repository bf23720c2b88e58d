// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-run/train/Trainer.h"

#include "tools/dlc-run/Session.h"
#include "tools/dlc-run/train/Order.h"
#include "tools/dlc-run/train/TrainingReport.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <unistd.h>

using namespace dlcrun;

namespace {

volatile std::sig_atomic_t interruption = 0;

/// Lets the first Ctrl-C end the run after the step at hand; a second one ends it at once.
void onInterrupt(int signal) {
  interruption = signal;
  std::signal(signal, SIG_DFL);
}

/// Splits "NAME=NUMBER".
std::pair<std::string, double> splitNumber(const std::string &option, const char *flag) {
  size_t equals = option.rfind('=');
  double value = 0;
  const char *end = option.data() + option.size();
  if (equals != std::string::npos) {
    auto [last, error] = std::from_chars(option.data() + equals + 1, end, value);
    if (error == std::errc() && last == end && std::isfinite(value))
      return {option.substr(0, equals), value};
  }
  throw Failure(std::string(flag) + " takes NAME=NUMBER, not '" + option + "'");
}

/// Reads the numbers of rows, below `rows`, that stand in a file with blanks or line ends between them; returns which
/// are in it.
std::vector<bool> readRowNumbers(const std::string &path, size_t rows) {
  std::ifstream file(path);
  if (!file)
    throw Failure("cannot read '" + path + "': " + std::strerror(errno));
  std::vector<bool> isIn(rows);
  std::string word;
  while (file >> word) {
    size_t row = rows;
    auto [last, error] = std::from_chars(word.data(), word.data() + word.size(), row);
    if (error != std::errc() || last != word.data() + word.size() || row >= rows)
      throw Failure("'" + path + "' holds '" + word + "', which is no row from 0 to " + std::to_string(rows - 1));
    isIn[row] = true;
  }
  if (std::none_of(isIn.begin(), isIn.end(), [](bool value) { return value; }))
    throw Failure("'" + path + "' holds no numbers of rows");
  return isIn;
}

/// Fails now where a file could not be written after hours.
void checkFolder(const std::string &path) {
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!path.empty() && access(folder.empty() ? "." : folder.c_str(), W_OK))
    throw Failure("cannot write '" + path + "': " + std::strerror(errno));
  if (std::filesystem::is_directory(path))
    throw Failure("cannot write '" + path + "': it is a folder");
}

/// A checkpoint replaces what is there, which must not be a device.
void checkReplaceable(const std::string &path) {
  if (std::filesystem::exists(path) && !std::filesystem::is_regular_file(path))
    throw Failure("cannot write '" + path + "': it is no regular file");
}

/// Removes what a killed process has left over of a checkpoint that it was writing.
void removeLeftovers(const std::string &path) {
  std::error_code error;
  std::filesystem::path file(path);
  std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  std::string begin = file.filename().string() + ".";
  for (const auto &entry : std::filesystem::directory_iterator(folder, error)) {
    std::string name = entry.path().filename().string();
    if (name.compare(0, begin.size(), begin) || name.size() <= begin.size() + 4 ||
        name.compare(name.size() - 4, 4, ".tmp"))
      continue;
    int process = 0;
    auto [last, failure] = std::from_chars(name.data() + begin.size(), name.data() + name.size() - 4, process);
    if (failure == std::errc() && last == name.data() + name.size() - 4 && kill(process, 0) && errno == ESRCH)
      std::filesystem::remove(entry.path(), error);
  }
}

} // namespace

Trainer::Trainer(const TrainOptions &given)
    : options(given), progress(given.isJson), learner(given.library, given.entry, given.threads) {
  schedule = makeSchedule(options.schedule, options.warmUpSteps);
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
  for (const std::string &option : options.settings) {
    auto [name, value] = splitNumber(option, "--set");
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
  for (const std::string &option : options.scales) {
    auto [name, factor] = splitNumber(option, "--scale");
    auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
      throw Failure("the model has no input or label '" + name + "'" + suggestion(name, names));
    targets[static_cast<size_t>(found - names.begin())].scale = factor;
  }
  data = readDataset(options.data, targets, classNames);
  for (const Target &target : targets)
    if (target.isLabel && target.isReal() && target.count() == 1 && classNames.size() > 2)
      throw Failure("there are " + std::to_string(classNames.size()) + " classes, and label '" + target.name +
                    "' is one number, which can tell two apart");
  if (data.rows > UINT32_MAX)
    throw Failure("more than 4294967295 rows are too many");
  std::vector<uint32_t> rows(data.rows);
  std::iota(rows.begin(), rows.end(), 0);
  if (!options.validation.sources.empty()) {
    separateValidation = readDataset(options.validation, targets, classNames);
    validationData = &separateValidation;
    validationRows.resize(separateValidation.rows);
    std::iota(validationRows.begin(), validationRows.end(), 0);
    trainingRows = std::move(rows);
  } else if (!options.validationRows.empty()) {
    std::vector<bool> isHeld = readRowNumbers(options.validationRows, data.rows);
    for (uint32_t row : rows)
      (isHeld[row] ? validationRows : trainingRows).push_back(row);
    validationData = &data;
  } else {
    // Which rows are held back follows from the seed; they keep their order, as those left do.
    auto held = static_cast<size_t>(std::llround(static_cast<double>(data.rows) * options.validationSplit));
    std::vector<uint32_t> mixed = shuffledOrder(data.rows, options.seed, splitStream);
    validationRows.assign(mixed.begin(), mixed.begin() + static_cast<ptrdiff_t>(held));
    trainingRows.assign(mixed.begin() + static_cast<ptrdiff_t>(held), mixed.end());
    std::sort(validationRows.begin(), validationRows.end());
    std::sort(trainingRows.begin(), trainingRows.end());
    validationData = held ? &data : nullptr;
  }
  if (trainingRows.empty())
    throw Failure("there are no rows to learn from");
  identity.seed = options.seed;
  identity.batch = learner.fixedBatch() ? learner.fixedBatch() : std::min(options.batch, trainingRows.size());
  identity.rows = trainingRows.size();
  identity.validationRows = validationRows.size();
  identity.isShuffled = !options.isOrdered;
  identity.classNames = classNames;
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
  Moment moment{state.epoch, step, options.epochs, stepsPerEpoch()};
  return base->second * schedule->factor(moment);
}

void Trainer::begin() {
  for (const std::string *path : {&options.checkpoint, &options.bestCheckpoint, &options.report})
    checkFolder(*path);
  for (const std::string *path : {&options.checkpoint, &options.bestCheckpoint})
    checkReplaceable(*path);
  state.stopping = EarlyStopping(options.patience, options.leastGain);
  if (!options.checkpoint.empty())
    removeLeftovers(options.checkpoint);
  bool isResumed = options.isResumed && std::filesystem::exists(options.checkpoint);
  if (isResumed) {
    state.load(options.checkpoint, learner.variables(), identity, *schedule);
    savedWhen = "epoch " + std::to_string(state.epoch + 1) + ", step " + std::to_string(state.step);
    progress.note("resumed from '" + options.checkpoint + "' after " + std::to_string(state.epoch) + " epochs and " +
                  std::to_string(state.step) + " steps");
  } else {
    learner.initialize(static_cast<dlc_int64>(options.seed));
    if (!options.load.empty()) {
      dlc_uint32 flags = DLC_LOAD_WEIGHTS_ONLY | (options.isPartialLoad ? DLC_LOAD_PARTIAL : 0);
      learner.variables().load(options.load, flags, options.loadPrefix);
    }
  }
  if (learner.fixedBatch() && trainingRows.size() % identity.batch)
    progress.note("the model takes batches of " + std::to_string(identity.batch) + " rows: the last " +
                  std::to_string(trainingRows.size() % identity.batch) + " rows of each epoch are left out");
  if (validationData && !learner.canEvaluate())
    throw Failure("the library has neither 'evaluate' nor 'predict': it cannot be measured on validation data");
  if (validationData && validationRows.size() < identity.batch && learner.fixedBatch())
    throw Failure("the model takes batches of " + std::to_string(identity.batch) + " rows, and there are only " +
                  std::to_string(validationRows.size()) + " for validation");
  progress.event("begin", {{"model", learner.model().name},
                           {"rows", trainingRows.size()},
                           {"validation_rows", validationRows.size()},
                           {"batch", identity.batch},
                           {"steps_per_epoch", stepsPerEpoch()},
                           {"epochs", options.epochs},
                           {"classes", classNames},
                           {"resumed", isResumed}});
}

std::string Trainer::lastGood() const {
  return savedWhen.empty() ? "" : "; the last good checkpoint is '" + options.checkpoint + "' (" + savedWhen + ")";
}

void Trainer::reject(const Figures &figures, const Batch &batch) {
  throw Failure("the loss is " + describeNumber(figures[0].second) + " in epoch " + std::to_string(state.epoch + 1) +
                ", step " + std::to_string(state.step + 1) + ", whose batch starts with " +
                data.place(order[batch.firstPlace], targets) +
                ": lower the learning rate, or look for values that are far off" + lastGood());
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

/// A mean; of nothing, 0.
static double share(double sum, double weight) { return weight > 0 ? sum / weight : 0; }

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
    Figures figures = learner.step(batch, now);
    double weight = weights.total(batch);
    if (!std::isfinite(figures[0].second))
      reject(figures, batch);
    for (size_t i = 0; i < figures.size(); ++i) {
      if (state.sums.size() == i)
        state.sums.push_back({figures[i].first, 0});
      state.sums[i].second += figures[i].second * weight;
    }
    state.weightSeen += weight;
    ++state.step;
    progress.step(state.epoch + 1, options.epochs, state.step, stepsPerEpoch(),
                  share(state.sums[0].second, state.weightSeen), batch.rows);
    loader.recycle(std::move(batch));
    if (interruption) {
      isInterrupted = true;
      return;
    }
    if (options.checkpointSteps && state.step % options.checkpointSteps == 0 && state.step < stepsPerEpoch())
      saveCheckpoint();
  }
}

Trainer::Evaluation Trainer::evaluate() {
  Evaluation evaluation;
  Loader loader(*validationData, targets, validationRows, 0, identity.batch, learner.fixedBatch() != 0);
  std::vector<double> sums;
  Figures last;
  std::optional<Regression> regression;
  std::optional<Question> question;
  double weightSeen = 0;
  const Target *label = nullptr;
  size_t labelIndex = 0;
  for (size_t i = 0; i < targets.size(); ++i)
    if (targets[i].isLabel && !label) {
      label = &targets[i];
      labelIndex = i;
    }
  Batch batch;
  while (loader.next(batch)) {
    last = learner.evaluate(batch);
    double weight = weights.total(batch);
    sums.resize(last.size());
    for (size_t i = 0; i < last.size(); ++i)
      sums[i] += last[i].second * weight;
    weightSeen += weight;
    if (const Array *predictions = learner.predictions(); predictions && label) {
      const Array &labels = batch.tensors[labelIndex];
      if (!question) {
        question = findQuestion(predictions->shape(), labels.shape(), !label->isReal(), label->isClass);
        if (question->answer != Answer::Number)
          evaluation.confusion.emplace(question->classes);
        else if (predictions->count() == labels.count())
          regression.emplace();
      }
      if (evaluation.confusion)
        addPredictions(*evaluation.confusion, *question, *predictions, labels, weights.counting(batch));
      else if (regression)
        addPredictions(*regression, *predictions, labels, weights.counting(batch));
    }
    loader.recycle(std::move(batch));
  }
  for (size_t i = 0; i < last.size(); ++i)
    evaluation.figures.push_back({last[i].first, share(sums[i], weightSeen)});
  Figures measured = evaluation.confusion ? evaluation.confusion->figures()
                     : regression         ? regression->figures()
                                          : Figures();
  for (auto &figure : measured)
    if (std::none_of(last.begin(), last.end(), [&](const auto &known) { return known.first == figure.first; }))
      evaluation.figures.push_back(figure);
  return evaluation;
}

void Trainer::endEpoch() {
  EpochRecord record;
  record.epoch = state.epoch + 1;
  record.learningRate = learningRate(state.step - 1);
  for (const auto &[name, sum] : state.sums)
    record.figures.push_back({name, share(sum, state.weightSeen)});
  if (validationData) {
    Evaluation evaluation = evaluate();
    for (const auto &[name, value] : evaluation.figures)
      record.figures.push_back({"validation_" + name, value});
    confusion = std::move(evaluation.confusion);
  }
  // `predict` gives no loss, and a loss may have another name.
  if (options.monitor.empty() && !record.find(monitor))
    monitor = record.figures[0].first;
  std::optional<double> watched = record.find(monitor);
  if (!watched) {
    std::vector<std::string> names;
    for (const auto &[name, value] : record.figures)
      names.push_back(name);
    throw Failure("there is no figure '" + monitor + "' to watch" + suggestion(monitor, names));
  }
  double value = isMoreBetter(monitor) ? -*watched : *watched;
  state.history.push_back(record);
  ++state.epoch;
  state.step = 0;
  state.weightSeen = 0;
  state.sums.clear();
  schedule->look(value);
  state.isStopped = state.stopping.look(value);
  bool isBest = state.best.improve(value);
  if (isBest && !options.bestCheckpoint.empty()) {
    checkVariables();
    state.save(options.bestCheckpoint, learner.variables(), identity, *schedule);
  }
  if (state.epoch % options.checkpointEpochs == 0 || state.epoch == options.epochs || state.isStopped)
    saveCheckpoint();
}

int Trainer::run() {
  using Clock = std::chrono::steady_clock;
  begin();
  std::signal(SIGINT, onInterrupt);
  std::signal(SIGTERM, onInterrupt);
  // A file that grows beyond a limit is then an error of the write, which is reported.
  std::signal(SIGXFSZ, SIG_IGN);
  // An epoch that was interrupted behind its last step has only its end left.
  while (state.epoch < options.epochs && !state.isStopped && !isInterrupted) {
    Clock::time_point start = Clock::now();
    runEpoch();
    if (isInterrupted)
      break;
    endEpoch();
    progress.epoch(state.history.back(), options.epochs, std::chrono::duration<double>(Clock::now() - start).count());
  }
  if (isInterrupted) {
    saveCheckpoint();
    progress.note(options.checkpoint.empty() ? "interrupted; without --checkpoint nothing is kept"
                                             : "interrupted; '" + options.checkpoint + "' is where --resume goes on");
    return 128 + interruption;
  }
  if (state.isStopped)
    progress.note("stopped: '" + monitor + "' has not become better for " + std::to_string(options.patience) +
                  " epochs");
  if (!confusion && validationData && !options.report.empty())
    confusion = evaluate().confusion;
  if (!options.report.empty())
    writeTrainingReport(options.report,
                        {learner.model().name, classNames, state.history, monitor, confusion ? &*confusion : nullptr,
                         trainingRows.size(), validationRows.size()});
  nlohmann::ordered_json end = {{"epochs", state.epoch}, {"stopped_early", state.isStopped}};
  if (confusion) {
    end["confusion"] = nlohmann::ordered_json::array();
    for (size_t label = 0; label < confusion->size(); ++label) {
      end["confusion"].push_back(nlohmann::ordered_json::array());
      for (size_t prediction = 0; prediction < confusion->size(); ++prediction)
        end["confusion"].back().push_back(confusion->at(label, prediction));
    }
  }
  progress.event("end", end);
  return 0;
}
