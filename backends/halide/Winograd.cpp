// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/Winograd.h"
#include <cassert>

namespace dlc::halide {

// Interpolation points 0, 1, -1, infinity.
static constexpr double weight2[] = {1, 0, 0, 0.5, 0.5, 0.5, 0.5, -0.5, 0.5, 0, 0, 1};
static constexpr double input2[] = {1, 0, -1, 0, 0, 1, 1, 0, 0, -1, 1, 0, 0, 1, 0, -1};
static constexpr double output2[] = {1, 1, 1, 0, 0, 1, -1, -1};

// Interpolation points 0, 1, -1, 2, -2, infinity.
static constexpr double weight4[] = {1. / 4,  0,       0,      -1. / 6, -1. / 6,  -1. / 6, -1. / 6, 1. / 6, -1. / 6,
                                     1. / 24, 1. / 12, 1. / 6, 1. / 24, -1. / 12, 1. / 6,  0,       0,      1};
static constexpr double input4[] = {4, 0,  -5, 0, 1, 0, 0, -4, -4, 1,  1, 0, 0, 4, -4, -1, 1, 0,
                                    0, -2, -1, 2, 1, 0, 0, 2,  -1, -2, 1, 0, 0, 4, 0,  -5, 0, 1};
static constexpr double output4[] = {1, 1, 1, 1, 1, 0, 0, 1, -1, 2, -2, 0, 0, 1, 1, 4, 4, 0, 0, 1, -1, 8, -8, 1};

const WinogradTransform &getWinogradTransform(int64_t m) {
  static const WinogradTransform transform2{2, weight2, input2, output2}, transform4{4, weight4, input4, output4};
  assert((m == 2 || m == 4) && "the layout's verifier accepts no other tiles");
  return m == 2 ? transform2 : transform4;
}

} // namespace dlc::halide
