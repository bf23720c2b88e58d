// SPDX-License-Identifier: Apache-2.0
/// \file
/// What generated code calls where extents do not fit together.
#ifndef DLC_CORE_EXTENTCHECK_H
#define DLC_CORE_EXTENTCHECK_H

#include "Base.h"

/// What an extent must be to another one, or to a number.
typedef enum ExtentRelation {
  DLC_EXTENTS_EQUAL,
  DLC_EXTENT_AT_LEAST,
  DLC_EXTENT_OTHER_THAN,
  DLC_EXTENT_AT_MOST
} ExtentRelation;

/// `extent` of `what`, a node or layer, is not what it must be to `other`.
/// Writes the context's message; returns DLC_ERROR_SHAPE.
dlc_int32 dlcFailExtent(const dlc_call *call, const char *what, dlc_int32 relation, dlc_int64 extent, dlc_int64 other);

#endif // DLC_CORE_EXTENTCHECK_H
