// SPDX-License-Identifier: Apache-2.0
#include "test/fake_cuda/machine/Memory.h"
#include "test/fake_cuda/ptx/Error.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace fake_cuda {

namespace {
constexpr int poison = 0xff; // NaN as a float of any width, -1 as an integer

bool isBelow(uint64_t address, const Allocation &allocation) { return address < allocation.address; }

std::string hexadecimal(uint64_t value) {
  char digits[20];
  snprintf(digits, sizeof digits, "0x%llx", static_cast<unsigned long long>(value));
  return digits;
}
} // namespace

Memory::~Memory() {
  for (const Allocation &allocation : allocations)
    if (!allocation.isPinned)
      free(allocation.host);
}

void Memory::insert(const Allocation &allocation) {
  allocations.insert(std::upper_bound(allocations.begin(), allocations.end(), allocation.address, isBelow), allocation);
  if (!allocation.isPinned)
    inUse += allocation.bytes;
}

uint64_t Memory::allocate(uint64_t bytes, unsigned alignment) {
  // A gap behind each allocation, so that two of them never touch and an access past the end of one is seen.
  alignment = std::max(alignment, 16u);
  auto *host =
      static_cast<uint8_t *>(aligned_alloc(alignment, (bytes + 2 * uint64_t{alignment} - 1) / alignment * alignment));
  if (!host)
    return 0;
  memset(host, poison, bytes);
  uint64_t address = reinterpret_cast<uint64_t>(host) + deviceBias;
  insert({address, bytes, host, false});
  return address;
}

void *Memory::allocatePinned(uint64_t bytes) {
  auto *host = static_cast<uint8_t *>(aligned_alloc(4096, (bytes + 4096) / 4096 * 4096));
  if (host) {
    memset(host, poison, bytes);
    addPinned(host, bytes);
  }
  return host;
}

void Memory::addPinned(void *host, uint64_t bytes) {
  insert({reinterpret_cast<uint64_t>(host), bytes, static_cast<uint8_t *>(host), true});
}

bool Memory::release(uint64_t address) {
  for (size_t i = 0; i < allocations.size(); ++i)
    if (allocations[i].address == address && !allocations[i].isPinned) {
      memset(allocations[i].host, poison, allocations[i].bytes);
      free(allocations[i].host);
      inUse -= allocations[i].bytes;
      allocations.erase(allocations.begin() + static_cast<ptrdiff_t>(i));
      return true;
    }
  return false;
}

bool Memory::releasePinned(void *host, bool isOwned) {
  for (size_t i = 0; i < allocations.size(); ++i)
    if (allocations[i].host == host && allocations[i].isPinned) {
      allocations.erase(allocations.begin() + static_cast<ptrdiff_t>(i));
      if (isOwned)
        free(host);
      return true;
    }
  return false;
}

const Allocation *Memory::find(uint64_t address, uint64_t bytes) const {
  auto holds = [&](const Allocation &each) {
    return address >= each.address && bytes <= each.bytes && address - each.address <= each.bytes - bytes;
  };
  if (last < allocations.size() && holds(allocations[last]))
    return &allocations[last];
  auto next = std::upper_bound(allocations.begin(), allocations.end(), address, isBelow);
  if (next == allocations.begin() || !holds(*std::prev(next)))
    return nullptr;
  last = static_cast<size_t>(std::prev(next) - allocations.begin());
  return &allocations[last];
}

uint8_t *Memory::at(uint64_t address, uint64_t bytes) const {
  const Allocation *found = find(address, bytes);
  if (!found)
    throw Error(describe(address, bytes));
  return found->host + (address - found->address);
}

std::string Memory::describe(uint64_t address, uint64_t bytes) const {
  std::string what =
      "access of " + std::to_string(bytes) + " bytes at " + hexadecimal(address) + " outside every allocation";
  auto next = std::upper_bound(allocations.begin(), allocations.end(), address, isBelow);
  if (next != allocations.begin()) {
    const Allocation &before = *std::prev(next);
    what += "; the one before it has " + std::to_string(before.bytes) + " bytes, and the access begins " +
            std::to_string(address - before.address) + " bytes after its start";
  }
  if (address < deviceBias && address > 4096)
    what += " (an address of the host?)";
  return what;
}

} // namespace fake_cuda
