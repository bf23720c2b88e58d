// SPDX-License-Identifier: Apache-2.0
#include "analysis/KernelTime.h"
#include "analysis/MachineCost.h"
#include "analysis/TargetInterface.h"
#include "ir/Annotations.h"
#include "ir/Layout.h"
#include "ir/OpsControl.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLinear.h"
#include "ir/RowRange.h"
#include "passes/Passes.h"
#include "passes/schedule/BatchIndependence.h"
#include "llvm/Support/MathExtras.h"

#define DEBUG_TYPE "dlc-split-loop-batch"

namespace dlc {
#define GEN_PASS_DEF_SPLITLOOPBATCH
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// Rows that share what a product reads of its matrix: with fewer, reading takes longer than multiplying; more are
/// more than a register tile.
constexpr int64_t fewestRows = 6, mostRows = 12;
/// What every range reads in every step comes from a core's second-level cache or, up to a quarter of its share of the
/// third level, from there in less time than multiplying takes. Measured with an LSTM of 512 units (4 MB), 32
/// rows: 20.2 ms a training step on two threads, 20.9 ms where these share columns; 256 units (1 MB): 10.8 and 13.0 ms.
int64_t getMostMatrixBytes() { return dlc::getReferenceMachine().level3.bytes / 4; }
/// A loop that is shorter on one core is not worth waking another for.
constexpr int64_t leastNanoseconds = 2 * dlc::parallelThresholdNanoseconds;

/// The number of rows of a range that keeps two, four and eight threads busiest, on average.
int64_t chooseRange(std::optional<int64_t> rows) {
  constexpr int64_t usual = 8;
  if (!rows)
    return usual;
  int64_t best = usual;
  double bestShare = 0;
  for (int64_t range = mostRows; range >= fewestRows; --range) {
    double share = 0;
    for (int64_t threads : {2, 4, 8}) {
      int64_t rounds = llvm::divideCeil(*rows, range * threads);
      share += static_cast<double>(*rows) / static_cast<double>(rounds * range * threads);
    }
    if (share > bestShare) {
      best = range;
      bestShare = share;
    }
  }
  return best;
}

/// The number of steps; negative if it is known at run time only.
int64_t countSteps(dlc::OutlinedLoopOp loop) {
  if (loop.getTripCount())
    return *loop.getTripCount();
  int64_t extent = llvm::cast<RankedTensorType>(loop.getScanInputs().front().getType()).getDimSize(0);
  return ShapedType::isDynamic(extent) ? -1 : extent;
}

class SplitLoopBatch final : public dlc::impl::SplitLoopBatchBase<SplitLoopBatch> {
  void runOnOperation() override {
    if (!dlc::TargetInterface::get(&getContext()).splitsLaunches())
      return;
    SymbolTable symbols(getOperation());
    getOperation().walk([&](dlc::OutlinedLoopOp loop) {
      auto body = symbols.lookup<func::FuncOp>(loop.getBody());
      AffineExpr rows = dlc::findIndependentRows(loop, body);
      std::optional<int64_t> count = rows ? dlc::constantDim(rows) : std::nullopt;
      int64_t rowsOfRange = chooseRange(count);
      if (!rows || (count && *count < 2 * fewestRows) || !isWorthwhile(loop, body))
        return;
      IntegerAttr range = Builder(&getContext()).getI64IntegerAttr(rowsOfRange);
      dlc::annotation::rowRange.set(loop, range);
      for (auto kernel : body.getOps<dlc::KernelOp>())
        dlc::annotation::rowRange.set(kernel, range);
    });
  }

  static bool isWorthwhile(dlc::OutlinedLoopOp loop, func::FuncOp body) {
    int64_t matrixBytes = 0;
    double nanoseconds = 0;
    bool isKnown = true;
    for (auto kernel : body.getOps<dlc::KernelOp>()) {
      FailureOr<dlc::KernelShapes> shapes = dlc::KernelShapes::analyze(kernel);
      if (failed(shapes))
        return false;
      dlc::KernelCost cost = dlc::estimateCost(kernel, *shapes);
      std::optional<int64_t> operations = dlc::constantDim(cost.operations), bytes = dlc::constantDim(cost.bytes);
      isKnown = isKnown && operations && bytes;
      if (isKnown)
        nanoseconds += dlc::countNanoseconds(kernel, static_cast<double>(*operations), static_cast<double>(*bytes));
      for (auto product : kernel.getBody().getOps<dlc::MatMulOp>())
        if (auto type = llvm::cast<RankedTensorType>(product.getRhs().getType());
            type.getRank() == 2 && type.hasStaticShape())
          matrixBytes += type.getNumElements() * dlc::getElementBytes(type.getElementType());
    }
    int64_t steps = countSteps(loop);
    return matrixBytes <= getMostMatrixBytes() &&
           (!isKnown || steps < 0 || static_cast<double>(steps) * nanoseconds >= leastNanoseconds);
  }
};

} // namespace
