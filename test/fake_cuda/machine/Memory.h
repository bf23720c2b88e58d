// SPDX-License-Identifier: Apache-2.0
// Device memory: the allocations that kernels and copies may touch.
#pragma once
#include "test/fake_cuda/machine/Windows.h"
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fake_cuda {

struct Allocation {
  uint64_t address = 0; // as the device sees it
  uint64_t bytes = 0;
  uint8_t *host = nullptr;
  bool isPinned = false; // host memory, which the device reaches at the host's address
};

class Memory {
public:
  Memory() = default;
  Memory(const Memory &) = delete;
  Memory &operator=(const Memory &) = delete;
  ~Memory();

  /// `bytes` of poisoned memory at a multiple of `alignment`, or 0 when the host has no memory.
  uint64_t allocate(uint64_t bytes, unsigned alignment = 512);
  /// Host memory that the device can reach, too, or null.
  void *allocatePinned(uint64_t bytes);
  /// Makes memory of the host's own reachable (cuMemHostRegister).
  void addPinned(void *host, uint64_t bytes);
  /// Whether `address` was the beginning of an allocation. Its memory is poisoned before it goes back to the host.
  bool release(uint64_t address);
  bool releasePinned(void *host, bool isOwned);

  /// The allocation that holds all of [address, address + bytes), or null.
  const Allocation *find(uint64_t address, uint64_t bytes) const;
  /// The host's view of [address, address + bytes); throws Error where a part is not allocated.
  uint8_t *at(uint64_t address, uint64_t bytes) const;
  /// What is wrong with an access, for messages.
  std::string describe(uint64_t address, uint64_t bytes) const;

  uint64_t bytesInUse() const { return inUse; }

private:
  void insert(const Allocation &allocation);
  std::vector<Allocation> allocations; // by address
  mutable size_t last = 0;             // where the last search ended: neighbors are asked for in a row
  uint64_t inUse = 0;
};

} // namespace fake_cuda
