// SPDX-License-Identifier: Apache-2.0
/// \file
/// Arrays in Python.
#ifndef DLC_PYTHON_ARRAYMEMORY_H
#define DLC_PYTHON_ARRAYMEMORY_H

#include "dlc/element_types.h"
#include <nanobind/ndarray.h>

namespace dlc::python {

/// The type that an array of this element type has in Python: NumPy has no bf16 and nothing of 8 bits or fewer but
/// integers of 8, so their bits are passed as integers.
inline nanobind::dlpack::dtype arrayType(uint32_t elementType) {
  if (elementType == DLC_BF16)
    elementType = DLC_U16;
  else if (elementType == DLC_I4 || elementType == DLC_I2)
    elementType = DLC_I8;
  else if (dlc_element_bytes(elementType) == 1 && elementType != DLC_BOOL && elementType != DLC_I8)
    elementType = DLC_U8;
  return {static_cast<uint8_t>(elementType >> 8), static_cast<uint8_t>(elementType), 1};
}

} // namespace dlc::python

#endif // DLC_PYTHON_ARRAYMEMORY_H
