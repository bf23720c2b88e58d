// SPDX-License-Identifier: Apache-2.0
#include "ExtentCheck.h"

#include "ContextMessage.h"
#include "Scratch.h"
#include "Text.h"

dlc_int32 dlcFailEqualExtents(const dlc_call *call, const char *what, dlc_int64 lhs, dlc_int64 rhs) {
  char message[400];
  dlcFormat(message, sizeof message, "'%s' needs equal extents, and these inputs give %d and %d", what, lhs, rhs);
  dlcContextKernelMessage(call->scratch->context, message);
  return DLC_ERROR_SHAPE;
}

dlc_int32 dlcFailLeastExtent(const dlc_call *call, const char *what, dlc_int64 extent, dlc_int64 least) {
  char message[400];
  dlcFormat(message, sizeof message, "'%s' needs an extent of at least %d, and these inputs give %d", what, least,
            extent);
  dlcContextKernelMessage(call->scratch->context, message);
  return DLC_ERROR_SHAPE;
}
