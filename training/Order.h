// SPDX-License-Identifier: Apache-2.0
/// \file
/// The order in which rows are seen. Counter-based: it depends on the seed and a number only, so any position in a
/// training run can be found again.
#ifndef DLC_TRAINING_ORDER_H
#define DLC_TRAINING_ORDER_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dlc::training {

/// The numbers below `rows`, shuffled; the same for the same arguments, on every machine. `stream` is the epoch, or
/// splitStream.
std::vector<uint32_t> shuffledOrder(size_t rows, uint64_t seed, uint64_t stream);

/// The stream that decides which rows are held out for validation.
constexpr uint64_t splitStream = ~uint64_t(0);

} // namespace dlc::training

#endif // DLC_TRAINING_ORDER_H
