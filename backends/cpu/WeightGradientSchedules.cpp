// SPDX-License-Identifier: Apache-2.0
// Schedules of the gradients of convolutions' weights.
#include "backends/cpu/CpuSchedules.h"
#include "backends/cpu/RegisterTile.h"
#include "backends/cpu/WinogradCost.h"
#include "ir/Annotations.h"
#include "ir/Layout.h"
#include "ir/OpsConvolution.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;

namespace dlc {

namespace {
class WeightGradientSchedules final : public CpuSchedules {
public:
  WeightGradientSchedules(const TileSubject &subject, const Machine &machine)
      : CpuSchedules(subject, machine), w(subject.result) {
    auto op = llvm::cast<ConvWeightGradientOp>(subject.anchorOp);
    dy = subject.getType(op.getYGradient());
    groups = op.getGroups();
    auto algorithm = annotation::algorithm.get(op);
    isWinograd = algorithm && algorithm == "winograd";
  }

private:
  bool hasUnknownImage() const { return llvm::any_of(dy.getShape().drop_front(2), ShapedType::isDynamic); }

  llvm::SmallVector<AlgorithmSpace> describe(const SchedulePoint &point) const override {
    if (getDefault().algorithm == "plain")
      return {makePlain()};
    int64_t lanes = point.vector, columns = std::max<int64_t>(point.getSize("columns", lanes), 1);
    AlgorithmSpace space = makeVectorized(isWinograd ? "winograd" : "weight_gradient");
    space.parameters = {{"columns", lanes, mostAccumulators * lanes, lanes, isWinograd ? winogradChannelBlock : 0},
                        {"rows", 1, mostAccumulators, 1, w.getDimSize(1)},
                        {"planes", 1, isWinograd ? 1 : mostAccumulators, 1, w.getDimSize(w.getRank() - 1)}};
    if (isWinograd)
      space.parameters.push_back({"channels", winogradChannelBlock, winogradChannelBlock});
    // A copy of the gradient for columns that are not whole has a size that is known.
    if (!isWinograd && hasUnknownImage())
      space.parameters.front().divides = w.getDimSize(0);
    space.accumulatorParameters = {"columns", "rows", "planes"};
    space.splits = {{0, isWinograd ? std::lcm(winogradChannelBlock, columns) : columns}};
    return {space, makePlain()};
  }

  SchedulePoint choose() const override {
    SchedulePoint plain{"plain", 1, -1, 1, {}};
    if (groups != 1 || getLayout(w) || w.getNumElements() == 0 || getElementBytes(w.getElementType()) < 4 ||
        getDimsInnermostFirst(dy)[0] != 1)
      return plain;
    int64_t rank = w.getRank();
    RegisterTileProblem problem;
    problem.elementBytes = getElementBytes(w.getElementType());
    problem.columns = w.getDimSize(0);
    problem.rows = w.getDimSize(1);
    problem.planes = problem.mostPlanes = w.getDimSize(rank - 1);
    problem.mustDivide = true;
    for (int64_t dim = 2; dim < rank; ++dim)
      problem.depth *= dy.isDynamicDim(dim) ? 16 : std::max<int64_t>(dy.getDimSize(dim), 1);
    if (isWinograd) {
      problem.columnsDivide = winogradChannelBlock;
      problem.planes = 1;
      problem.depth = llvm::divideCeil(dy.getDimSize(2), 4) * llvm::divideCeil(dy.getDimSize(3), 4);
    }
    RegisterTile tile = chooseRegisterTile(problem, machine);
    // Where output channels do not fill the vectors, an image's gradient is copied, whose size must then be known.
    bool isCopied = problem.columns % tile.columns != 0;
    if (tile.cycles < 0 || (isCopied && hasUnknownImage()))
      return plain;
    SchedulePoint point{isWinograd ? "winograd" : "weight_gradient",
                        tile.lanes,
                        -1,
                        1,
                        {{"columns", tile.columns}, {"rows", tile.rows}, {"planes", tile.planes}}};
    if (isWinograd)
      point.sizes["channels"] = winogradChannelBlock;
    // Blocks of output channels; the largest tile is two blocks.
    constexpr int64_t channelBlock = 32;
    if (problem.columns >= 2 * channelBlock) {
      point.split = 0;
      point.grain = std::max(channelBlock, tile.columns);
      // Every range transforms the input.
      if (isWinograd && problem.columns >= 4 * channelBlock)
        point.grain = std::max(2 * channelBlock, point.grain);
    }
    return point;
  }

  RankedTensorType dy, w;
  int64_t groups;
  bool isWinograd;
};
} // namespace

std::unique_ptr<KernelSchedules> makeWeightGradientSchedules(const TileSubject &subject, const Machine &machine) {
  return std::make_unique<WeightGradientSchedules>(subject, machine);
}

} // namespace dlc
