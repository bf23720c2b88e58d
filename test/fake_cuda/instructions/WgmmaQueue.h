// SPDX-License-Identifier: Apache-2.0
// wgmma: products of a warpgroup (four warps) that run beside its instructions.
//
// A product is computed when it is waited for, no earlier: shared memory that is overwritten before shows. Until then
// its registers may not be touched, and registers that other instructions have written need a wgmma.fence before a
// product takes them: both are errors here, whatever the numbers would have been.
#pragma once
#include "test/fake_cuda/machine/Warp.h"
#include "test/fake_cuda/ptx/Type.h"

namespace fake_cuda {

struct WgmmaShape {
  Type type = Type::None; // of the elements of A and B
  Type accumulator = Type::F32;
  unsigned n = 0, k = 0;
  bool isRowMajorA = true, isColumnMajorB = true; // K is the contiguous dimension
  float scaleA = 1, scaleB = 1;                   // 1 or -1
  std::vector<RegisterOffset> d;
  std::vector<RegisterOffset> a; // operand A in registers, or empty
};

struct WgmmaProduct {
  const WgmmaShape *shape = nullptr;
  uint64_t descriptorA = 0, descriptorB = 0;
  bool accumulates = false;
};

struct WgmmaGroup {
  std::vector<WgmmaProduct> products;
  std::vector<uint32_t> clock; // of the warp when it committed the group
};

struct WgmmaQueue {
  std::vector<WgmmaProduct> open; // not committed
  std::deque<WgmmaGroup> groups;  // committed
  /// Of the groups that are done. The four warps of a group read shared memory together: whoever has waited knows that
  /// the others, too, have read what their products need.
  std::vector<uint32_t> doneClock;
  uint64_t committed = 0;                      // groups so far
  std::vector<RegisterOffset> inFlight;        // registers of products that are not waited for
  std::vector<uint8_t> isUnfenced, isInFlight; // by register, in units of 64 bytes
  bool hasWork() const;
  /// Before instruction `index` runs: no register in flight may take part, and what it writes becomes unfenced.
  void checkInstruction(Warp &warp, size_t index);
  void fence();
  /// Recomputes which registers are in flight.
  void updateInFlight();
};

} // namespace fake_cuda
