// SPDX-License-Identifier: Apache-2.0
/// \file
/// Whether a caller's tensor is what the model declares.
#ifndef DLC_CORE_TENSORCHECK_H
#define DLC_CORE_TENSORCHECK_H

#include "Context.h"

/// A tensor under check, with what messages say about it.
typedef struct Subject {
  Context *context;
  const dlc_entry_point *entry;
  const dlc_tensor_info *info;
  const dlc_tensor *tensor;
  const char *role; // "input", "output"
  int isOnHost;     // it has to be in the host's memory whatever the context runs on
} Subject;

/// Writes that the shape is not the declared one; returns `status`.
dlc_int32 dlcFailShape(const Subject *subject, dlc_int32 status);

/// Type, device and rank: what is the same for any shape.
dlc_int32 dlcCheckKind(const Subject *subject);

/// Memory: extents whose product fits, strides, address; writes the first
/// byte and the end. The shape is already known to be the right one.
dlc_int32 dlcCheckMemory(const Subject *subject, const dlc_uint64 *capacity, void **first, dlc_byte **end);

#endif // DLC_CORE_TENSORCHECK_H
