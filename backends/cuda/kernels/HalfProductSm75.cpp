// SPDX-License-Identifier: Apache-2.0
// Products of f16 by the tensor cores of GPUs of compute capability 7.5.
#include "HalfProduct.h"

namespace {

template <int Tile, bool Left, int LeftWidth, bool Right, int RightWidth>
using HalfSm75 = HalfProduct<MatricesOfSm75, Tile, Left, LeftWidth, Right, RightWidth>;

} // namespace

DLC_PRODUCTS(DLC_DEFINE_PRODUCT, HalfSm75, 64, 8)
DLC_PRODUCTS(DLC_DEFINE_PRODUCT, HalfSm75, 128, 8)
