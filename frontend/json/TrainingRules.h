// SPDX-License-Identifier: Apache-2.0
/// \file
/// The rules of the section `training`, and of the nodes that say the same.
#ifndef DLC_FRONTEND_JSON_TRAININGRULES_H
#define DLC_FRONTEND_JSON_TRAININGRULES_H

#include "frontend/json/Rules.h"

namespace dlc::json {

/// A loss: a name, or an object with `name` and its options.
RulePtr getLossRule();
/// An optimizer: a name, or an object with `name` and its options.
RulePtr getOptimizerRule();
/// The `training` section.
RulePtr getTrainingRule();
/// A file that holds the section alone, for a model that has none.
RulePtr getTrainingFileRule();

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_TRAININGRULES_H
