// SPDX-License-Identifier: Apache-2.0
// Schedules of kernels that are written as loops: the body decides everything but the dimension that threads share.
#include "backends/cpu/CpuSchedules.h"
#include "backends/cpu/RowSplit.h"

using namespace mlir;

namespace dlc {
namespace {

class LoopSchedules final : public CpuSchedules {
public:
  using CpuSchedules::CpuSchedules;

private:
  int64_t getParallelRank() const { return llvm::cast<LoopOpInterface>(subject.anchorOp).getParallelRank(); }

  llvm::SmallVector<AlgorithmSpace> describe(const SchedulePoint &) const override {
    AlgorithmSpace space;
    space.algorithm = "loops";
    for (int64_t dim = 0; dim < getParallelRank(); ++dim)
      space.splits.push_back({dim});
    return {space};
  }

  SchedulePoint choose() const override {
    // Steps are long, and need not fill cache lines of the result.
    RowSplit split = chooseRowSplit(subject, [&](int64_t dim) { return dim < getParallelRank(); }, /*block=*/1);
    return {"loops", 1, split.dim, split.grain, {}};
  }
};

} // namespace

std::unique_ptr<KernelSchedules> makeLoopSchedules(const TileSubject &subject, const Machine &machine) {
  return std::make_unique<LoopSchedules>(subject, machine);
}

} // namespace dlc
