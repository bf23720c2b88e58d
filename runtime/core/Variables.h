// SPDX-License-Identifier: Apache-2.0
/// \file
/// The model's variables: a block that the caller owns and binds to contexts.
#ifndef DLC_CORE_VARIABLES_H
#define DLC_CORE_VARIABLES_H

#include "Context.h"

/// A zeroed block for the variables of `model`, from libc; null if there is no memory.
void *dlcVariablesAllocate(const dlc_model *model, dlc_error *error);
dlc_int32 dlcVariablesBind(dlc_context *context, void *block, dlc_uint64 bytes);

#endif // DLC_CORE_VARIABLES_H
