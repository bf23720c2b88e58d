// SPDX-License-Identifier: Apache-2.0
// Schedules of transposed convolutions in tiles: of the result if the stride is 1, otherwise of each phase.
#include "backends/cpu/CpuSchedules.h"
#include "backends/cpu/RegisterTile.h"
#include "ir/Layout.h"
#include "ir/OpsConvolution.h"
#include "llvm/Support/MathExtras.h"

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
  }

private:
  /// Positions of a phase along `dim`; -1 where they are known at run time.
  int64_t getPositions(int64_t dim) const {
    int64_t extent = getFixedExtent(y, dim);
    return isDirect || extent < 0 ? extent : static_cast<int64_t>(llvm::divideCeil(extent, strides[dim - 2]));
  }

  llvm::SmallVector<AlgorithmSpace> describe(const SchedulePoint &point) const override {
    if (getDefault().algorithm == "direct")
      return {makeConvolutionTile("direct", w, w.getDimSize(1), point), makePlain()};
    if (getDefault().algorithm == "phases")
      return {describePhases(point), makePlain()};
    return {makePlain()};
  }

  AlgorithmSpace describePhases(const SchedulePoint &point) const {
    AlgorithmSpace space = makeVectorized("phases");
    space.parameters = {
        makePackedColumns(point.vector, isPacked(w) ? getLayout(w).getInnerTiles()[0] : 32, y.getDimSize(1)),
        {"rows", 1, mostAccumulators},
        {"planes", 1, 8}};
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
    problem.depth = std::max<int64_t>(w.getNumElements() / w.getDimSize(1), 1);
    problem.rowBytes = x.isDynamicDim(1) ? 0 : x.getDimSize(1) * problem.elementBytes;
    RegisterTile tile = chooseRegisterTile(problem, machine);
    if (tile.cycles < 0)
      return plain;
    // Images, of which a batch has several: their ranges need no halo between tiles.
    int64_t split = 0;
    if (y.getDimSize(0) == 1 && isDirect)
      split = rank > 3 ? rank - 2 : -1;
    return {isDirect ? "direct" : "phases",
            tile.lanes,
            split,
            1,
            {{"columns", tile.columns}, {"rows", tile.rows}, {"planes", tile.planes}}};
  }

  RankedTensorType w, y;
  llvm::ArrayRef<int64_t> strides;
  bool isDirect;
};
} // namespace

std::unique_ptr<KernelSchedules> makeTransposedConvolutionSchedules(const TileSubject &subject,
                                                                    const Machine &machine) {
  return std::make_unique<TransposedConvolutionSchedules>(subject, machine);
}

} // namespace dlc
