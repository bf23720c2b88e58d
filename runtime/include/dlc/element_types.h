// SPDX-License-Identifier: Apache-2.0
/// \file
/// Names and sizes of element types. No libc.
#ifndef DLC_ELEMENT_TYPES_H
#define DLC_ELEMENT_TYPES_H

#include "dlc/abi.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// "f32", "bool", ...; "unknown" for what dlc_element_type does not list.
static inline const char *dlc_element_name(dlc_uint32 element_type) {
  switch (element_type) {
  case DLC_I8:
    return "i8";
  case DLC_I16:
    return "i16";
  case DLC_I32:
    return "i32";
  case DLC_I64:
    return "i64";
  case DLC_U8:
    return "u8";
  case DLC_U16:
    return "u16";
  case DLC_U32:
    return "u32";
  case DLC_U64:
    return "u64";
  case DLC_F16:
    return "f16";
  case DLC_F32:
    return "f32";
  case DLC_F64:
    return "f64";
  case DLC_BF16:
    return "bf16";
  case DLC_BOOL:
    return "bool";
  default:
    return "unknown";
  }
}

/// Bytes of one element.
static inline size_t dlc_element_bytes(dlc_uint32 element_type) { return (element_type & 0xff) / 8; }

#ifdef __cplusplus
}
#endif
#endif /* DLC_ELEMENT_TYPES_H */
