// SPDX-License-Identifier: Apache-2.0
#include "python/State.h"

#include "python/ArrayMemory.h"
#include "python/Conversion.h"

#include <cstring>
#include <memory>

namespace nb = nanobind;

using namespace dlc::python;

std::vector<std::string> State::names() const {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < library.model()->variable_count; ++i)
    names.push_back(library.model()->variables[i].name);
  return names;
}

nb::object State::view(const std::string &name) const {
  const dlc_variable_info &info = variables.info(name);
  std::vector<size_t> shape(info.dims, info.dims + info.rank);
  if (dlc_has_device_code(library.model())) {
    variables.pull();
    size_t bytes = dlc_variable_size(&info);
    std::unique_ptr<unsigned char[]> copy(new unsigned char[bytes + 1]);
    std::memcpy(copy.get(), variables.data() + info.offset, bytes);
    nb::capsule owner(copy.get(), [](void *memory) noexcept { delete[] static_cast<unsigned char *>(memory); });
    return nb::cast(nb::ndarray<nb::ro, nb::numpy>(copy.release(), shape.size(), shape.data(), owner, nullptr,
                                                   arrayType(info.element_type)));
  }
  return viewInPlace(info, shape);
}

nb::object State::viewInPlace(const dlc_variable_info &info, const std::vector<size_t> &shape) const {
  auto *kept = new State(*this);
  nb::capsule owner(kept, [](void *state) noexcept { delete static_cast<State *>(state); });
  return nb::cast(nb::ndarray<nb::numpy>(variables.data() + info.offset, shape.size(), shape.data(), owner, nullptr,
                                         arrayType(info.element_type)));
}

void State::write(const std::string &name, nb::handle given) const {
  const dlc_variable_info &info = variables.info(name);
  dlc_tensor_info tensor = {info.name, info.element_type, info.rank, info.dims, 0, 0, 0};
  std::string expected = "variable '" + name + "' is " + describeTensor(tensor, {});
  Array value = toArray(given, info.element_type, expected);
  bool isSame = value.ndim() == info.rank;
  for (size_t d = 0; isSame && d < value.ndim(); ++d)
    isSame = static_cast<dlc_int64>(value.shape(d)) == info.dims[d];
  if (!isSame) {
    std::string shape;
    for (size_t d = 0; d < value.ndim(); ++d)
      shape += (d ? ", " : "") + std::to_string(value.shape(d));
    throw dlc::Error(DLC_ERROR_SHAPE, expected + ", and what is given has the shape [" + shape + "]");
  }
  // NumPy copies, whatever the strides are.
  variables.pull();
  viewInPlace(info, {info.dims, info.dims + info.rank})[nb::ellipsis()] = nb::cast(value, nb::rv_policy::reference);
  // Runs reject what was derived from the old weights.
  for (const dlc_variable_info *other = library.model()->variables;
       other != library.model()->variables + library.model()->variable_count; ++other)
    if (other->kind == DLC_VARIABLE_STAMP && other != &info)
      std::memset(variables.data() + other->offset, 0, dlc_variable_size(other));
  variables.push();
}

void State::save(const std::string &path, const std::map<std::string, std::string> &metadata) const {
  nb::gil_scoped_release release;
  variables.save(path, {metadata.begin(), metadata.end()});
}

void State::load(const std::string &path, bool isPartial, bool isWeightsOnly, const std::string &prefix) {
  nb::gil_scoped_release release;
  variables.load(path, (isPartial ? DLC_LOAD_PARTIAL : 0) | (isWeightsOnly ? DLC_LOAD_WEIGHTS_ONLY : 0), prefix);
}
