// SPDX-License-Identifier: Apache-2.0
#include "ExtentCheck.h"

#include "ContextMessage.h"
#include "Scratch.h"
#include "Text.h"

dlc_int32 dlcFailExtent(const dlc_call *call, const char *what, dlc_int32 relation, dlc_int64 extent, dlc_int64 other) {
  char message[400];
  if (relation == DLC_EXTENTS_EQUAL)
    dlcFormat(message, sizeof message, "'%s' needs equal extents, and these inputs give %d and %d", what, extent,
              other);
  else
    dlcFormat(message, sizeof message, "'%s' needs an extent %s %d, and these inputs give %d", what,
              relation == DLC_EXTENT_AT_LEAST  ? "of at least"
              : relation == DLC_EXTENT_AT_MOST ? "of at most"
                                               : "other than",
              other, extent);
  dlcContextKernelMessage(call->scratch->context, message);
  return DLC_ERROR_SHAPE;
}
