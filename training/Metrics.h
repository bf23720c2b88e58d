// SPDX-License-Identifier: Apache-2.0
/// \file
/// How good predictions are.
#ifndef DLC_TRAINING_METRICS_H
#define DLC_TRAINING_METRICS_H

#include "data/Column.h"

#include <utility>

namespace dlc::training {

/// Named metrics, in order.
using Metrics = std::vector<std::pair<std::string, double>>;

/// The confusion matrix: rows are actual classes, columns predicted ones.
class Confusion {
public:
  explicit Confusion(size_t classes) : classes(classes), counts(classes * classes) {}

  void add(size_t label, size_t prediction) { ++counts[label * classes + prediction]; }
  size_t size() const { return classes; }
  size_t at(size_t label, size_t prediction) const { return counts[label * classes + prediction]; }

  /// accuracy, precision, recall, f1. Of two classes, the last three are those of class 1; of more, the mean over the
  /// classes that occur. A share of nothing is 0.
  Metrics metrics() const;

  /// precision, recall, f1 of one class, which are shares of nothing, 0, if it is never predicted or never occurs.
  struct ClassMetrics {
    double precision, recall, f1;
    size_t labelled; ///< how many rows are of it
  };
  ClassMetrics metricsOf(size_t label) const;

private:
  size_t classes;
  std::vector<size_t> counts;
};

/// Sums over numbers that are predicted.
class Regression {
public:
  void add(double label, double prediction);
  /// mae, r2 (the share of the variance that is explained; of labels that are all the same, 0).
  Metrics metrics() const;

private:
  size_t count = 0;
  double absolute = 0, squared = 0;
  // Welford's mean and sum of squared differences, which does not cancel.
  double mean = 0, spread = 0;
};

/// What predictions say.
enum class Answer {
  Number,    ///< a number each
  Class,     ///< a score for each class, and labels are numbers of classes
  OneHot,    ///< the same, and labels are one-hot
  Threshold, ///< 0.5 and more is class 1, less is class 0
};

struct Question {
  Answer answer = Answer::Number;
  size_t classes = 0;
};

/// What is asked of a model whose predictions and labels have these shapes. `hasClasses`: real labels are classes, too.
Question findQuestion(const std::vector<dlc_int64> &predictions, const std::vector<dlc_int64> &labels,
                      bool areLabelsIntegers, bool hasClasses);

/// The position, from `first` on, of the largest of `count` elements.
size_t findLargest(const data::Array &array, size_t first, size_t count);

/// Adds one batch: `predictions` are the model's, `labels` what it should have said. `counts` says which elements of
/// the labels count (all if it is empty); labels of classes below 0 do not.
void addPredictions(Confusion &confusion, const Question &question, const data::Array &predictions,
                    const data::Array &labels, const std::vector<bool> &counts);
/// Fails if there are not as many labels as predictions.
void addPredictions(Regression &regression, const data::Array &predictions, const data::Array &labels,
                    const std::vector<bool> &counts);

} // namespace dlc::training

#endif // DLC_TRAINING_METRICS_H
