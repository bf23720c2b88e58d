// SPDX-License-Identifier: Apache-2.0
/// \file
/// Whether indices that a caller gives are in range.
#ifndef DLC_CORE_INDEXCHECK_H
#define DLC_CORE_INDEXCHECK_H

#include "Context.h"

/// Element `i` of integers of `type` (or of bool); of u64, what is above INT64_MAX is INT64_MAX.
dlc_int64 dlcLoadInteger(const void *data, dlc_uint32 type, dlc_int64 i);

/// Looks at the inputs of `entry` (context->tensors, of the shapes that
/// context->symbols give) and at its states, as entry->checks say; DLC_ERROR_INDEX with
/// a message that names the first element that is wrong.
dlc_int32 dlcCheckIndices(Context *context, const dlc_entry_point *entry);

#endif // DLC_CORE_INDEXCHECK_H
