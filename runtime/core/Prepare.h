// SPDX-License-Identifier: Apache-2.0
/// \file
/// dlc_prepare: what contexts of a model share, before there is one.
#ifndef DLC_CORE_PREPARE_H
#define DLC_CORE_PREPARE_H

#include "Base.h"

dlc_int32 dlcModelPrepare(const dlc_model *model, const dlc_context_options *options, dlc_error *error);

#endif // DLC_CORE_PREPARE_H
