// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/PlanConvolution.h"
#include "backends/cpu/PlanContraction.h"
#include "backends/cpu/RowConvolution.h"
#include "backends/cpu/WinogradCost.h"
#include "ir/ConvolutionReach.h"
#include "ir/Layout.h"
#include "ir/LoadTimeConstants.h"
#include "ir/OpsConvolution.h"

using namespace mlir;

namespace dlc {

/// The m of F(m x m, 3 x 3), or 0 where Winograd's algorithm does not apply or does not pay. `problem` is that of a
/// convolution of stride 1 without dilation. Weights that are known when a library is loaded are transformed
/// then; others in every run.
static int64_t getWinogradTile(Value weight, Value result, WinogradProblem problem, const LayoutQuery &query) {
  auto w = llvm::cast<RankedTensorType>(weight.getType()), y = llvm::cast<RankedTensorType>(result.getType());
  if (query.math == MathMode::Strict || !w.getElementType().isF32() || y.getRank() != 4 || w.getDimSize(2) != 3 ||
      w.getDimSize(3) != 3)
    return 0;
  problem.height = query.estimateExtent(result, 2);
  problem.width = query.estimateExtent(result, 3);
  int64_t m = chooseWinograd(problem);
  if (isLoadTimeConstant(weight))
    return m;
  constexpr int64_t assumedBatch = 8;
  int64_t images = y.isDynamicDim(0) ? assumedBatch : y.getDimSize(0);
  return paysTransformation(problem, images) ? m : 0;
}

static bool areOnes(llvm::ArrayRef<int64_t> values) {
  return llvm::all_of(values, [](int64_t value) { return value == 1; });
}

static int64_t getWinogradTile(ConvOp op, const LayoutQuery &query) {
  auto w = llvm::cast<RankedTensorType>(op.getW().getType());
  if (!areOnes(op.getStrides()) || !areOnes(op.getDilations()) ||
      llvm::any_of(op.getPads(), [](int64_t pad) { return pad < 0; }))
    return 0;
  return getWinogradTile(op.getW(), op.getResult(),
                         {0, w.getDimSize(1), w.getDimSize(0), static_cast<int64_t>(op.getGroups()), 0, 0}, query);
}

static int64_t getWinogradTile(ConvTransposeOp op, const LayoutQuery &query) {
  auto w = llvm::cast<RankedTensorType>(op.getW().getType());
  if (!areOnes(op.getStrides()) || !areOnes(op.getDilations()) || op.getGroups() != 1 ||
      llvm::any_of(op.getPads(), [](int64_t pad) { return pad < 0 || pad > 2; }))
    return 0;
  return getWinogradTile(op.getW(), op.getResult(), {0, w.getDimSize(0), w.getDimSize(1), 1, 0, 0}, query);
}

/// Widens the upper halo of the input `x` so that tiles of m x m results of `y` that reach over the edge can read it.
static void widenForTiles(LayoutPlan &plan, RankedTensorType x, RankedTensorType y, int64_t m) {
  for (int64_t dim = 2; dim < y.getRank(); ++dim) {
    // At most m - 1 results of a tile are beyond the edge.
    int64_t needed = y.isDynamicDim(dim) || x.isDynamicDim(dim)
                         ? plan.operands[0].haloHigh[dim] + m - 1
                         : static_cast<int64_t>(llvm::alignTo(y.getDimSize(dim), m)) + 2 - x.getDimSize(dim) -
                               plan.operands[0].haloLow[dim];
    plan.operands[0].haloHigh[dim] = std::max(needed, plan.operands[0].haloHigh[dim]);
  }
}

/// Layout and halo of what a convolution, or the gradient of its weight, slides over; `plan.operands[0].layout` is what
/// it would be for many channels.
template <typename OpTy> static void planInput(OpTy op, LayoutPlan &plan) {
  auto x = llvm::cast<RankedTensorType>(op.getX().getType());
  int64_t rank = x.getRank(), spatial = rank - 2;
  // The first layer reads single elements of few channels (vectors run over output channels), for which any order will
  // do: the user's, then, whose copy into a halo buffer is a copy of rows.
  constexpr int64_t fewChannels = 4;
  if (x.getDimSize(1) <= fewChannels && op.getGroups() == 1 && !op.getX().getDefiningOp())
    plan.operands[0].layout = {};
  plan.operands[0].haloLow.assign(rank, 0);
  plan.operands[0].haloHigh.assign(rank, 0);
  for (int64_t i = 0; i < spatial; ++i) {
    plan.operands[0].haloLow[i + 2] = std::max<int64_t>(op.getPads()[i], 0);
    plan.operands[0].haloHigh[i + 2] = std::max<int64_t>(op.getPads()[i + spatial], 0);
  }
}

LayoutPlan planLayouts(ConvOp op, const LayoutQuery &query) {
  if (std::optional<LayoutPlan> rows = planRowConvolution(op, query))
    return *rows;
  MLIRContext *context = op.getContext();
  auto x = llvm::cast<RankedTensorType>(op.getX().getType()), w = llvm::cast<RankedTensorType>(op.getW().getType());
  LayoutPlan plan;
  plan.operands.resize(2);
  int64_t rank = x.getRank();
  plan.operands[0].layout = plan.result = getChannelsLastLayout(context, rank);
  planInput(op, plan);
  auto array = [&](llvm::ArrayRef<int64_t> values) { return DenseI64ArrayAttr::get(context, values); };
  llvm::SmallVector<int64_t> order{0};
  for (int64_t dim = 2; dim < rank; ++dim)
    order.push_back(dim);
  order.push_back(1);
  // Every channel by itself: vectors run over channels, so the weight is [kernel...][channel].
  if (op.getGroups() > 1 && w.getDimSize(1) == 1 && w.getDimSize(0) == static_cast<int64_t>(op.getGroups())) {
    plan.algorithm = "depthwise";
    std::rotate(order.begin(), order.begin() + 1, order.end());
    plan.operands[1].layout = LayoutAttr::get(context, array(order), {}, {}, {}, {}, 0);
    return plan;
  }
  if (int64_t m = getWinogradTile(op, query)) {
    plan.algorithm = "winograd";
    widenForTiles(plan, x, llvm::cast<RankedTensorType>(op.getType()), m);
    plan.operands[1].layout = LayoutAttr::get(context, array(order), {}, {}, array({0}), array({32}), m);
    return plan;
  }
  plan.algorithm = "direct";
  int64_t block = getColumnBlock(w.getDimSize(0) / op.getGroups(), op.getGroups());
  bool isBlocked = block > 0;
  int64_t channels = w.getDimSize(1), together = getTermsTogether(op, channels);
  // Channels that fill no block of terms are stored with zeros behind them, in both operands.
  if (int64_t whole = getTermsTogether(op, llvm::alignTo(channels, 4));
      whole > together && isBlocked && op.getGroups() == 1) {
    together = whole;
    plan.operands[0].layout = LayoutAttr::get(context, plan.result.getOrder(), {}, {}, array({1}), array({whole}), 0);
  }
  if (isBlocked && together > 1) {
    plan.operands[1].layout =
        LayoutAttr::get(context, array(order), {}, {}, array({0, 1}), array({block, together}), 0);
    return plan;
  }
  plan.operands[1].layout = isBlocked ? LayoutAttr::get(context, array(order), {}, {}, array({0}), array({block}), 0)
                                      : LayoutAttr::get(context, array(order), {}, {}, {}, {}, 0);
  return plan;
}

LayoutPlan planLayouts(ConvTransposeOp op, const LayoutQuery &query) {
  if (std::optional<LayoutPlan> rows = planRowConvolution(op, query))
    return *rows;
  MLIRContext *context = op.getContext();
  auto w = llvm::cast<RankedTensorType>(op.getW().getType());
  int64_t rank = w.getRank();
  LayoutPlan plan;
  plan.operands.resize(2);
  plan.algorithm = "plain";
  plan.operands[0].haloLow.assign(rank, 0);
  plan.operands[0].haloHigh.assign(rank, 0);
  bool isDirect = areOnes(op.getStrides());
  // Phases are unrolled.
  constexpr int64_t manyPhases = 16;
  int64_t phases = 1;
  for (int64_t stride : op.getStrides())
    phases *= std::min(stride, manyPhases + 1);
  bool hasPhases = areOnes(op.getDilations()) && phases <= manyPhases;
  auto isEmpty = [](int64_t extent) { return extent == 0; };
  bool isDepthwise =
      op.getGroups() > 1 && w.getDimSize(1) == 1 && w.getDimSize(0) == static_cast<int64_t>(op.getGroups());
  int64_t block = isDepthwise ? 0 : getColumnBlock(w.getDimSize(1), op.getGroups());
  if (llvm::any_of(w.getShape(), isEmpty) || (!isDirect && !hasPhases) || (!isDepthwise && block == 0))
    return plan;
  plan.algorithm = isDirect ? "direct" : "phases";
  plan.operands[0].layout = plan.result = getChannelsLastLayout(context, rank);
  for (int64_t i = 0; i < rank - 2; ++i) {
    ConvTransposeReach reach = getConvTransposeReach(op, i);
    plan.operands[0].haloLow[i + 2] = reach.low;
    plan.operands[0].haloHigh[i + 2] = reach.high;
  }
  llvm::SmallVector<int64_t> order{1};
  for (int64_t dim = 2; dim < rank; ++dim)
    order.push_back(dim);
  order.push_back(0);
  auto array = [&](llvm::ArrayRef<int64_t> values) { return DenseI64ArrayAttr::get(context, values); };
  if (isDepthwise) {
    plan.operands[1].layout = LayoutAttr::get(context, array(order), {}, {}, {}, {}, 0);
    return plan;
  }
  int64_t m = getWinogradTile(op, query);
  if (m) {
    plan.algorithm = "winograd";
    widenForTiles(plan, llvm::cast<RankedTensorType>(op.getX().getType()), llvm::cast<RankedTensorType>(op.getType()),
                  m);
  }
  plan.operands[1].layout = LayoutAttr::get(context, array(order), {}, {}, array({1}), array({block}), m);
  return plan;
}

/// Whether a weight's gradient is computed by Winograd's algorithm. All of the transformed input is kept at once.
static bool usesWinograd(ConvWeightGradientOp op, const LayoutQuery &query) {
  auto x = llvm::cast<RankedTensorType>(op.getX().getType()),
       dy = llvm::cast<RankedTensorType>(op.getYGradient().getType());
  constexpr int64_t tile = 4, values = 36, lanes = 16, fewPositions = 192, mostBytes = 32 << 20;
  if (query.math == MathMode::Strict || !x.getElementType().isF32() || x.getRank() != 4 || !dy.hasStaticShape() ||
      op.getGroups() != 1 || op.getKernel() != llvm::ArrayRef<int64_t>{3, 3} || !areOnes(op.getStrides()) ||
      !areOnes(op.getDilations()) || llvm::any_of(op.getPads(), [](int64_t pad) { return pad < 0; }) ||
      x.getDimSize(1) % lanes != 0 || dy.getDimSize(1) % winogradChannelBlock != 0)
    return false;
  int64_t images = dy.getDimSize(0),
          tiles = llvm::divideCeil(dy.getDimSize(2), tile) * llvm::divideCeil(dy.getDimSize(3), tile);
  return images * dy.getDimSize(2) * dy.getDimSize(3) >= fewPositions && dy.getDimSize(2) > tile &&
         dy.getDimSize(3) > tile &&
         images * tiles * x.getDimSize(1) * values * static_cast<int64_t>(sizeof(float)) <= mostBytes;
}

LayoutPlan planLayouts(ConvWeightGradientOp op, const LayoutQuery &query) {
  MLIRContext *context = op.getContext();
  auto x = llvm::cast<RankedTensorType>(op.getX().getType());
  int64_t rank = x.getRank();
  LayoutPlan plan;
  plan.operands.resize(2);
  plan.algorithm = op.getGroups() == 1 ? "weight_gradient" : "plain";
  plan.operands[0].layout = plan.operands[1].layout = getChannelsLastLayout(context, rank);
  planInput(op, plan);
  if (usesWinograd(op, query)) {
    // Tiles that reach over the edge read wider halos.
    auto dy = llvm::cast<RankedTensorType>(op.getYGradient().getType());
    plan.algorithm = "winograd";
    plan.operands[0].layout = plan.operands[1].layout;
    plan.operands[1].haloLow.assign(rank, 0);
    plan.operands[1].haloHigh.assign(rank, 0);
    for (int64_t dim = 2; dim < rank; ++dim) {
      int64_t tiled = static_cast<int64_t>(llvm::alignTo(dy.getDimSize(dim), 4));
      plan.operands[1].haloHigh[dim] = tiled - dy.getDimSize(dim);
      plan.operands[0].haloHigh[dim] =
          std::max(tiled + 2 - x.getDimSize(dim) - plan.operands[0].haloLow[dim], plan.operands[0].haloHigh[dim]);
    }
  }
  return plan;
}

} // namespace dlc
