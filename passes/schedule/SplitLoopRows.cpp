// SPDX-License-Identifier: Apache-2.0
#include "ir/KernelCost.h"
#include "ir/Layout.h"
#include "ir/RowRange.h"
#include "passes/Passes.h"
#include "passes/schedule/RowFlow.h"

#define DEBUG_TYPE "dlc-split-loop-rows"

namespace dlc {
#define GEN_PASS_DEF_SPLITLOOPROWS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// Rows that share what a product reads of its matrix: with fewer, reading takes longer than multiplying.
constexpr int64_t rowsOfRange = 8;
/// What every range reads in every step has to come from a core's second-level cache.
constexpr int64_t mostMatrixBytes = int64_t(1) << 20;
/// A loop that is shorter on one core is not worth waking another for.
constexpr int64_t leastNanoseconds = 40000;
/// Operations a nanosecond of register-tiled products in vectors of 16, and bytes from a cache.
constexpr int64_t operationsPerNanosecond = 96, bytesPerNanosecond = 12;

/// The number of steps; negative if it is known at run time only.
int64_t countSteps(dlc::LoopOp loop) {
  if (loop.getTripCount())
    return *loop.getTripCount();
  int64_t extent = llvm::cast<RankedTensorType>(loop.getScanned().front().getType()).getDimSize(0);
  return ShapedType::isDynamic(extent) ? -1 : extent;
}

class SplitLoopRows final : public dlc::impl::SplitLoopRowsBase<SplitLoopRows> {
  void runOnOperation() override {
    getOperation().walk([&](dlc::LoopOp loop) {
      AffineExpr rows = dlc::findIndependentRows(loop);
      std::optional<int64_t> count = rows ? dlc::constantDim(rows) : std::nullopt;
      if (!rows || (count && *count <= rowsOfRange) || !isWorthwhile(loop))
        return;
      IntegerAttr range = Builder(&getContext()).getI64IntegerAttr(rowsOfRange);
      loop->setAttr(dlc::rowRangeName, range);
      for (auto kernel : loop.getBodyFunction().getOps<dlc::KernelOp>())
        kernel->setAttr(dlc::rowRangeName, range);
      ++marked;
    });
  }

  static bool isWorthwhile(dlc::LoopOp loop) {
    int64_t matrixBytes = 0, nanoseconds = 0;
    bool isKnown = true;
    for (auto kernel : loop.getBodyFunction().getOps<dlc::KernelOp>()) {
      FailureOr<dlc::KernelShapes> shapes = dlc::KernelShapes::analyze(kernel);
      if (failed(shapes))
        return false;
      dlc::KernelCost cost = dlc::estimateCost(kernel, *shapes);
      std::optional<int64_t> operations = dlc::constantDim(cost.operations), bytes = dlc::constantDim(cost.bytes);
      isKnown = isKnown && operations && bytes;
      if (isKnown)
        nanoseconds += *operations / operationsPerNanosecond + *bytes / bytesPerNanosecond;
      for (auto product : kernel.getBody().getOps<dlc::MatMulOp>())
        if (auto type = llvm::cast<RankedTensorType>(product.getRhs().getType());
            type.getRank() == 2 && type.hasStaticShape())
          matrixBytes += type.getNumElements() * dlc::getElementBytes(type.getElementType());
    }
    int64_t steps = countSteps(loop);
    return matrixBytes <= mostMatrixBytes && (!isKnown || steps < 0 || steps * nanoseconds >= leastNanoseconds);
  }
};

} // namespace
