// SPDX-License-Identifier: Apache-2.0
/// \file
/// Whether indices that a caller gives are in range.
#ifndef DLC_CORE_INDEXCHECK_H
#define DLC_CORE_INDEXCHECK_H

#include "Context.h"

/// Looks at the inputs of `entry` (context->tensors, of the shapes that
/// context->symbols give) and at its states, as entry->checks say; DLC_ERROR_INDEX with
/// a message that names the first element that is wrong.
dlc_int32 dlcCheckIndices(Context *context, const dlc_entry_point *entry);

#endif // DLC_CORE_INDEXCHECK_H
