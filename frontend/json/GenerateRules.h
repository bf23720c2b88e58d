// SPDX-License-Identifier: Apache-2.0
/// \file
/// The rules of the section `generate`.
#ifndef DLC_FRONTEND_JSON_GENERATERULES_H
#define DLC_FRONTEND_JSON_GENERATERULES_H

#include "frontend/json/Rules.h"

namespace dlc::json {

/// The `generate` section: one way to decode, or a list of them.
RulePtr getGenerateRule();

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_GENERATERULES_H
