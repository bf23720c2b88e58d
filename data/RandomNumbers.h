// SPDX-License-Identifier: Apache-2.0
/// \file
/// Numbers to run models on where a user gives none.
#ifndef DLC_DATA_RANDOMNUMBERS_H
#define DLC_DATA_RANDOMNUMBERS_H

#include "data/Array.h"

#include <random>

namespace dlc::data {

/// Fills `array` with random bits that mean ordinary numbers: real ones from -1 to 1, u8 from 0 to 255 (of images,
/// which are almost uniform with less), other integers 0 or 1 (they may be indices), booleans. The same ones for a
/// generator in the same state.
void fillRandomly(Array &array, std::mt19937 &generator);

} // namespace dlc::data

#endif // DLC_DATA_RANDOMNUMBERS_H
