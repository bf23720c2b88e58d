// SPDX-License-Identifier: Apache-2.0
#include "data/Array.h"

#include <cmath>
#include <cstring>
#include <limits>

using namespace dlc::data;

std::string dlc::data::describeShape(const std::vector<dlc_int64> &shape) {
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

/// Floating point of 8 bits or fewer: a sign, `exponentBits`, and a mantissa.
struct SmallFloat {
  int bits, exponentBits, bias;
  unsigned infinity, nan; ///< the smallest magnitudes that are infinite and NaN; 0: -0 is NaN
};

double loadSmallFloat(unsigned char byte, SmallFloat type) {
  int mantissaBits = type.bits - 1 - type.exponentBits;
  unsigned sign = 1u << (type.bits - 1), magnitude = byte & (sign - 1);
  bool isNegative = byte & sign;
  if (type.nan ? magnitude >= type.nan : isNegative && !magnitude)
    return NAN;
  int exponent = static_cast<int>(magnitude >> mantissaBits), mantissa = magnitude & ((1u << mantissaBits) - 1);
  double value = magnitude == type.infinity ? INFINITY
                 : exponent ? std::ldexp((1 << mantissaBits) + mantissa, exponent - type.bias - mantissaBits)
                            : std::ldexp(mantissa, 1 - type.bias - mantissaBits);
  return isNegative ? -value : value;
}

/// The low `bits` of a byte as a signed integer.
double loadNarrow(unsigned char byte, int bits) {
  int value = byte & ((1 << bits) - 1);
  return value >> (bits - 1) ? value - (1 << bits) : value;
}

} // namespace

double Array::at(size_t index) const {
  constexpr unsigned none = 0x100;
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
  case DLC_I2:
    return loadNarrow(data()[index], 2);
  case DLC_I4:
    return loadNarrow(data()[index], 4);
  case DLC_U2:
    return data()[index] & 3;
  case DLC_U4:
    return data()[index] & 15;
  case DLC_F8E4M3FN:
    return loadSmallFloat(data()[index], {8, 4, 7, none, 0x7f});
  case DLC_F8E4M3FNUZ:
    return loadSmallFloat(data()[index], {8, 4, 8, none, 0});
  case DLC_F8E5M2:
    return loadSmallFloat(data()[index], {8, 5, 15, 0x7c, 0x7d});
  case DLC_F8E5M2FNUZ:
    return loadSmallFloat(data()[index], {8, 5, 16, none, 0});
  case DLC_F8E8M0FNU:
    return data()[index] == 255 ? NAN : std::ldexp(1, data()[index] - 127);
  case DLC_F6E2M3FN:
    return loadSmallFloat(data()[index], {6, 2, 1, none, none});
  case DLC_F6E3M2FN:
    return loadSmallFloat(data()[index], {6, 3, 3, none, none});
  case DLC_F4E2M1FN:
    return loadSmallFloat(data()[index], {4, 2, 1, none, none});
  default:
    return load<float>(data(), index);
  }
}

std::string Array::describe() const { return dlc_element_name(type) + describeShape(extents); }

std::string dlc::data::describeNumber(double value) {
  char text[40];
  // The sign of NaN means nothing.
  std::snprintf(text, sizeof text, "%.10g", std::isnan(value) ? std::fabs(value) : value);
  return text;
}

namespace {

template <typename T> void storeInteger(double value, unsigned char *to) {
  // The upper limits of 64-bit types are not doubles: the next power of two is, and is excluded.
  double low = static_cast<double>(std::numeric_limits<T>::min()),
         beyond = std::ldexp(1.0, std::numeric_limits<T>::digits);
  if (value != std::trunc(value))
    throw Failure(describeNumber(value) + " is not an integer");
  if (!(value >= low && value < beyond))
    throw Failure(describeNumber(value) + " does not fit the element type");
  auto integer = static_cast<T>(value);
  std::memcpy(to, &integer, sizeof integer);
}

} // namespace

void dlc::data::storeNumber(double value, dlc_uint32 type, unsigned char *to) {
  switch (type) {
  case DLC_F32: {
    auto real = static_cast<float>(value);
    std::memcpy(to, &real, 4);
    return;
  }
  case DLC_F64:
    std::memcpy(to, &value, 8);
    return;
  case DLC_BF16: {
    auto real = static_cast<float>(value);
    uint32_t bits;
    std::memcpy(&bits, &real, 4);
    // Rounded to nearest, ties to even.
    auto upper = static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    std::memcpy(to, &upper, 2);
    return;
  }
  case DLC_BOOL:
    *to = value != 0;
    return;
  case DLC_I8:
    return storeInteger<int8_t>(value, to);
  case DLC_I16:
    return storeInteger<int16_t>(value, to);
  case DLC_I32:
    return storeInteger<int32_t>(value, to);
  case DLC_I64:
    return storeInteger<int64_t>(value, to);
  case DLC_U8:
    return storeInteger<uint8_t>(value, to);
  case DLC_U16:
    return storeInteger<uint16_t>(value, to);
  case DLC_U32:
    return storeInteger<uint32_t>(value, to);
  case DLC_U64:
    return storeInteger<uint64_t>(value, to);
  default:
    throw Failure("numbers cannot be converted to " + std::string(dlc_element_name(type)) +
                  ": give an array of that type");
  }
}
