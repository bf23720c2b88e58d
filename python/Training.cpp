// SPDX-License-Identifier: Apache-2.0
#include "python/Training.h"

#include "python/Interruption.h"

#include "training/Trainer.h"

#include <chrono>
#include <cstring>
#include <exception>
#include <map>
#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;
using namespace dlc::training;

namespace {

/// Tells a Python object of a run's progress. Called without the interpreter's lock.
class PythonObserver final : public TrainingObserver {
public:
  explicit PythonObserver(nb::handle object) : object(object) {}

  void begin(const RunBeginning &run) override {
    call([&] {
      nb::dict dict;
      dict["model"] = run.model;
      dict["rows"] = run.rows;
      dict["validation_rows"] = run.validationRows;
      dict["batch"] = run.batch;
      dict["steps_per_epoch"] = run.stepsPerEpoch;
      dict["epochs"] = run.epochs;
      dict["class_names"] = run.classNames;
      dict["is_resumed"] = run.isResumed;
      object.attr("begin")(dict);
    });
  }

  void note(const std::string &text) override {
    call([&] { object.attr("note")(text); });
  }

  void step(size_t epoch, size_t epochs, size_t step, size_t steps, double loss, size_t) override {
    // Small models take a step in microseconds: the interpreter is asked for its lock ten times per second.
    auto now = std::chrono::steady_clock::now();
    if (now - lastCall < std::chrono::milliseconds(100))
      return;
    lastCall = now;
    call([&] {
      if (PyErr_CheckSignals())
        throw nb::python_error();
      isEnded |= nb::cast<bool>(object.attr("step")(epoch, epochs, step, steps, loss));
    });
  }

  void epoch(const EpochRecord &record, size_t, double seconds) override {
    call([&] {
      nb::dict dict;
      dict["epoch"] = record.epoch;
      for (const auto &[name, value] : record.metrics)
        dict[name.c_str()] = value;
      if (record.learningRate)
        dict["learning_rate"] = *record.learningRate;
      dict["seconds"] = seconds;
      isEnded |= nb::cast<bool>(object.attr("epoch")(dict));
    });
  }

  void end(const RunEnd &run) override {
    call([&] {
      nb::object confusion = nb::none();
      if (run.confusion) {
        nb::list rows;
        for (size_t i = 0; i < run.confusion->size(); ++i) {
          nb::list row;
          for (size_t j = 0; j < run.confusion->size(); ++j)
            row.append(run.confusion->at(i, j));
          rows.append(row);
        }
        confusion = rows;
      }
      object.attr("end")(confusion);
    });
  }

  bool isInterrupted() const override {
    // Ctrl-C has cancelled what ran: Python's handler decides what becomes of it.
    if (interruption && interruption->hasCome())
      call([] {
        if (PyErr_CheckSignals())
          throw nb::python_error();
      });
    return isEnded || failure;
  }

  /// By which Ctrl-C comes during the run.
  void setInterruption(const dlc::python::Interruption *chosen) { interruption = chosen; }

  /// Throws what Python code has raised.
  void rethrow() const {
    if (failure)
      std::rethrow_exception(failure);
  }

private:
  template <typename Function> void call(Function function) const {
    nb::gil_scoped_acquire acquire;
    if (failure)
      return;
    try {
      function();
    } catch (...) {
      failure = std::current_exception();
    }
  }

  nb::handle object;
  bool isEnded = false;
  mutable std::exception_ptr failure;
  const dlc::python::Interruption *interruption = nullptr;
  std::chrono::steady_clock::time_point lastCall;
};

/// A copy of a NumPy array's elements, made when the data is read.
std::function<dlc::data::Array()> arrayMaker(nb::handle object) {
  auto array = nb::cast<nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>>(object);
  nb::dlpack::dtype type = array.dtype();
  auto elementType = static_cast<dlc_uint32>(type.code << 8 | type.bits);
  std::vector<dlc_int64> shape;
  for (size_t i = 0; i < array.ndim(); ++i)
    shape.push_back(static_cast<dlc_int64>(array.shape(i)));
  // The caller's list keeps the array.
  return [elementType, shape, bytes = array.nbytes(), data = array.data()] {
    dlc::data::Array copy(elementType, shape);
    if (bytes)
      std::memcpy(copy.data(), data, bytes);
    return copy;
  };
}

std::vector<dlc::data::MemorySource> readSources(const nb::list &items) {
  std::vector<dlc::data::MemorySource> sources;
  for (nb::handle item : items) {
    dlc::data::MemorySource source;
    source.target = nb::cast<std::string>(item[0]);
    source.isLabel = nb::cast<bool>(item[1]);
    source.name = nb::cast<std::string>(item[2]);
    if (nb::isinstance<nb::list>(item[3]))
      source.labels = nb::cast<std::vector<std::string>>(item[3]);
    else
      source.array = arrayMaker(item[3]);
    sources.push_back(std::move(source));
  }
  return sources;
}

/// What an option of this type is, for messages.
template <typename Field> const char *describeType() {
  if constexpr (std::is_same_v<Field, bool>)
    return "True or False";
  else if constexpr (std::is_integral_v<Field>)
    return "an integer from 0 on";
  else if constexpr (std::is_floating_point_v<Field>)
    return "a number";
  else if constexpr (std::is_same_v<Field, std::string>)
    return "a string";
  else
    return "a dict of names to numbers";
}

/// Moves the option `name` to `field`, if it is there.
template <typename Field> void take(std::map<std::string, nb::object> &options, const char *name, Field &field) {
  auto found = options.find(name);
  if (found == options.end())
    return;
  if (!nb::try_cast(found->second, field))
    throw dlc::data::Failure(std::string("option '") + name + "' is " + nb::cast<std::string>(nb::repr(found->second)) +
                             "; it is " + describeType<Field>());
  options.erase(found);
}

NamedNumbers toNumbers(const std::map<std::string, double> &map) { return {map.begin(), map.end()}; }

TrainOptions readOptions(const nb::dict &given) {
  auto options = nb::cast<std::map<std::string, nb::object>>(given);
  TrainOptions result;
  result.names = {"", '_'};
  std::map<std::string, double> scales, settings;
  take(options, "entry", result.entry);
  take(options, "validation_split", result.validationSplit);
  take(options, "scale", scales);
  take(options, "settings", settings);
  take(options, "epochs", result.epochs);
  take(options, "batch", result.batch);
  take(options, "seed", result.seed);
  take(options, "ordered", result.isOrdered);
  take(options, "schedule", result.schedule);
  take(options, "warm_up", result.warmUpSteps);
  take(options, "monitor", result.monitor);
  take(options, "early_stopping", result.patience);
  take(options, "least_gain", result.leastGain);
  take(options, "checkpoint", result.checkpoint);
  take(options, "best", result.bestCheckpoint);
  take(options, "checkpoint_epochs", result.checkpointEpochs);
  take(options, "checkpoint_steps", result.checkpointSteps);
  take(options, "resume", result.isResumed);
  take(options, "load", result.load);
  take(options, "load_prefix", result.loadPrefix);
  take(options, "load_partial", result.isPartialLoad);
  take(options, "threads", result.threads);
  take(options, "device", result.device);
  take(options, "report", result.report);
  if (!options.empty())
    throw dlc::data::Failure("a training run has no option '" + options.begin()->first + "'");
  if (!result.epochs || !result.batch || !result.checkpointEpochs)
    throw dlc::data::Failure("epochs, batch and checkpoint_epochs are 1 or more");
  if (!(result.validationSplit >= 0 && result.validationSplit < 1))
    throw dlc::data::Failure("validation is " + dlc::data::describeNumber(result.validationSplit) +
                             "; the share of rows to hold out is at least 0 and less than 1");
  result.scales = toNumbers(scales);
  result.settings = toNumbers(settings);
  return result;
}

} // namespace

bool dlc::python::train(const std::string &path, const nb::dict &options, const nb::list &data,
                        const nb::list &validation, const nb::object &object) {
  TrainOptions settings = readOptions(options);
  settings.library = path;
  settings.data.memory = readSources(data);
  settings.validation.memory = readSources(validation);
  PythonObserver observer(object);
  bool isDone = false;
  {
    nb::gil_scoped_release release;
    Trainer trainer(std::move(settings), observer);
    dlc::python::Interruption interruption(trainer.getContext());
    observer.setInterruption(&interruption);
    try {
      isDone = trainer.run();
    } catch (...) {
      // What a signal has ended elsewhere, such as the initialization of variables, is interrupted, too. A callback
      // that ends the run hides no error.
      if (!interruption.hasCome())
        throw;
    }
    observer.setInterruption(nullptr);
  }
  observer.rethrow();
  return isDone;
}
