// SPDX-License-Identifier: Apache-2.0
// Attention of f16 by the tensor cores of GPUs of compute capability 7.5.
#include "HalfAttention.h"

namespace {

template <int Size, int Down, int Width> using HalfSm75 = HalfAttention<MatricesOfSm75, Size, Down, Width>;

} // namespace

DLC_DEFINE_ATTENTIONS(HalfSm75, 1, 8)
DLC_DEFINE_ATTENTIONS(HalfSm75, 1, 1)
