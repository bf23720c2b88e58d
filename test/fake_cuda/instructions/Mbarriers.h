// SPDX-License-Identifier: Apache-2.0
// mbarrier objects: phases that end when the expected arrivals and bytes have come.
#pragma once
#include "test/fake_cuda/machine/Block.h"

namespace fake_cuda {

/// The mbarrier at a shared address; Error if it was not initialized.
Mbarrier &mbarrierAt(Block &block, uint32_t address);

/// One arrival of `warp`, which expects `transactionBytes` more.
void arriveAt(Warp &warp, uint32_t address, uint64_t count, uint64_t transactionBytes);

/// `bytes` of a bulk copy have arrived; what `clock` knows becomes known to those who wait.
void completeTransaction(Block &block, uint32_t address, uint64_t bytes, const std::vector<uint32_t> &clock);

} // namespace fake_cuda
