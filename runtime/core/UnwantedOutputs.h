// SPDX-License-Identifier: Apache-2.0
/// \file
/// Outputs of a run that the caller does not want.
#ifndef DLC_CORE_UNWANTEDOUTPUTS_H
#define DLC_CORE_UNWANTEDOUTPUTS_H

#include "Context.h"

/// Whether the caller passes dlc_no_tensor().
static inline int dlcIsUnwanted(const dlc_tensor *output) { return !output->data && !output->dtype.bits; }

/// Gives each unwanted output of `entry`, which has the extents `context->dims`, memory of the context, until its next
/// run.
dlc_int32 dlcProvideUnwanted(Context *context, const dlc_entry_point *entry, const dlc_tensor *outputs);

#endif // DLC_CORE_UNWANTEDOUTPUTS_H
