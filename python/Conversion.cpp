// SPDX-License-Identifier: Apache-2.0
#include "python/Conversion.h"

#include "python/ArrayMemory.h"
#include <nanobind/stl/string.h>

namespace nb = nanobind;

using namespace dlc::python;

std::string dlc::python::describeTensor(const dlc_tensor_info &info, const dlc_entry_point &entry) {
  std::string text = std::string(dlc_element_name(info.element_type)) + "[";
  for (uint32_t d = 0; d < info.rank; ++d) {
    dlc_int64 dim = info.dims[d];
    text += (d ? ", " : "") + (dim >= 0                  ? std::to_string(dim)
                               : dim == DLC_DIM_COMPUTED ? std::string("?")
                                                         : std::string(entry.symbols[-(dim + 1)].name));
  }
  return text + "]";
}

/// Whether the runtime accepts the array as it is, or reports itself why it does not (another device).
static bool isReady(const Array &array, uint32_t elementType) {
  if (array.device_type() != DLC_DEVICE_CPU)
    return true;
  nb::dlpack::dtype type = array.dtype(),
                    own = {static_cast<uint8_t>(elementType >> 8), static_cast<uint8_t>(elementType), 1};
  if (type != arrayType(elementType) && type != own)
    return false;
  int64_t stride = 1;
  for (size_t d = array.ndim(); d-- > 0; stride *= static_cast<int64_t>(array.shape(d)))
    if (array.shape(d) != 1 && array.stride(d) != stride && array.size())
      return false;
  return reinterpret_cast<uintptr_t>(array.data()) % dlc_element_bytes(elementType) == 0;
}

/// Whether `value` may be a masked array, whose memory holds numbers where it has none. Plain arrays are found out
/// fast.
static bool mayBeMasked(nb::handle value) {
  static const nb::handle plain = nb::object(nb::module_::import_("numpy").attr("ndarray")).release();
  return !value.type().is(plain) && nb::hasattr(value, "mask");
}

Array dlc::python::toArray(nb::handle value, uint32_t elementType, const std::string &expected) {
  Array array;
  if (!value.is_none() && nb::try_cast(value, array) && isReady(array, elementType) && !mayBeMasked(value))
    return array;
  try {
    nb::object converted =
        nb::module_::import_("dlc._arrays").attr("convert")(value, dlc_element_name(elementType), expected);
    return nb::cast<Array>(converted);
  } catch (nb::python_error &error) {
    bool isType = error.matches(PyExc_TypeError);
    if (!isType && !error.matches(PyExc_ValueError))
      throw;
    throw dlc::Error(isType ? DLC_ERROR_TYPE : DLC_ERROR_ARGUMENT, nb::cast<std::string>(nb::str(error.value())));
  }
}

std::unique_ptr<WritableArray> dlc::python::toWritableArray(nb::handle value, const std::string &expected) {
  auto array = std::make_unique<WritableArray>();
  if (value.is_none() || !nb::try_cast(value, *array))
    throw dlc::Error(DLC_ERROR_TYPE, expected + ", and what is given (" +
                                         nb::cast<std::string>(value.type().attr("__name__")) +
                                         ") is not a writable array in this machine's byte order");
  return array;
}
