// SPDX-License-Identifier: Apache-2.0
/// \file
/// The rules of what models say about tensors.
#ifndef DLC_FRONTEND_JSON_TENSORRULES_H
#define DLC_FRONTEND_JSON_TENSORRULES_H

#include "frontend/json/Rules.h"

namespace dlc::json {

/// The name of an element type.
RulePtr getElementTypeRule();
/// An extent of an input: a number, or the name of one that is known only when the model runs.
RulePtr getExtentRule();
/// One element of `inputs`: name, type, shape.
RulePtr getInputRule();

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_TENSORRULES_H
