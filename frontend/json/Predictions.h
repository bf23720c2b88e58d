// SPDX-License-Identifier: Apache-2.0
/// \file
/// Whether predictions are what a loss takes: probabilities, their logarithms, or scores.
#ifndef DLC_FRONTEND_JSON_PREDICTIONS_H
#define DLC_FRONTEND_JSON_PREDICTIONS_H

#include "frontend/Losses.h"
#include "frontend/json/OpContext.h"

namespace dlc::json {

/// Looks at the op that predictions come from, past ops that only move elements. Reports by `context` what a loss
/// cannot mean, such as the logarithm of a dense layer's scores, and returns false; warns where it may be intended. If
/// it cannot be decided what predictions are, nothing is reported. `classAxis` counts from 0.
bool checkPredictions(OpContext &context, const LossDescription &loss, mlir::Value predictions, int64_t classAxis);

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_PREDICTIONS_H
