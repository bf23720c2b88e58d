// SPDX-License-Identifier: Apache-2.0
#include "training/Metrics.h"

#include <cmath>

using namespace dlc::data;
using namespace dlc::training;

static double share(double part, double whole) { return whole > 0 ? part / whole : 0; }

Confusion::ClassMetrics Confusion::metricsOf(size_t label) const {
  size_t labelled = 0, predicted = 0;
  for (size_t other = 0; other < classes; ++other) {
    labelled += at(label, other);
    predicted += at(other, label);
  }
  auto both = static_cast<double>(at(label, label)), occurrences = static_cast<double>(labelled),
       answers = static_cast<double>(predicted);
  return {share(both, answers), share(both, occurrences), share(2 * both, occurrences + answers), labelled};
}

Metrics Confusion::metrics() const {
  double right = 0, total = 0, precision = 0, recall = 0, f1 = 0;
  size_t occurring = 0;
  for (size_t c = 0; c < classes; ++c) {
    ClassMetrics metrics = metricsOf(c);
    right += static_cast<double>(at(c, c));
    total += static_cast<double>(metrics.labelled);
    bool isPredicted = false;
    for (size_t other = 0; other < classes; ++other)
      isPredicted |= at(other, c) != 0;
    if (classes == 2 ? c == 0 : !metrics.labelled && !isPredicted)
      continue;
    ++occurring;
    precision += metrics.precision;
    recall += metrics.recall;
    f1 += metrics.f1;
  }
  double count = static_cast<double>(occurring);
  return {{"accuracy", share(right, total)},
          {"precision", share(precision, count)},
          {"recall", share(recall, count)},
          {"f1", share(f1, count)}};
}

void Regression::add(double label, double prediction) {
  double error = prediction - label, before = label - mean;
  ++count;
  absolute += std::fabs(error);
  squared += error * error;
  mean += before / static_cast<double>(count);
  spread += before * (label - mean);
}

Metrics Regression::metrics() const {
  return {{"mae", share(absolute, static_cast<double>(count))}, {"r2", spread > 0 ? 1 - squared / spread : 0}};
}

static size_t countOf(const std::vector<dlc_int64> &shape) {
  size_t count = 1;
  for (dlc_int64 extent : shape)
    count *= static_cast<size_t>(extent);
  return count;
}

Question dlc::training::findQuestion(const std::vector<dlc_int64> &predictions, const std::vector<dlc_int64> &labels,
                                     bool areLabelsIntegers, bool hasClasses) {
  if (predictions.empty() || (!areLabelsIntegers && !hasClasses))
    return {};
  auto last = static_cast<size_t>(predictions.back());
  size_t count = countOf(predictions), labelCount = countOf(labels);
  if (areLabelsIntegers && last > 1 && labelCount * last == count)
    return {Answer::Class, last};
  if (labelCount != count)
    return {};
  // As many labels as predictions: several real ones in a row are one-hot, else each says which of two classes.
  if (!areLabelsIntegers && predictions.size() > 1 && last > 1)
    return {Answer::OneHot, last};
  return {Answer::Threshold, 2};
}

size_t dlc::training::findLargest(const Array &array, size_t first, size_t count) {
  size_t best = 0;
  for (size_t i = 1; i < count; ++i)
    if (array.at(first + i) > array.at(first + best))
      best = i;
  return best;
}

void dlc::training::addPredictions(Confusion &confusion, const Question &question, const Array &predictions,
                                   const Array &labels, const std::vector<bool> &counts) {
  auto isCounted = [&](size_t i) { return counts.empty() || counts[i]; };
  if (question.answer == Answer::Threshold) {
    for (size_t i = 0; i < labels.count(); ++i)
      if (labels.at(i) >= 0 && isCounted(i))
        confusion.add(labels.at(i) >= 0.5, predictions.at(i) >= 0.5);
    return;
  }
  size_t classes = question.classes;
  for (size_t i = 0; (i + 1) * classes <= predictions.count(); ++i) {
    bool isOneHot = question.answer == Answer::OneHot;
    double label = isOneHot ? static_cast<double>(findLargest(labels, i * classes, classes)) : labels.at(i);
    if (label >= 0 && label < static_cast<double>(classes) && isCounted(isOneHot ? i * classes : i))
      confusion.add(static_cast<size_t>(label), findLargest(predictions, i * classes, classes));
  }
}

void dlc::training::addPredictions(Regression &regression, const Array &predictions, const Array &labels,
                                   const std::vector<bool> &counts) {
  if (predictions.count() != labels.count())
    throw Failure("predictions are " + predictions.describe() + " and labels " + labels.describe() +
                  ": they cannot be compared");
  for (size_t i = 0; i < labels.count(); ++i)
    if (counts.empty() || counts[i])
      regression.add(labels.at(i), predictions.at(i));
}
