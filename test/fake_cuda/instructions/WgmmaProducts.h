// SPDX-License-Identifier: Apache-2.0
// The arithmetic of wgmma, and where matrix descriptors say that operands are.
#pragma once
#include "test/fake_cuda/instructions/WgmmaQueue.h"

namespace fake_cuda {

/// Notes that the operands in shared memory are read from now on, and that ordinary stores to them have been fenced.
void checkOperands(Warp &warp, const WgmmaProduct &product);

/// A warp's 16 rows of the 64 of a product.
void multiply(Warp &warp, const WgmmaProduct &product);

} // namespace fake_cuda
