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
  case DLC_I2:
    return "i2";
  case DLC_I4:
    return "i4";
  case DLC_U2:
    return "u2";
  case DLC_U4:
    return "u4";
  case DLC_F8E4M3FN:
    return "f8e4m3fn";
  case DLC_F8E4M3FNUZ:
    return "f8e4m3fnuz";
  case DLC_F8E5M2:
    return "f8e5m2";
  case DLC_F8E5M2FNUZ:
    return "f8e5m2fnuz";
  case DLC_F8E8M0FNU:
    return "f8e8m0fnu";
  case DLC_F6E2M3FN:
    return "f6e2m3fn";
  case DLC_F6E3M2FN:
    return "f6e3m2fn";
  case DLC_F4E2M1FN:
    return "f4e2m1fn";
  default:
    return "unknown";
  }
}

/// Bytes of one element; what is narrower than a byte takes one.
static inline size_t dlc_element_bytes(dlc_uint32 element_type) { return ((element_type & 0xff) + 7) / 8; }

#ifdef __cplusplus
}
#endif
#endif /* DLC_ELEMENT_TYPES_H */
