// SPDX-License-Identifier: Apache-2.0
/// \file
/// What generated code calls where extents do not fit together.
#ifndef DLC_CORE_EXTENTCHECK_H
#define DLC_CORE_EXTENTCHECK_H

#include "Base.h"

/// Two extents of `what`, a node or layer, that must be equal are `lhs` and
/// `rhs`. Writes the context's message; returns DLC_ERROR_SHAPE.
dlc_int32 dlcFailEqualExtents(const dlc_call *call, const char *what, dlc_int64 lhs, dlc_int64 rhs);

/// The same for an extent `extent` that must be at least `least`.
dlc_int32 dlcFailLeastExtent(const dlc_call *call, const char *what, dlc_int64 extent, dlc_int64 least);

#endif // DLC_CORE_EXTENTCHECK_H
