// SPDX-License-Identifier: Apache-2.0
/// \file
/// The rule of the whole model format.
#ifndef DLC_FRONTEND_JSON_MODELRULES_H
#define DLC_FRONTEND_JSON_MODELRULES_H

#include "frontend/json/Rules.h"

namespace dlc::json {

/// A model file.
RulePtr getModelRule();

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_MODELRULES_H
