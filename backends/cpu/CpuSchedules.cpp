// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/CpuSchedules.h"
#include "ir/Layout.h"

using namespace mlir;

namespace dlc {

std::unique_ptr<KernelSchedules> CpuSchedules::create(const TileSubject &subject, const Machine &machine) {
  switch (subject.kind) {
  case KernelKind::Convolution:
    return makeConvolutionSchedules(subject, machine);
  case KernelKind::Contraction:
    return makeContractionSchedules(subject, machine);
  case KernelKind::Recurrent:
    return makeRecurrentSchedules(subject, machine);
  case KernelKind::Reduction:
    return makeReductionSchedules(subject, machine);
  case KernelKind::Normalization:
    return makeNormalizationSchedules(subject, machine);
  case KernelKind::Attention:
    return makeAttentionSchedules(subject, machine);
  case KernelKind::Loops:
    return makeLoopSchedules(subject, machine);
  case KernelKind::Elementwise:
  case KernelKind::Window:
  case KernelKind::Movement:
    return makeRowSchedules(subject, machine);
  }
  llvm_unreachable("all kernel kinds have schedules");
}

AlgorithmSpace CpuSchedules::makeConvolutionTile(llvm::StringRef algorithm, RankedTensorType w, int64_t channels,
                                                 const SchedulePoint &point) const {
  int64_t lanes = point.vector;
  AlgorithmSpace space = makeVectorized(algorithm);
  ScheduleParameter tile{"columns", lanes, mostAccumulators * lanes, lanes, channels};
  if (isPacked(w))
    tile = makePackedColumns(lanes, getLayout(w).getInnerTiles()[0], channels);
  space.parameters = {tile,
                      {"rows", 1, mostAccumulators},
                      {"least_rows", 1, std::max<int64_t>(point.getSize("rows", 1), 1), 1, 0, /*isOptional=*/true},
                      {"planes", 1, 8, 1, 0, /*isOptional=*/true},
                      {"columns_loop", -1, subject.result.getRank() - 1, 1, 0, /*isOptional=*/true}};
  if (isPacked(w))
    space.parameters.push_back(prefetchParameter);
  space.accumulatorParameters = {"columns", "rows", "planes"};
  space.splits = splitAnywhere(1, std::max<int64_t>(point.getSize("columns", lanes), 1));
  return space;
}

bool exceedsLevel2(int64_t bytes) { return bytes > 2 * getReferenceMachine().level2.bytes; }

void CpuSchedules::fetchAhead(SchedulePoint &point, int64_t bytes, int64_t positions) const {
  // Where weights are still in the second-level cache from the run before, fetching takes time and gives none. A single
  // position does nothing but read them, in the order that the processor fetches ahead by itself.
  constexpr int64_t manyPositions = 1024;
  if (machine.prefetchBytes > 0 && positions != 1 && positions <= manyPositions && exceedsLevel2(bytes))
    point.sizes["prefetch"] = machine.prefetchBytes;
}

int64_t CpuSchedules::chooseChannelLanes(int64_t elementBytes, llvm::function_ref<bool(int64_t lanes)> fit) const {
  constexpr int64_t fewestLanes = 4;
  int64_t lanes = machine.getLanes(elementBytes);
  while (lanes > fewestLanes && !fit(lanes))
    lanes /= 2;
  return fit(lanes) ? lanes : 0;
}

SchedulePoint makeChannelTile(llvm::StringRef algorithm, int64_t lanes, int64_t rows, int64_t taps) {
  constexpr int64_t fewTaps = 27;
  SchedulePoint point{algorithm.str(), lanes, -1, 1, {{"columns", lanes}, {"rows", rows}, {"columns_loop", 0}}};
  if (taps <= fewTaps)
    point.sizes["unroll_taps"] = 1;
  return point;
}

ScheduleParameter makePackedColumns(int64_t lanes, int64_t block, int64_t extent) {
  ScheduleParameter parameter{"columns", lanes, mostAccumulators * lanes, lanes};
  parameter.block = block;
  // A tile that contains all columns of the first block need not divide it.
  parameter.whole = extent;
  return parameter;
}

} // namespace dlc
