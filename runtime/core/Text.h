// SPDX-License-Identifier: Apache-2.0
/// \file
/// Messages, formatted without libc (so without locales and allocations).
#ifndef DLC_CORE_TEXT_H
#define DLC_CORE_TEXT_H

#include "Base.h"

/// Room for a tensor's shape in a message; longer ones are cut off.
#define DLC_SHAPE_TEXT 160

/// Writes `format` to `buffer`, cut off at `size` (> 0) with the terminator
/// always there. `%s` takes a `const char *` (null prints as "?"), `%d` a
/// dlc_int64, `%u` a dlc_uint64; a length is not understood.
void dlcFormat(char *buffer, size_t size, const char *format, ...);

/// The same, with arguments in a list.
void dlcFormatList(char *buffer, size_t size, const char *format, __builtin_va_list arguments);

/// Writes "[2, 1, 8, 8]".
void dlcFormatShape(char *buffer, size_t size, const dlc_int64 *shape, dlc_uint32 rank);

/// Writes the declared dimensions with names where they are symbols:
/// "[N, 1, 8, 8]"; a computed one is "?".
void dlcFormatDims(char *buffer, size_t size, const dlc_tensor_info *info, const dlc_symbol_info *symbols);

/// "f32", "bool", ...; for a code of no known type, "unknown".
const char *dlcTypeName(dlc_uint32 elementType);

/// Whether two strings are the same.
int dlcIsSameText(const char *a, const char *b);

/// Fills `error` (may be null) and returns `status`.
dlc_int32 dlcFail(dlc_error *error, dlc_int32 status, const char *format, ...);

#endif // DLC_CORE_TEXT_H
