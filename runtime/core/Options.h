// SPDX-License-Identifier: Apache-2.0
/// \file
/// Options from a program that was built with another version of dlc.
#ifndef DLC_CORE_OPTIONS_H
#define DLC_CORE_OPTIONS_H

#include "Base.h"

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
