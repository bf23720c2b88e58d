// SPDX-License-Identifier: Apache-2.0
/// \file
/// The validity stamp in a block of variables.
#ifndef DLC_CORE_STAMP_H
#define DLC_CORE_STAMP_H

#include "Base.h"

/// Where `block` says whether what is derived from its weights belongs to them; null if nothing is derived.
dlc_int64 *dlcVariablesStamp(const dlc_model *model, void *block);

#endif // DLC_CORE_STAMP_H
