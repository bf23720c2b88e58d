// SPDX-License-Identifier: Apache-2.0
// Schedules of convolutions and transposed convolutions whose weights are transformed: the layout has chosen the
// algorithm, and no other one reads these weights.
#include "backends/cpu/CpuSchedules.h"
#include "backends/cpu/RegisterTile.h"
#include "backends/cpu/WinogradCost.h"
#include "ir/Layout.h"
#include "ir/OpsConvolution.h"

using namespace mlir;

namespace dlc {

namespace {
class WinogradSchedules final : public CpuSchedules {
public:
  WinogradSchedules(const TileSubject &subject, const Machine &machine)
      : CpuSchedules(subject, machine), y(subject.getType(subject.anchorOp->getResult(0))) {
    RankedTensorType w = subject.getType(subject.anchorOp->getOperand(1));
    auto conv = llvm::dyn_cast<ConvOp>(subject.anchorOp);
    problem = {getLayout(w).getWinograd(),
               w.getDimSize(conv ? 1 : 0),
               w.getDimSize(conv ? 0 : 1),
               conv ? static_cast<int64_t>(conv.getGroups()) : 1,
               y.getDimSize(2),
               y.getDimSize(3)};
    isOpen = y.isDynamicDim(2) || y.isDynamicDim(3);
    chunk = isOpen ? chooseOpenWinogradChunk(problem) : chooseWinogradChunk(problem);
    // Rows of the result that a row of tiles gives. Open images are not pooled in the same kernel.
    int64_t pool =
        isOpen ? 1 : std::max<int64_t>(y.getDimSize(2) / std::max<int64_t>(subject.result.getDimSize(2), 1), 1);
    tileRows = std::max<int64_t>(problem.m / pool, 1);
  }

private:
  bool hasNaive() const override { return false; }

  llvm::SmallVector<AlgorithmSpace> describe(const SchedulePoint &point) const override {
    int64_t lanes = point.vector, chunkColumns = std::max<int64_t>(point.getSize("chunk_columns", 1), 1),
            chunkRows = std::max<int64_t>(point.getSize("chunk_rows", 1), 1);
    AlgorithmSpace space = makeVectorized("winograd");
    if (isOpen) {
      space.parameters = {{"channels", winogradChannelBlock, winogradChannelBlock},
                          {"chunk_tiles", 1, mostElements},
                          {"columns", lanes, winogradChannelBlock, lanes, winogradChannelBlock},
                          {"rows", 1, mostElements},
                          {"least_rows", 1, std::max<int64_t>(point.getSize("rows", 1), 1)},
                          prefetchParameter};
      space.accumulatorParameters = {"columns", "rows"};
      space.splits = {{0}, {1, winogradChannelBlock}, {2, tileRows}};
      return {space};
    }
    // Chunks divide the image's tiles; these are the compiler's or a part of them.
    space.parameters = {{"channels", winogradChannelBlock, winogradChannelBlock},
                        {"chunk_columns", 1, mostElements, 1, chunk.columns},
                        {"chunk_rows", 1, mostElements, 1, chunk.rows},
                        {"columns", lanes, winogradChannelBlock, lanes, winogradChannelBlock},
                        {"rows", 1, chunkColumns},
                        {"planes", 1, chunkRows},
                        prefetchParameter};
    space.accumulatorParameters = {"columns", "rows", "planes"};
    space.splits = {{0}, {1, winogradChannelBlock}, {2, tileRows * chunkRows}};
    return {space};
  }

  SchedulePoint choose() const override {
    RegisterTileProblem products;
    products.columns = winogradChannelBlock;
    // Fourteen tiles of two vectors would fit 32 registers, but LLVM moves and stores some of the sums in every step.
    products.mostRows = isOpen ? 8 : 7;
    products.rows = isOpen ? products.mostRows : chunk.columns;
    products.planes = chunk.rows;
    products.depth = problem.inputChannels;
    RegisterTile tile = chooseRegisterTile(products, machine);
    int64_t lanes = machine.getLanes(products.elementBytes);
    if (isOpen) {
      SchedulePoint point{"winograd",
                          lanes,
                          chunk.splitsChannels ? 1 : 2,
                          chunk.splitsChannels ? winogradChannelBlock : tileRows,
                          {{"channels", winogradChannelBlock},
                           {"chunk_tiles", chunk.columns},
                           {"columns", std::max(tile.columns, lanes)},
                           {"rows", tile.rows},
                           {"least_rows", llvm::divideCeil(tile.rows, 2)}}};
      fetchAhead(point, subject.packedBytes, chunk.columns);
      return point;
    }
    SchedulePoint point{"winograd",
                        lanes,
                        chunk.splitsChannels ? 1 : 2,
                        chunk.splitsChannels ? winogradChannelBlock : tileRows * chunk.rows,
                        {{"channels", winogradChannelBlock},
                         {"chunk_columns", chunk.columns},
                         {"chunk_rows", chunk.rows},
                         {"columns", std::max(tile.columns, lanes)},
                         {"rows", tile.rows},
                         {"planes", tile.planes}}};
    fetchAhead(point, subject.packedBytes, chunk.columns * chunk.rows);
    // A batch of images comes apart without repeating anything.
    if (!y.isDynamicDim(0) && y.getDimSize(0) > 1) {
      point.split = 0;
      point.grain = 1;
    }
    return point;
  }

  RankedTensorType y;
  WinogradProblem problem;
  WinogradChunk chunk;
  bool isOpen; ///< a run decides the extents of the image
  int64_t tileRows;
};
} // namespace

std::unique_ptr<KernelSchedules> makeWinogradSchedules(const TileSubject &subject, const Machine &machine) {
  return std::make_unique<WinogradSchedules>(subject, machine);
}

} // namespace dlc
