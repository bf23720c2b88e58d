// SPDX-License-Identifier: Apache-2.0
#include "training/Order.h"

#include <numeric>
#include <utility>

using namespace dlc::training;

/// The finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
static uint64_t mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

std::vector<uint32_t> dlc::training::shuffledOrder(size_t rows, uint64_t seed, uint64_t stream) {
  std::vector<uint32_t> order(rows);
  std::iota(order.begin(), order.end(), 0);
  uint64_t key = mix(mix(seed) ^ stream);
  // Fisher and Yates; the upper half of a product is below the second factor.
  for (size_t i = rows; i-- > 1;) {
    auto j = static_cast<size_t>(static_cast<unsigned __int128>(mix(key ^ mix(i))) * (i + 1) >> 64);
    std::swap(order[i], order[j]);
  }
  return order;
}
