// SPDX-License-Identifier: Apache-2.0
/// \file
/// A trainable library: its variables, and its entry points on batches.
#ifndef DLC_TRAINING_LEARNER_H
#define DLC_TRAINING_LEARNER_H

#include "dlc/runtime.hpp"
#include "training/Loader.h"
#include "training/Metrics.h"

#include <map>
#include <optional>

namespace dlc::training {

/// Thrown where the context has been cancelled: the run has changed nothing.
struct Cancelled {};

/// An entry point that takes batches.
class BatchFunction {
public:
  /// Fails if `entry` has an input that is neither a target nor a hyperparameter.
  BatchFunction(dlc::Context &context, const dlc_entry_point &entry, const std::vector<data::Target> &targets);

  /// Runs it; hyperparameters that are not in `settings` have their defaults.
  void run(Batch &batch, const std::map<std::string, double> &settings);

  const dlc_entry_point &entry() const { return *description; }
  /// What the last run gave.
  const data::Array &output(size_t index) const { return (*outputs)[index]; }
  /// The outputs of rank 0, by name.
  Metrics scalars() const;

private:
  dlc::Context &context;
  const dlc_entry_point *description;
  std::vector<size_t> targetOf; ///< of each input; the number of targets: a hyperparameter
  std::vector<data::Array> settingsOf;
  std::map<size_t, std::vector<data::Array>> outputsOf; ///< by rows of a batch
  std::vector<data::Array> *outputs = nullptr;
};

/// The entry point that looks at data without learning from it, and what it predicts.
class Evaluator {
public:
  /// `predicted` names the output that is compared with labels; empty: the first that is not a metric.
  Evaluator(dlc::Context &context, const dlc_entry_point &entry, const std::vector<data::Target> &targets,
            const std::string &predicted);

  /// Runs it on a batch; returns its scalars.
  Metrics evaluate(Batch &batch);
  /// What the last evaluation has predicted; null if it predicts nothing.
  const data::Array *predictions() const;
  const BatchFunction &function() const { return runner; }

private:
  BatchFunction runner;
  int predictionOutput = -1;
};

/// The inputs and labels of an entry point whose first dimension counts rows; `batch` becomes the rows of every batch,
/// 0 if any number will do. Throws Failure if there are none, or they differ in their number of rows.
std::vector<data::Target> findTargets(const dlc_entry_point &entry, size_t &batch);

/// A context on `threads` threads; 0: one for each CPU, from `pool`, which must outlive it. `device` as dlc::onDevice
/// takes it.
dlc::Context makeContext(const dlc_model *model, unsigned threads, const std::string &device,
                         std::shared_ptr<dlc::Pool> &pool);

class Learner {
public:
  /// Fails if the library has no `entryName` that gives a loss; "train_step" if empty.
  Learner(const std::string &path, const std::string &entryName, unsigned threads, const std::string &device);

  const dlc_model &model() const { return *library.model(); }
  dlc::Variables &variables() { return block; }
  /// Inputs and labels of `train_step`.
  const std::vector<data::Target> &targets() const { return wanted; }
  /// Rows of every batch; 0 if any number will do.
  size_t fixedBatch() const { return batchRows; }
  /// Names and defaults of the hyperparameters.
  const std::map<std::string, double> &hyperparameters() const { return defaults; }

  /// Takes the targets as the data has made them, and says which are the labels.
  void setTargets(std::vector<data::Target> targets);
  /// First values of the variables.
  void initialize(dlc_int64 seed);
  /// One step; returns the scalars of `train_step`, the loss first.
  Metrics step(Batch &batch, const std::map<std::string, double> &settings);

  /// Whether there is a way to look at data without learning from it.
  bool canEvaluate() const { return looker.has_value(); }
  /// By `evaluate`, or by `predict` if that is all there is.
  Evaluator &evaluator() { return *looker; }

  /// What dlc_context_cancel may be called with while the learner exists; a run then throws Cancelled.
  dlc_context *getContext() const { return context.get(); }
  /// Lets it run again.
  void resume() { context.resume(); }

  /// The name of a variable that holds a NaN or an infinity; empty if all is well.
  std::string findNonFinite() const;

private:
  dlc::Library library;
  std::shared_ptr<dlc::Pool> pool; ///< outlives the context
  dlc::Context context;
  dlc::Variables block;
  std::vector<data::Target> wanted;
  std::map<std::string, double> defaults;
  size_t batchRows = 0;
  const dlc_entry_point *trainStep = nullptr;
  std::unique_ptr<BatchFunction> stepper;
  std::optional<Evaluator> looker;
};

} // namespace dlc::training

#endif // DLC_TRAINING_LEARNER_H
