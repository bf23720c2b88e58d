// SPDX-License-Identifier: Apache-2.0
#include "frontend/NumPySlice.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

namespace dlc {

/// Beyond this a step or bound makes no difference; keeps sums far from overflow.
static int64_t saturate(int64_t value) {
  constexpr int64_t farAway = int64_t(1) << 42;
  return std::clamp(value, -farAway, farAway);
}

void NumPySlice::cut(int64_t dim, int64_t extent, int64_t start, int64_t end, int64_t step) {
  start = saturate(start);
  end = saturate(end);
  step = saturate(step);
  start = start < 0 ? start + extent : start;
  end = end < 0 ? end + extent : end;
  if (step > 0) {
    start = std::clamp<int64_t>(start, 0, extent);
    end = std::clamp<int64_t>(end, 0, extent);
  } else {
    start = std::clamp<int64_t>(start, -1, extent - 1);
    end = std::clamp<int64_t>(end, -1, extent - 1);
  }
  int64_t span = step > 0 ? end - start : start - end;
  int64_t size = span <= 0 ? 0 : llvm::divideCeil(static_cast<uint64_t>(span), static_cast<uint64_t>(std::abs(step)));
  starts[dim] = size == 0 ? 0 : start;
  sizes[dim] = size;
  steps[dim] = size <= 1 ? 1 : step;
  if (size == extent && step == 1) {
    starts[dim] = 0;
    sizes[dim] = -1;
  }
}

} // namespace dlc
