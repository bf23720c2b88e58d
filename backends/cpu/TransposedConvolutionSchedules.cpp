// SPDX-License-Identifier: Apache-2.0
// Schedules of transposed convolutions in tiles: of the result if the stride is 1, otherwise of each phase.
#include "backends/cpu/CpuSchedules.h"
#include "backends/cpu/RegisterTile.h"
#include "ir/Layout.h"
#include "ir/OpsConvolution.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;

namespace dlc {

namespace {
class TransposedConvolutionSchedules final : public CpuSchedules {
public:
  TransposedConvolutionSchedules(const TileSubject &subject, const Machine &machine) : CpuSchedules(subject, machine) {
    auto op = llvm::cast<ConvTransposeOp>(subject.anchorOp);
    w = subject.getType(op.getW());
    y = subject.getType(op.getResult());
    strides = op.getStrides();
    isDirect = llvm::all_of(strides, [](int64_t stride) { return stride == 1; });
    groups = static_cast<int64_t>(op.getGroups());
  }

private:
  /// Positions of a phase along `dim`; -1 where they are known at run time.
  int64_t getPositions(int64_t dim) const {
    int64_t extent = getFixedExtent(y, dim);
    return isDirect || extent < 0 ? extent : static_cast<int64_t>(llvm::divideCeil(extent, strides[dim - 2]));
  }

  /// Every channel by itself: vectors run along the channels of input, weight and result, none of which is padded.
  bool isDepthwise() const { return !isPacked(w); }

  llvm::SmallVector<AlgorithmSpace> describe(const SchedulePoint &point) const override {
    if (getDefault().algorithm == "plain")
      return {makePlain()};
    AlgorithmSpace space = isDirect ? makeConvolutionTile("direct", w, y.getDimSize(1), point) : describePhases(point);
    // Columns of a tile are of one group.
    ScheduleParameter &columns = space.parameters.front();
    if (groups > 1 && !isDepthwise())
      columns.divides = columns.divides ? std::gcd(columns.divides, w.getDimSize(1)) : w.getDimSize(1);
    if (isDirect && isDepthwise())
      space.parameters.push_back({"unroll_taps", 0, 1, 1, 0, /*isOptional=*/true});
    return {space, makePlain()};
  }

  AlgorithmSpace describePhases(const SchedulePoint &point) const {
    AlgorithmSpace space = makeVectorized("phases");
    int64_t lanes = point.vector;
    ScheduleParameter columns{"columns", lanes, lanes, lanes};
    if (!isDepthwise())
      columns = makePackedColumns(lanes, getLayout(w).getInnerTiles()[0], y.getDimSize(1));
    space.parameters = {columns, {"rows", 1, mostAccumulators}, {"planes", 1, 8}};
    space.accumulatorParameters = {"columns", "rows", "planes"};
    space.splits = {{0}};
    return space;
  }

  SchedulePoint choose() const override {
    SchedulePoint plain{"plain", 1, -1, 1, {}};
    int64_t rank = y.getRank();
    if (!getLayout(w) || getDimsInnermostFirst(subject.result)[0] != 1)
      return plain;
    RankedTensorType x = subject.getType(subject.anchorOp->getOperand(0));
    RegisterTileProblem problem;
    problem.elementBytes = std::max<int64_t>(getElementBytes(y.getElementType()), 4);
    problem.columns = y.getDimSize(1);
    problem.rows = getPositions(rank - 1);
    problem.planes = rank > 3 ? getPositions(rank - 2) : 1;
    problem.depth = std::max<int64_t>(w.getNumElements() / y.getDimSize(1), 1);
    problem.rowBytes = x.isDynamicDim(1) ? 0 : x.getDimSize(1) * problem.elementBytes;
    if (isDepthwise())
      return chooseDepthwise(problem);
    problem.block = getLayout(w).getInnerTiles()[0];
    problem.columnsDivide = groups > 1 ? w.getDimSize(1) : 0;
    RegisterTile tile = chooseRegisterTile(problem, machine);
    if (tile.cycles < 0)
      return plain;
    return {isDirect ? "direct" : "phases",
            tile.lanes,
            getSplit(),
            1,
            {{"columns", tile.columns}, {"rows", tile.rows}, {"planes", tile.planes}}};
  }

  /// Images, of which a batch has several: their ranges need no halo between tiles.
  int64_t getSplit() const {
    int64_t rank = y.getRank();
    if (y.getDimSize(0) == 1 && isDirect)
      return rank > 3 ? rank - 2 : -1;
    return 0;
  }

  SchedulePoint chooseDepthwise(const RegisterTileProblem &problem) const {
    constexpr int64_t fewRows = 4;
    int64_t channels = y.getDimSize(1), rows = problem.rows < 0 ? fewRows : std::min(problem.rows, fewRows);
    // A last vector of phases is shifted inwards, over channels of the one before.
    int64_t lanes = chooseChannelLanes(
        problem.elementBytes, [&](int64_t lanes) { return isDirect ? channels % lanes == 0 : channels >= lanes; });
    if (lanes == 0)
      return {"plain", 1, -1, 1, {}};
    if (!isDirect)
      return {"phases", lanes, getSplit(), 1, {{"columns", lanes}, {"rows", rows}, {"planes", 1}}};
    SchedulePoint point = makeChannelTile("direct", lanes, rows, problem.depth);
    point.split = getSplit();
    return point;
  }

  RankedTensorType w, y;
  llvm::ArrayRef<int64_t> strides;
  bool isDirect;
  int64_t groups;
};
} // namespace

std::unique_ptr<KernelSchedules> makeTransposedConvolutionSchedules(const TileSubject &subject,
                                                                    const Machine &machine) {
  return std::make_unique<TransposedConvolutionSchedules>(subject, machine);
}

} // namespace dlc
