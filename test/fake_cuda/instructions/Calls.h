// SPDX-License-Identifier: Apache-2.0
// Calls of `.func` functions. Parameters are in local memory: the call copies the caller's variables to the callee's,
// the return copies results back. Frames are static, so functions cannot recurse.
#pragma once
#include "test/fake_cuda/machine/Warp.h"

namespace fake_cuda {

void copyArguments(Warp &warp, const Instruction &call, uint32_t lanes);
void copyResults(Warp &warp, const Instruction &call, uint32_t lanes);

} // namespace fake_cuda
