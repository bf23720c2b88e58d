// SPDX-License-Identifier: Apache-2.0
/// \file
/// Predictions of a library for data from files, converted as the data that it has learned from was.
#ifndef DLC_TRAINING_PREDICTOR_H
#define DLC_TRAINING_PREDICTOR_H

#include "training/Evaluation.h"
#include "training/TrainOptions.h"

namespace dlc::training {

struct PredictOptions {
  std::string library;
  std::string entry;     ///< empty: `evaluate` for evaluations, else `run` or `predict`
  std::string variables; ///< checkpoint of a model that is trainable or has replaceable weights
  data::DataOptions data;
  NamedNumbers scales;        ///< instead of those that the model has learned with
  std::string rows;           ///< file with the indices of the rows to use; empty: all
  double validationSplit = 0; ///< above 0: the share of rows, selected by `seed`, that training held out
  uint64_t seed = 0;
  size_t batch = 0; ///< rows of a run; 0: as many as in training, or 32
  unsigned threads = 1;
  std::string device;      ///< "cpu", "cuda", "cuda:1"; empty: what the library prefers
  data::OptionNames names; ///< for messages
};

class Predictor {
public:
  /// Opens the library and reads the data. For DataRole::Validation the data has labels, for DataRole::Prediction it
  /// needs none. Throws Failure, as all functions do.
  Predictor(PredictOptions options, data::DataRole role);

  const dlc_model &model() const { return *library.model(); }
  /// How the model's data was described; empty if neither library nor checkpoint says so.
  const data::DataDescription &description() const { return known; }
  const data::Dataset &data() const { return rowsOfAll; }
  const std::vector<data::Target> &targets() const { return wanted; }
  /// The rows that are used, in order.
  const std::vector<uint32_t> &rows() const { return order; }
  size_t batchRows() const { return batch; }

  /// What the model says of data with labels. Rows that do not fill a batch are left out if the model fixes its size,
  /// as in training.
  Evaluation evaluate();
  size_t evaluatedRows() const { return hasFixedBatch ? order.size() / batch * batch : order.size(); }

  /// Calls `take(function, rows)` after each batch with the function that has run: its outputs have that many rows that
  /// count, which are next in rows().
  void predict(const std::function<void(const BatchFunction &function, size_t rows)> &take);
  /// The description of the outputs.
  const dlc_entry_point &entry() const { return *entryPoint; }
  /// The output that is the prediction.
  size_t predictionOutput() const;

private:
  void giveVariables();
  void pickEntry(data::DataRole role);
  void readData(data::DataRole role);

  const PredictOptions options;
  dlc::Library library;
  std::shared_ptr<dlc::Pool> pool; ///< outlives the context
  dlc::Context context;
  std::optional<dlc::Variables> variables;
  data::DataDescription known;
  const dlc_entry_point *entryPoint = nullptr;
  std::vector<data::Target> wanted;
  data::Dataset rowsOfAll;
  std::vector<uint32_t> order;
  size_t batch = 0;
  bool hasFixedBatch = false;
  std::optional<Evaluator> evaluator;
};

} // namespace dlc::training

#endif // DLC_TRAINING_PREDICTOR_H
