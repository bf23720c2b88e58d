// SPDX-License-Identifier: Apache-2.0
// Schedules of convolutions. The algorithm is determined by the layouts that planConvolution has chosen before.
#include "backends/cpu/CpuSchedules.h"
#include "backends/cpu/RegisterTile.h"
#include "backends/cpu/RowConvolution.h"
#include "ir/Annotations.h"
#include "ir/Layout.h"
#include "ir/OpsConvolution.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;

namespace dlc {

/// Bytes of a tensor, with dynamic extents taken as 1.
static int64_t countBytes(RankedTensorType type) {
  int64_t elements = 1;
  for (int64_t extent : type.getShape())
    elements *= ShapedType::isDynamic(extent) ? 1 : extent;
  return elements * getElementBytes(type.getElementType());
}

/// Ranges of rows of the result, or of channels: what divides evenly, then what saves memory. `rowParts` and
/// `channelParts` are how many there are.
static bool splitsChannels(int64_t rowParts, int64_t channelParts, int64_t inputBytes, int64_t weightBytes) {
  double rows = getSplitEfficiency(rowParts), channels = getSplitEfficiency(channelParts);
  // Each thread reads all of what is not split.
  double bias = weightBytes > inputBytes ? 0.02 : -0.05;
  return channels + bias > rows;
}

namespace {
class ConvolutionSchedules final : public CpuSchedules {
public:
  ConvolutionSchedules(const TileSubject &subject, const Machine &machine)
      : CpuSchedules(subject, machine), w(subject.getType(getConv().getW())) {}

private:
  llvm::SmallVector<AlgorithmSpace> describe(const SchedulePoint &point) const override;
  SchedulePoint choose() const override;
  int64_t chooseDepthwiseRows(const RegisterTileProblem &problem) const;

  ConvOp getConv() const { return llvm::cast<ConvOp>(subject.anchorOp); }

  RankedTensorType w;
};
} // namespace

llvm::SmallVector<AlgorithmSpace> ConvolutionSchedules::describe(const SchedulePoint &point) const {
  llvm::StringRef algorithm = getDefault().algorithm;
  if (algorithm == "plain")
    return {makePlain()};
  int64_t channels = w.getDimSize(0), groups = getConv().getGroups();
  AlgorithmSpace space = makeConvolutionTile(algorithm, w, channels, point);
  // Columns of a tile are of one group.
  if (groups > 1 && isPacked(w)) {
    ScheduleParameter &columns = space.parameters.front();
    columns.divides = columns.divides ? std::gcd(columns.divides, channels / groups) : channels / groups;
  }
  if (algorithm == "depthwise")
    space.parameters.push_back({"unroll_taps", 0, 2, 1, 0, /*isOptional=*/true});
  return {space, makePlain()};
}

/// Results of one vector of channels that share the weights they load, and inputs with their neighbours; with many
/// registers as many as computes little twice.
int64_t ConvolutionSchedules::chooseDepthwiseRows(const RegisterTileProblem &problem) const {
  constexpr int64_t fewRows = 4, manyRows = 8, manyRegisters = 32;
  int64_t most = (machine.registers >= manyRegisters && w.getDimSize(1) == 1 ? manyRows : fewRows) /
                 (problem.rowResults > 1 ? 2 : 1);
  if (problem.rows <= most)
    return problem.rows;
  int64_t best = most;
  for (int64_t rows = most; rows >= most / 2; --rows)
    if (llvm::alignTo(problem.rows, rows) < llvm::alignTo(problem.rows, best))
      best = rows;
  return best;
}

SchedulePoint ConvolutionSchedules::choose() const {
  SchedulePoint plain{"plain", 1, -1, 1, {}};
  if (!getLayout(w) || w.isDynamicDim(0) || w.isDynamicDim(1) || getDimsInnermostFirst(subject.result)[0] != 1)
    return plain;
  ConvOp conv = getConv();
  RankedTensorType x = subject.getType(conv.getX()), y = subject.getType(conv.getResult());
  int64_t rank = y.getRank(), elementBytes = std::max<int64_t>(getElementBytes(y.getElementType()), 4);
  int64_t channels = w.getDimSize(0), groups = conv.getGroups(), group = channels / groups;
  bool isBlocked = isPacked(w);
  RegisterTileProblem problem;
  problem.elementBytes = elementBytes;
  problem.columns = channels;
  // An open extent counts as one that tiles of any size divide; a tile of few rows leaves few over.
  constexpr int64_t assumedRows = 168, mostOpenRows = 8;
  bool hasOpenRows = subject.result.isDynamicDim(rank - 1);
  problem.rows = hasOpenRows ? assumedRows : subject.result.getDimSize(rank - 1);
  if (hasOpenRows)
    problem.mostRows = mostOpenRows;
  problem.planes = rank > 3 ? getFixedExtent(subject.result, rank - 2) : 1;
  auto pooled = [&](int64_t dim) {
    int64_t extent = subject.result.getDimSize(dim);
    return ShapedType::isDynamic(extent) || y.isDynamicDim(dim) || extent == 0
               ? 1
               : std::max<int64_t>(y.getDimSize(dim) / extent, 1);
  };
  problem.rowResults = pooled(rank - 1);
  problem.planeResults = rank > 3 ? pooled(rank - 2) : 1;
  for (int64_t extent : w.getShape().drop_front())
    problem.depth *= extent;
  problem.needsInputRegister = llvm::isa<IntegerType>(y.getElementType());
  problem.block = isBlocked ? getLayout(w).getInnerTiles()[0] : 0;
  problem.columnsDivide = groups > 1 && isBlocked ? group : 0;
  problem.rowBytes = x.isDynamicDim(1) ? 0 : x.getDimSize(1) * conv.getStrides().back() * elementBytes;

  SchedulePoint point;
  int64_t weightBytes = countBytes(w);
  if (isBlocked) {
    RegisterTile tile = chooseRegisterTile(problem, machine);
    if (tile.cycles < 0)
      return plain;
    point.algorithm = "direct";
    point.vector = tile.lanes;
    point.sizes["columns"] = tile.columns;
    point.sizes["rows"] = tile.rows;
    point.sizes["planes"] = tile.planes;
    // Few weights stay in the cache, and then the inputs of a tile are read once.
    point.sizes["columns_loop"] = weightBytes <= machine.level2.bytes / 4 ? 0 : -1;
    bool isOpen = hasOpenRows || problem.planes < 0;
    fetchAhead(point, subject.packedBytes,
               isOpen ? -1 : problem.rows * problem.rowResults * problem.planes * problem.planeResults);
  } else {
    int64_t lanes = chooseChannelLanes(elementBytes, [&](int64_t lanes) { return channels % lanes == 0; });
    if (lanes == 0)
      return plain;
    point = makeChannelTile("depthwise", lanes, chooseDepthwiseRows(problem), problem.depth);
    // Of many taps, two neighbouring planes read most of the same lines, which would come from the second-level cache
    // for each. A last plane that is computed twice should cost less.
    constexpr int64_t manyRegisters = 32, manyPlanes = 20;
    bool hasManyTaps = w.getDimSize(1) == 1 && point.sizes.try_emplace("unroll_taps", 2).second;
    if (hasManyTaps && machine.registers >= manyRegisters && problem.planeResults == 1 &&
        (problem.planes < 0 || problem.planes % 2 == 0 || problem.planes >= manyPlanes))
      point.sizes["planes"] = 2;
  }
  // Rows of an open extent: any tile from half the size on, so that an image of any width fills its tiles.
  if (hasOpenRows && point.getSize("rows", 1) > 1)
    point.sizes["least_rows"] = llvm::divideCeil(point.getSize("rows", 1), 2);
  // The dimension to split must be the same for all instruction sets, so it does not depend on the tile.
  constexpr int64_t channelBlock = 32;
  int64_t outer = rank > 3 ? rank - 2 : 0, rowParts = getFixedExtent(subject.result, outer);
  int64_t channelParts = groups == 1 || group % channelBlock == 0 ? llvm::divideCeil(channels, channelBlock) : 1;
  if (isBlocked && splitsChannels(rowParts < 0 ? 64 : rowParts, channelParts, countBytes(x), weightBytes)) {
    point.split = 1;
    point.grain = std::max(channelBlock, point.getSize("columns", 1));
  } else {
    point.split = outer;
  }
  return point;
}

std::unique_ptr<KernelSchedules> makeConvolutionSchedules(const TileSubject &subject, const Machine &machine) {
  if (llvm::isa<ConvWeightGradientOp>(subject.anchorOp))
    return makeWeightGradientSchedules(subject, machine);
  auto algorithm = annotation::algorithm.get(subject.anchorOp);
  if (algorithm && algorithm == rowConvolution)
    return makeRowConvolutionSchedules(subject, machine);
  bool isTransposed = llvm::isa<ConvTransposeOp>(subject.anchorOp);
  RankedTensorType w = subject.getType(subject.anchorOp->getOperand(1));
  bool isChannelsLast = getDimsInnermostFirst(subject.result)[0] == 1;
  if (getLayout(w) && getLayout(w).getWinograd() && isChannelsLast && w.hasStaticShape())
    return makeWinogradSchedules(subject, machine);
  if (isTransposed)
    return makeTransposedConvolutionSchedules(subject, machine);
  return std::make_unique<ConvolutionSchedules>(subject, machine);
}

} // namespace dlc
