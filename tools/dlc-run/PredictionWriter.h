// SPDX-License-Identifier: Apache-2.0
/// \file
/// Files of predictions.
#ifndef DLC_TOOLS_DLC_RUN_PREDICTIONWRITER_H
#define DLC_TOOLS_DLC_RUN_PREDICTIONWRITER_H

#include "training/Predictor.h"

namespace dlcrun {

/// What one output says of one row.
struct PredictedRow {
  /// For the prediction of a classifier: the numbers of classes, one or several.
  std::vector<size_t> classes;
  /// The elements, as numbers and as text; of f32 the fewest digits that give the same number.
  std::vector<double> numbers;
  std::vector<std::string> texts;
};

/// Takes predictions a row at a time. Throws Failure.
class PredictionWriter {
public:
  /// `path` empty: standard output. `format` is csv, jsonl or npy.
  static std::unique_ptr<PredictionWriter> make(const std::string &format, const std::string &path,
                                                const dlc::training::Predictor &predictor);
  virtual ~PredictionWriter() = default;

  /// The first `rows` rows of the outputs that `function` has computed.
  virtual void take(const dlc::training::BatchFunction &function, size_t rows) = 0;
  /// After the last row.
  virtual void finish() = 0;
};

} // namespace dlcrun

#endif // DLC_TOOLS_DLC_RUN_PREDICTIONWRITER_H
