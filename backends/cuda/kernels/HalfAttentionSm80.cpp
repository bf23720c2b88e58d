// SPDX-License-Identifier: Apache-2.0
// Attention of f16 and bf16 by the tensor cores of GPUs of compute capability 8.0 and newer.
#include "HalfAttention.h"

namespace {

template <int Size, int Down, int Width> using HalfSm80 = HalfAttention<MatricesOfF16, Size, Down, Width>;
template <int Size, int Down, int Width> using BFloatSm80 = HalfAttention<MatricesOfBF16, Size, Down, Width>;

} // namespace

DLC_DEFINE_ATTENTIONS(HalfSm80, 1, 8)
DLC_DEFINE_ATTENTIONS(HalfSm80, 1, 1)
DLC_DEFINE_ATTENTIONS(HalfSm80, 2, 8)
DLC_DEFINE_ATTENTIONS(HalfSm80, 2, 1)
DLC_DEFINE_ATTENTIONS(BFloatSm80, 1, 8)
DLC_DEFINE_ATTENTIONS(BFloatSm80, 1, 1)
DLC_DEFINE_ATTENTIONS(BFloatSm80, 2, 8)
DLC_DEFINE_ATTENTIONS(BFloatSm80, 2, 1)
