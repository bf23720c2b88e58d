// SPDX-License-Identifier: Apache-2.0
/// \file
/// Options from a program that was built with another version of dlc.
#ifndef DLC_CORE_OPTIONS_H
#define DLC_CORE_OPTIONS_H

#include "Base.h"

/// Sizes in version 6 of the ABI of the structures that a program makes.
#define DLC_LEAST_CONTEXT_OPTIONS 80u
#define DLC_LEAST_EXECUTOR 24u
#define DLC_LEAST_POOL_OPTIONS 40u
#define DLC_LEAST_LOAD_OPTIONS 16u
_Static_assert(sizeof(dlc_context_options) >= DLC_LEAST_CONTEXT_OPTIONS && sizeof(dlc_executor) >= DLC_LEAST_EXECUTOR &&
                   sizeof(dlc_pool_options) >= DLC_LEAST_POOL_OPTIONS &&
                   sizeof(dlc_load_options) >= DLC_LEAST_LOAD_OPTIONS,
               "structures only grow");

/// Copies the structure `given`, which starts with its size, to `options`, of
/// `bytes` bytes; null means all zeros. Fields that the program's header lacks are
/// zero. Returns nonzero if it is shorter than it ever was (`least` bytes), or
/// sets a field that this runtime lacks.
static inline int dlcReadOptions(void *options, dlc_uint32 bytes, dlc_uint32 least, const void *given) {
  memset(options, 0, bytes);
  if (!given)
    return 0;
  dlc_uint32 size;
  memcpy(&size, given, sizeof size);
  if (size < least)
    return 1;
  memcpy(options, given, size < bytes ? size : bytes);
  int isUnknown = 0;
  for (dlc_uint32 i = bytes; i < size; ++i)
    isUnknown |= ((const dlc_byte *)given)[i];
  return isUnknown;
}

#endif // DLC_CORE_OPTIONS_H
