// SPDX-License-Identifier: Apache-2.0
#include "data/RandomNumbers.h"

#include <cstdint>
#include <cstring>

void dlc::data::fillRandomly(Array &array, std::mt19937 &generator) {
  std::uniform_real_distribution<float> real(-1, 1);
  for (size_t i = 0; i < array.count(); ++i) {
    float value = real(generator);
    unsigned char *element = array.data() + i * dlc_element_bytes(array.elementType());
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    switch (array.elementType()) {
    case DLC_F32:
      std::memcpy(element, &value, 4);
      break;
    case DLC_F64: {
      double wide = value;
      std::memcpy(element, &wide, 8);
      break;
    }
    case DLC_BF16:
      std::memcpy(element, reinterpret_cast<char *>(&bits) + 2, 2);
      break;
    case DLC_F16: {
      // Magnitudes from 1/4 to 1: exponents 13 and 14, any mantissa.
      uint16_t half = static_cast<uint16_t>((bits >> 31) << 15 | (13 + (bits >> 18 & 1)) << 10 | (bits >> 8 & 1023));
      std::memcpy(element, &half, 2);
      break;
    }
    case DLC_U8:
      *element = bits >> 8 & 255;
      break;
    default:
      *element = value > 0; // the lowest byte of any integer
      break;
    }
  }
}
