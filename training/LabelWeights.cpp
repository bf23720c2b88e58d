// SPDX-License-Identifier: Apache-2.0
#include "training/LabelWeights.h"

#include <algorithm>

using namespace dlc::data;
using namespace dlc::training;

LabelWeights::LabelWeights(const std::vector<Target> &targets) {
  for (size_t i = 0; i < targets.size(); ++i) {
    if (targets[i].isWeight)
      weight = i;
    if (targets[i].isLabel && !label) {
      label = i;
      ignored = targets[i].ignored;
    }
  }
}

/// The element of `weights` that element `i` of `labels` belongs to: all that a sample has shares one, if there are
/// fewer.
static double weightOf(const Array &weights, const Array &labels, size_t i) {
  size_t shared = std::max<size_t>(1, labels.count() / std::max<size_t>(1, weights.count()));
  return weights.at(std::min(i / shared, weights.count() - 1));
}

double LabelWeights::total(const Batch &batch) const {
  if (!ignored && !weight)
    return static_cast<double>(batch.rows);
  double sum = 0;
  if (!ignored) {
    const Array &weights = batch.tensors[*weight];
    for (size_t i = 0; i < weights.count(); ++i)
      sum += weights.at(i);
    return sum;
  }
  const Array &labels = batch.tensors[*label];
  for (size_t i = 0; i < labels.count(); ++i)
    if (labels.at(i) != static_cast<double>(*ignored))
      sum += weight ? weightOf(batch.tensors[*weight], labels, i) : 1;
  return sum;
}

std::vector<bool> LabelWeights::counting(const Batch &batch) const {
  std::vector<bool> counts;
  if (!label || (!ignored && !weight))
    return counts;
  const Array &labels = batch.tensors[*label];
  for (size_t i = 0; i < labels.count(); ++i)
    counts.push_back(!(ignored && labels.at(i) == static_cast<double>(*ignored)) &&
                     !(weight && weightOf(batch.tensors[*weight], labels, i) == 0));
  return counts;
}
