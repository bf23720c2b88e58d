// SPDX-License-Identifier: Apache-2.0
/// \file
/// How much the labels of a batch count.
#ifndef DLC_TRAINING_LABELWEIGHTS_H
#define DLC_TRAINING_LABELWEIGHTS_H

#include "training/Loader.h"

namespace dlc::training {

/// Labels that the model ignores do not count, others as much as the weight of their sample says. What a model gives
/// for a batch are means over what counts in it.
class LabelWeights {
public:
  LabelWeights() = default;
  explicit LabelWeights(const std::vector<data::Target> &targets);

  /// What the batch counts among others of the run: its rows, unless labels are ignored or weighed.
  double total(const Batch &batch) const;
  /// Which elements of the (first) label count; empty: all.
  std::vector<bool> counting(const Batch &batch) const;

private:
  std::optional<size_t> label, weight; ///< numbers of targets
  std::optional<dlc_int64> ignored;
};

} // namespace dlc::training

#endif // DLC_TRAINING_LABELWEIGHTS_H
