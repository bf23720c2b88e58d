// SPDX-License-Identifier: Apache-2.0
// The bytes of bulk copies: plain ones, and boxes of tensors with swizzled rows.
#include "test/fake_cuda/instructions/FloatBits.h"
#include "test/fake_cuda/instructions/Mbarriers.h"
#include "test/fake_cuda/instructions/TensorQueue.h"
#include "test/fake_cuda/machine/Races.h"
#include "test/fake_cuda/ptx/Error.h"
#include <cstring>

namespace fake_cuda {

namespace {

/// Rows of 32, 64 or 128 bytes exchange their chunks of 16 bytes by the bits of the address above them.
uint32_t swizzled(uint32_t address, unsigned mode) {
  unsigned mask = mode == 3 ? 7 : mode == 2 ? 3 : mode == 1 ? 1 : 0;
  return address ^ (address >> 7 & mask) << 4;
}

void fillOutside(uint8_t *to, const TensorMap &map) {
  uint64_t bits = 0;
  if (map.fillsNan)
    bits = map.elementBytes == 2 ? 0x7fff : map.elementBytes == 4 ? 0x7fffffff : 0x7fffffffffffffff;
  memcpy(to, &bits, map.elementBytes);
}

/// Adds, or takes the smaller or larger: what cp.reduce.async.bulk does with an element.
void reduceElement(uint8_t *to, const uint8_t *from, const TensorMap &map, char reduction) {
  auto combine = [&](auto x, auto y) {
    return reduction == 'a' ? x + y : reduction == 'm' ? (y < x ? y : x) : (x < y ? y : x);
  };
  auto apply = [&](auto zero) {
    auto x = zero, y = zero;
    memcpy(&x, to, sizeof x);
    memcpy(&y, from, sizeof y);
    x = static_cast<decltype(zero)>(combine(x, y));
    memcpy(to, &x, sizeof x);
  };
  switch (map.type) {
  case 2:
    return apply(uint32_t());
  case 3:
    return apply(int32_t());
  case 4:
    return apply(uint64_t());
  case 6: {
    uint16_t x, y;
    memcpy(&x, to, 2);
    memcpy(&y, from, 2);
    x = floatToHalf(combine(halfToFloat(x), halfToFloat(y)));
    memcpy(to, &x, 2);
    return;
  }
  case 7:
    return apply(float());
  case 9: {
    uint16_t x, y;
    memcpy(&x, to, 2);
    memcpy(&y, from, 2);
    x = floatToBfloat(combine(bfloatToFloat(x), bfloatToFloat(y)));
    memcpy(to, &x, 2);
    return;
  }
  default:
    throw Error("a reduction by bulk copy of this type is not supported");
  }
}

void copyBox(Block &block, const BulkCopy &copy) {
  const TensorMap &map = copy.map;
  uint32_t rowElements = map.box[0], rows = 1;
  for (unsigned d = 1; d < map.rank; ++d)
    rows *= map.box[d];
  for (uint32_t row = 0; row < rows; ++row) {
    uint64_t base = map.address;
    bool isInside = true;
    uint32_t rest = row;
    for (unsigned d = 1; d < map.rank; ++d) {
      int64_t at = copy.at[d] + static_cast<int64_t>(rest % map.box[d]) * map.steps[d];
      rest /= map.box[d];
      isInside = isInside && at >= 0 && at < static_cast<int64_t>(map.extents[d]);
      base += static_cast<uint64_t>(at) * map.strides[d - 1];
    }
    for (uint32_t x = 0; x < rowElements; ++x) {
      int64_t at = copy.at[0] + static_cast<int64_t>(x) * map.steps[0];
      uint8_t *shared = block.shared + swizzled(copy.shared + (row * rowElements + x) * map.elementBytes, map.swizzle);
      bool isHere = isInside && at >= 0 && at < static_cast<int64_t>(map.extents[0]);
      if (!isHere) {
        if (copy.toShared)
          fillOutside(shared, map);
        continue;
      }
      uint8_t *global = block.memory->at(base + static_cast<uint64_t>(at) * map.elementBytes, map.elementBytes);
      if (copy.toShared)
        memcpy(shared, global, map.elementBytes);
      else if (copy.reduction)
        reduceElement(global, shared, map, copy.reduction);
      else
        memcpy(global, shared, map.elementBytes);
    }
  }
}
} // namespace

void perform(Block &block, const BulkCopy &copy) {
  Warp &warp = *block.warps[copy.warp];
  if (RaceDetector *races = block.races.get(); races && !copy.toShared)
    races->readByAsyncProxy(warp, copy.shared, copy.bytes);
  if (copy.isTensor) {
    copyBox(block, copy);
  } else {
    uint8_t *shared = block.sharedAt(copy.shared, copy.bytes), *global = block.memory->at(copy.global, copy.bytes);
    memcpy(copy.toShared ? shared : global, copy.toShared ? global : shared, copy.bytes);
  }
  if (block.options->countsTraffic)
    block.counters.tensorBytes += copy.bytes;
  if (copy.toShared)
    completeTransaction(block, copy.barrier, copy.bytes, copy.clock);
}

void TensorQueue::progress(Block &block, bool hurry) {
  for (size_t i = 0; i < loads.size();) {
    if (loads[i].delay > 0 && !hurry) {
      --loads[i++].delay;
      continue;
    }
    BulkCopy copy = std::move(loads[i]);
    loads.erase(loads.begin() + static_cast<ptrdiff_t>(i));
    perform(block, copy);
    if (hurry)
      return;
  }
}

bool TensorQueue::hasStores() const {
  for (const auto &[thread, groups] : stores) {
    if (!groups.open.empty())
      return true;
    for (const auto &group : groups.committed)
      if (!group.empty())
        return true;
  }
  return false;
}

} // namespace fake_cuda
