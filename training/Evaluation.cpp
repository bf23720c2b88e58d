// SPDX-License-Identifier: Apache-2.0
#include "training/Evaluation.h"

#include <algorithm>

using namespace dlc::data;
using namespace dlc::training;

std::optional<Evaluation> dlc::training::evaluate(Evaluator &evaluator, Loader &loader,
                                                  const std::vector<Target> &targets, const LabelWeights &weights,
                                                  const std::function<bool()> &isInterrupted) {
  Evaluation evaluation;
  std::vector<double> sums;
  Metrics last;
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
    if (isInterrupted())
      return std::nullopt;
    last = evaluator.evaluate(batch);
    double weight = weights.total(batch);
    sums.resize(last.size());
    for (size_t i = 0; i < last.size(); ++i)
      sums[i] += last[i].second * weight;
    weightSeen += weight;
    if (const Array *predictions = evaluator.predictions(); predictions && label) {
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
    evaluation.metrics.push_back({last[i].first, share(sums[i], weightSeen)});
  Metrics measured = evaluation.confusion ? evaluation.confusion->metrics()
                     : regression         ? regression->metrics()
                                          : Metrics();
  for (auto &metric : measured)
    if (std::none_of(last.begin(), last.end(), [&](const auto &known) { return known.first == metric.first; }))
      evaluation.metrics.push_back(metric);
  return evaluation;
}
