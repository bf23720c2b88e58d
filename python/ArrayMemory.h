// SPDX-License-Identifier: Apache-2.0
/// \file
/// Arrays in Python.
#ifndef DLC_PYTHON_ARRAYMEMORY_H
#define DLC_PYTHON_ARRAYMEMORY_H

#include "dlc/abi.h"
#include <nanobind/ndarray.h>

namespace dlc::python {

/// The type that an array of this element type has in Python: NumPy has no bf16, so its bits are passed as 16-bit
/// integers.
inline nanobind::dlpack::dtype arrayType(uint32_t elementType) {
  if (elementType == DLC_BF16)
    elementType = DLC_U16;
  return {static_cast<uint8_t>(elementType >> 8), static_cast<uint8_t>(elementType), 1};
}

} // namespace dlc::python

#endif // DLC_PYTHON_ARRAYMEMORY_H
