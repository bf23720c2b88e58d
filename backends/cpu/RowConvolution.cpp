// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/RowConvolution.h"
#include "ir/ConvolutionReach.h"
#include "ir/Layout.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc {

int64_t getColumnBlock(int64_t channelsPerGroup, int64_t groups) {
  constexpr int64_t block = 32, leastBlock = 4;
  if (groups == 1)
    return channelsPerGroup > 0 ? block : 0;
  for (int64_t size = block; size >= leastBlock; size /= 2)
    if (channelsPerGroup > 0 && channelsPerGroup % size == 0)
      return size;
  return 0;
}

namespace {
/// A convolution or transposed convolution.
struct Problem {
  Value x, w, result;
  int64_t groups;
  int64_t channels, filters; ///< of a group
  int64_t phases = 1;        ///< of the result
  int64_t rowStep;           ///< elements between the inputs of neighbouring positions of a phase
  int64_t rowPhases;         ///< neighbouring results that are of different phases
};
} // namespace

/// Phases are unrolled.
constexpr int64_t mostPhases = 16;

/// Whether vectors along rows are fuller than those of output channels, and a tile's code is of a sensible size.
static bool fillsRows(const Problem &problem, const LayoutQuery &query) {
  constexpr int64_t fewFilters = 4, leastTaps = 4, mostTaps = 128;
  auto x = llvm::cast<RankedTensorType>(problem.x.getType()), w = llvm::cast<RankedTensorType>(problem.w.getType()),
       y = llvm::cast<RankedTensorType>(problem.result.getType());
  if (query.math == MathMode::Strict || !w.hasStaticShape() || w.getNumElements() == 0 || x.isDynamicDim(1) ||
      !llvm::isa<FloatType>(y.getElementType()) || x.getElementType() != w.getElementType() ||
      getElementBytes(y.getElementType()) < 2)
    return false;
  bool isNarrow = problem.groups == 1 ? problem.filters <= fewFilters
                                      : getColumnBlock(problem.filters, problem.groups) == 0 &&
                                            (problem.filters > 1 || problem.channels > 1);
  int64_t taps = 1;
  for (int64_t extent : w.getShape().drop_front(2))
    taps *= extent;
  // Other vectors of narrow groups gather each element of the image.
  int64_t leastPositions = problem.groups == 1 ? 8 : 4;
  // Of single taps, the other order of memory costs as much as the products.
  bool isPointwise = problem.groups == 1 && taps < leastTaps;
  return isNarrow && !isPointwise && taps <= mostTaps && problem.phases <= mostPhases && problem.rowStep <= 2 &&
         query.estimateExtent(problem.result, y.getRank() - 1) >= leastPositions * problem.rowPhases;
}

static LayoutPlan makePlan(const Problem &problem, llvm::ArrayRef<int64_t> low, llvm::SmallVector<int64_t> high) {
  LayoutPlan plan;
  plan.operands.resize(2);
  plan.algorithm = rowConvolution;
  auto y = llvm::cast<RankedTensorType>(problem.result.getType());
  if (y.isDynamicDim(y.getRank() - 1))
    high.back() += (mostOpenColumns - 1) * problem.rowStep;
  plan.operands[0].haloLow.assign(2, 0);
  plan.operands[0].haloHigh.assign(2, 0);
  plan.operands[0].haloLow.append(low.begin(), low.end());
  plan.operands[0].haloHigh.append(high);
  return plan;
}

std::optional<LayoutPlan> planRowConvolution(ConvOp op, const LayoutQuery &query) {
  auto w = llvm::cast<RankedTensorType>(op.getW().getType());
  auto groups = static_cast<int64_t>(op.getGroups());
  Problem problem{op.getX(),
                  op.getW(),
                  op.getResult(),
                  groups,
                  w.getDimSize(1),
                  w.getDimSize(0) / groups,
                  1,
                  op.getStrides().back(),
                  1};
  if (!fillsRows(problem, query))
    return std::nullopt;
  llvm::SmallVector<int64_t> low, high;
  size_t spatial = op.getStrides().size();
  for (size_t i = 0; i < spatial; ++i) {
    low.push_back(std::max<int64_t>(op.getPads()[i], 0));
    high.push_back(std::max<int64_t>(op.getPads()[i + spatial], 0));
  }
  return makePlan(problem, low, high);
}

std::optional<LayoutPlan> planRowConvolution(ConvTransposeOp op, const LayoutQuery &query) {
  auto w = llvm::cast<RankedTensorType>(op.getW().getType());
  auto groups = static_cast<int64_t>(op.getGroups());
  auto isOne = [](int64_t value) { return value == 1; };
  if (!llvm::all_of(op.getStrides(), isOne) && !llvm::all_of(op.getDilations(), isOne))
    return std::nullopt;
  Problem problem{op.getX(), op.getW(), op.getResult(),        groups, w.getDimSize(0) / groups, w.getDimSize(1),
                  1,         1,         op.getStrides().back()};
  for (int64_t stride : op.getStrides())
    problem.phases *= std::min(stride, mostPhases + 1);
  if (!fillsRows(problem, query))
    return std::nullopt;
  llvm::SmallVector<int64_t> low, high;
  for (size_t i = 0; i < op.getStrides().size(); ++i) {
    ConvTransposeReach reach = getConvTransposeReach(op, i);
    low.push_back(reach.low);
    high.push_back(reach.high);
  }
  return makePlan(problem, low, high);
}

} // namespace dlc
