// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-run/Array.h"

#include <cmath>
#include <cstring>

using namespace dlcrun;

std::string dlcrun::describeShape(const std::vector<dlc_int64> &shape) {
  std::string text = "[";
  for (dlc_int64 extent : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}

Array::Array(dlc_uint32 elementType, std::vector<dlc_int64> shape) : type(elementType), extents(std::move(shape)) {
  dlc_int64 count = 1, bytes;
  for (dlc_int64 extent : extents)
    if (extent < 0 || __builtin_mul_overflow(count, extent, &count))
      throw Failure("a tensor of shape " + describeShape(extents) + " is too large");
  if (__builtin_mul_overflow(count, static_cast<dlc_int64>(dlc_element_bytes(type)), &bytes) || bytes > INT64_MAX - 64)
    throw Failure("a tensor of shape " + describeShape(extents) + " is too large");
  elements = static_cast<size_t>(count);
  size_t rounded = (static_cast<size_t>(bytes) + 64) / 64 * 64;
  memory.reset(static_cast<unsigned char *>(std::aligned_alloc(64, rounded)));
  if (!memory)
    throw Failure("no memory for a tensor of shape " + describeShape(extents));
  std::memset(memory.get(), 0, rounded);
}

dlc_tensor Array::view() { return dlc_tensor_of(data(), type, static_cast<dlc_int32>(extents.size()), extents.data()); }

namespace {

template <typename T> double load(const unsigned char *data, size_t index) {
  T value;
  std::memcpy(&value, data + index * sizeof(T), sizeof(T));
  return static_cast<double>(value);
}

double loadHalf(const unsigned char *data, size_t index) {
  uint16_t bits;
  std::memcpy(&bits, data + index * 2, 2);
  int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  double magnitude = exponent == 31 ? (mantissa ? NAN : INFINITY)
                     : exponent     ? std::ldexp(1024 + mantissa, exponent - 25)
                                    : std::ldexp(mantissa, -24);
  return bits >> 15 ? -magnitude : magnitude;
}

double loadBrain(const unsigned char *data, size_t index) {
  uint16_t bits;
  std::memcpy(&bits, data + index * 2, 2);
  uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, 4);
  return value;
}

} // namespace

double Array::at(size_t index) const {
  switch (type) {
  case DLC_I8:
    return load<int8_t>(data(), index);
  case DLC_I16:
    return load<int16_t>(data(), index);
  case DLC_I32:
    return load<int32_t>(data(), index);
  case DLC_I64:
    return load<int64_t>(data(), index);
  case DLC_U8:
  case DLC_BOOL:
    return load<uint8_t>(data(), index);
  case DLC_U16:
    return load<uint16_t>(data(), index);
  case DLC_U32:
    return load<uint32_t>(data(), index);
  case DLC_U64:
    return load<uint64_t>(data(), index);
  case DLC_F16:
    return loadHalf(data(), index);
  case DLC_BF16:
    return loadBrain(data(), index);
  case DLC_F64:
    return load<double>(data(), index);
  default:
    return load<float>(data(), index);
  }
}

std::string Array::describe() const { return dlc_element_name(type) + describeShape(extents); }
