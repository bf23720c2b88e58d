// SPDX-License-Identifier: Apache-2.0
/// \file
/// Converts what a Python program passes to arrays that the runtime accepts.
#ifndef DLC_PYTHON_CONVERSION_H
#define DLC_PYTHON_CONVERSION_H

#include "dlc/runtime.hpp"
#include <memory>
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <string>

namespace dlc::python {

/// An array that the caller owns, read or written in place.
using Array = nanobind::ndarray<nanobind::ro>;
using WritableArray = nanobind::ndarray<>;

/// "f32[N, 4]"; `entry` names the symbols.
std::string describeTensor(const dlc_tensor_info &info, const dlc_entry_point &entry);

/// `value` as a compact array of the type `elementType`: itself if it is one, or on another device; else what
/// dlc/_arrays.py makes of it. Throws dlc::Error (DLC_ERROR_TYPE or DLC_ERROR_ARGUMENT) whose message begins with
/// `expected`, "input 'x' is f32[N, 4]".
Array toArray(nanobind::handle value, uint32_t elementType, const std::string &expected);

/// `value` as an array that is written in place. Throws dlc::Error (DLC_ERROR_TYPE).
std::unique_ptr<WritableArray> toWritableArray(nanobind::handle value, const std::string &expected);

} // namespace dlc::python

#endif // DLC_PYTHON_CONVERSION_H
