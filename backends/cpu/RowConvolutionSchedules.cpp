// SPDX-License-Identifier: Apache-2.0
// Schedules of convolutions in vectors along the rows of images.
#include "analysis/MachineCost.h"
#include "backends/cpu/CpuSchedules.h"
#include "backends/cpu/RowConvolution.h"
#include "ir/Layout.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc {

namespace {
class RowConvolutionSchedules final : public CpuSchedules {
public:
  RowConvolutionSchedules(const TileSubject &subject, const Machine &machine) : CpuSchedules(subject, machine) {
    w = subject.getType(subject.anchorOp->getOperand(1));
    y = subject.getType(subject.anchorOp->getResult(0));
    spatial = y.getRank() - 2;
    inputStrides.assign(spatial, 1);
    phases.assign(spatial, 1);
    if (auto conv = llvm::dyn_cast<ConvOp>(subject.anchorOp)) {
      inputStrides.assign(conv.getStrides().begin(), conv.getStrides().end());
      filters = w.getDimSize(0) / static_cast<int64_t>(conv.getGroups());
      channels = w.getDimSize(1);
    } else {
      auto transposed = llvm::cast<ConvTransposeOp>(subject.anchorOp);
      phases.assign(transposed.getStrides().begin(), transposed.getStrides().end());
      filters = w.getDimSize(1);
      channels = w.getDimSize(0) / static_cast<int64_t>(transposed.getGroups());
    }
    for (int64_t count : phases)
      phaseCount *= count;
  }

private:
  /// Positions of a phase along spatial dimension `i`; -1 where they are known at run time.
  int64_t getPositions(int64_t i) const {
    int64_t extent = getFixedExtent(y, i + 2);
    return extent < 0 ? -1 : static_cast<int64_t>(llvm::divideCeil(extent, phases[i]));
  }
  /// Whether ranges of rows can begin and end with all phases.
  bool hasWholePhases() const {
    if (spatial < 2)
      return false;
    int64_t height = getFixedExtent(y, spatial), count = phases[spatial - 2];
    return count == 1 || (height >= 0 && height % count == 0);
  }
  int64_t getMostColumns() const {
    int64_t width = getPositions(spatial - 1);
    return width < 0 ? mostOpenColumns : width;
  }

  llvm::SmallVector<AlgorithmSpace> describe(const SchedulePoint &point) const override {
    if (getDefault().algorithm == "plain")
      return {makePlain()};
    AlgorithmSpace space = makeVectorized(rowConvolution);
    int64_t lanes = point.vector, height = spatial > 1 ? getPositions(spatial - 2) : 1;
    space.parameters = {
        {"columns", std::max(lanes, leastColumns), getMostColumns(), lanes},
        {"rows", 1, height < 0 ? mostAccumulators : std::max<int64_t>(std::min(height, mostAccumulators), 1)},
        {"planes", 1, mostAccumulators, 1, filters}};
    space.accumulatorParameters = {"columns", "rows", "planes"};
    space.registerFactor = phaseCount;
    space.splits = {{0}};
    if (hasWholePhases())
      space.splits.push_back({spatial, phases[spatial - 2]});
    return {space, makePlain()};
  }

  /// Estimated cycles of one image.
  double estimate(int64_t lanes, int64_t vectors, int64_t rows, int64_t planes) const {
    llvm::ArrayRef<int64_t> kernel = w.getShape().drop_front(2);
    int64_t taps = 1, inputs = vectors;
    for (int64_t i = 0; i < spatial; ++i) {
      int64_t size = i == spatial - 2 ? rows : 1, own = llvm::divideCeil(kernel[i], phases[i]);
      taps *= kernel[i];
      // Neighbouring rows meet the same inputs; phases begin at two neighbouring ones.
      int64_t apart = (size - 1) * inputStrides[i] + own + (phases[i] > 1 ? 1 : 0);
      inputs *= std::min(size * kernel[i], apart);
    }
    int64_t bytes = std::max<int64_t>(getElementBytes(y.getElementType()), 4),
            products = taps * planes * rows * vectors;
    // Half of the vectors that are loaded reach over two lines.
    double step = getCycles(machine, {lanes, bytes, products, inputs * 3 / 2 + taps * planes, 0});
    step =
        std::max(step, static_cast<double>(machine.latency * static_cast<int64_t>(llvm::divideCeil(taps, phaseCount))));
    auto count = [](int64_t extent, int64_t size) {
      constexpr int64_t usualExtent = 64;
      return static_cast<double>(extent < 0 ? llvm::divideCeil(usualExtent, size) : llvm::divideCeil(extent, size));
    };
    double tiles = count(getPositions(spatial - 1), lanes * vectors) * count(filters, planes);
    if (spatial > 1)
      tiles *= count(getPositions(spatial - 2), rows);
    double around = 10 + 3.0 * static_cast<double>(phaseCount * vectors * rows * planes);
    return tiles * (step * static_cast<double>(channels) + around);
  }

  SchedulePoint choose() const override {
    SchedulePoint plain{"plain", 1, -1, 1, {}};
    int64_t rank = y.getRank();
    if (getDimsInnermostFirst(subject.result)[0] != rank - 1 || getLayout(w) || getMostColumns() < leastColumns ||
        subject.result.getShape() != y.getShape())
      return plain;
    // What the sums leave: vectors of inputs, and weights where they are not operands in memory.
    int64_t bytes = std::max<int64_t>(getElementBytes(y.getElementType()), 4),
            registers = machine.registers - (machine.broadcastsFromMemory ? 4 : 5), width = getMostColumns(),
            height = spatial > 1 ? getPositions(spatial - 2) : 1;
    constexpr int64_t mostRows = 8, mostVectors = 8, mostProducts = 1024;
    int64_t taps = w.getNumElements() / (w.getDimSize(0) * w.getDimSize(1));
    std::optional<SchedulePoint> best;
    double least = 0;
    for (int64_t lanes = machine.getLanes(bytes); lanes >= std::min(leastColumns, machine.getLanes(bytes)); lanes /= 2)
      for (int64_t vectors = 1; vectors <= mostVectors && vectors * lanes <= width; ++vectors)
        for (int64_t rows = 1; rows <= (height < 0 ? mostRows : std::min(height, mostRows)); ++rows)
          for (int64_t planes = 1; planes <= filters; ++planes) {
            int64_t sums = phaseCount * vectors * rows * planes;
            bool isSmallest = vectors * rows * planes == 1;
            if (filters % planes != 0 || vectors * lanes < leastColumns ||
                (!isSmallest && (sums > registers || sums / phaseCount * taps > mostProducts)))
              continue;
            double cycles = estimate(lanes, vectors, rows, planes);
            if (best && cycles >= least)
              continue;
            least = cycles;
            best = SchedulePoint{
                rowConvolution.str(), lanes, -1, 1, {{"columns", vectors * lanes}, {"rows", rows}, {"planes", planes}}};
          }
    if (!best)
      return plain;
    if (y.getDimSize(0) != 1) {
      best->split = 0;
    } else if (hasWholePhases()) {
      best->split = spatial;
      best->grain = phases[spatial - 2];
    }
    return *best;
  }

  static constexpr int64_t leastColumns = 4;

  RankedTensorType w, y;
  int64_t spatial, channels, filters, phaseCount = 1; ///< channels and filters of a group
  llvm::SmallVector<int64_t> inputStrides, phases;
};
} // namespace

std::unique_ptr<KernelSchedules> makeRowConvolutionSchedules(const TileSubject &subject, const Machine &machine) {
  return std::make_unique<RowConvolutionSchedules>(subject, machine);
}

} // namespace dlc
