// SPDX-License-Identifier: Apache-2.0
// Products of f16 and bf16 by the tensor cores of GPUs of compute capability 8.0 and newer.
#include "HalfProduct.h"

namespace {

template <int Tile, bool Left, int LeftWidth, bool Right, int RightWidth>
using HalfSm80 = HalfProduct<MatricesOfF16, Tile, Left, LeftWidth, Right, RightWidth>;
template <int Tile, bool Left, int LeftWidth, bool Right, int RightWidth>
using BFloatSm80 = HalfProduct<MatricesOfBF16, Tile, Left, LeftWidth, Right, RightWidth>;

} // namespace

DLC_PRODUCTS(DLC_DEFINE_PRODUCT, HalfSm80, 64, 8)
DLC_PRODUCTS(DLC_DEFINE_PRODUCT, HalfSm80, 128, 8)
DLC_PRODUCTS(DLC_DEFINE_PRODUCT, BFloatSm80, 64, 8)
DLC_PRODUCTS(DLC_DEFINE_PRODUCT, BFloatSm80, 128, 8)
