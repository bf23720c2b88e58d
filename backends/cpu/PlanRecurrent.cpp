// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/PlanRecurrent.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc {

/// A cache line of f32, and an AVX-512 vector.
static constexpr int64_t line = 16;

/// Units of a block. Blocks of one line do for three gates or more: they are 8 accumulators of AVX2. With fewer gates a
/// block takes more units, for as many independent sums, where that fills up little.
static int64_t chooseBlock(int64_t gates, int64_t units) {
  int64_t lines = llvm::divideCeil(units, line), most = gates >= 3 ? 1 : gates == 2 ? 2 : 6;
  constexpr double enoughSums = 4;
  int64_t best = 1;
  double bestCost = 0;
  for (int64_t candidate = 1; candidate <= std::min(most, lines); ++candidate) {
    double padded = llvm::divideCeil(lines, candidate) * candidate;
    double cost = padded * std::max(1.0, enoughSums / static_cast<double>(candidate * gates));
    if (candidate == 1 || cost <= bestCost) {
      best = candidate;
      bestCost = cost;
    }
  }
  return best * line;
}

LayoutAttr planRecurrentWeight(MLIRContext *context, int64_t gates, int64_t units) {
  auto array = [&](llvm::ArrayRef<int64_t> values) { return DenseI64ArrayAttr::get(context, values); };
  return LayoutAttr::get(context, array({2, 1, 0}), {}, {}, array({2}), array({chooseBlock(gates, units)}), 0);
}

} // namespace dlc
