// SPDX-License-Identifier: Apache-2.0
/// \file
/// How an application resets, reads and writes what a context remembers.
#ifndef DLC_CORE_STATEACCESS_H
#define DLC_CORE_STATEACCESS_H

#include "Context.h"

dlc_int32 dlcContextReset(dlc_context *context);
dlc_int32 dlcStateShape(dlc_context *context, const char *name, dlc_int64 *dims);
dlc_int32 dlcStateRead(dlc_context *context, const char *name, const dlc_tensor *tensor);
dlc_int32 dlcStateWrite(dlc_context *context, const char *name, const dlc_tensor *tensor);

#endif // DLC_CORE_STATEACCESS_H
