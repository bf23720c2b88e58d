// SPDX-License-Identifier: Apache-2.0
// Schedules of attention: the tile of queries and the block of keys whose scores exist at a time, and the register
// tiles of the two products (see backends/halide/Attention.cpp).
#include "backends/cpu/CpuSchedules.h"
#include "ir/Layout.h"
#include "ir/OpsAttention.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc {

/// Queries of a tile: whole vectors, four at most, whose last tile is as full as can be.
static int64_t chooseQueries(int64_t length, int64_t lanes) {
  if (ShapedType::isDynamic(length))
    return 2 * lanes;
  if (length < lanes)
    return llvm::PowerOf2Ceil(std::max<int64_t>(length, 1));
  int64_t best = lanes;
  for (int64_t vectors : {1, 2, 4}) {
    int64_t tile = vectors * lanes;
    // A wider tile reads keys and values less often: worth some queries that do not exist.
    if (tile - lanes < length && 8 * llvm::alignTo(length, tile) <= 9 * llvm::alignTo(length, best))
      best = tile;
  }
  return best;
}

/// The split of the result between threads: heads if there are several, or samples, or tiles of queries.
static std::pair<int64_t, int64_t> chooseSplit(RankedTensorType result, int64_t queries) {
  auto isLong = [&](int64_t dim, int64_t least) { return result.isDynamicDim(dim) || result.getDimSize(dim) >= least; };
  if (!result.isDynamicDim(1) && result.getDimSize(1) >= 4)
    return {1, 1};
  if (isLong(0, 4))
    return {0, 1};
  if (isLong(2, 4 * queries))
    return {2, queries};
  if (isLong(1, 2))
    return {1, 1};
  if (isLong(0, 2))
    return {0, 1};
  return {-1, 1};
}

namespace {
class AttentionSchedules final : public CpuSchedules {
public:
  using CpuSchedules::CpuSchedules;

private:
  llvm::SmallVector<AlgorithmSpace> describe(const SchedulePoint &point) const override;
  SchedulePoint choose() const override;
};
} // namespace

SchedulePoint AttentionSchedules::choose() const {
  auto op = llvm::cast<AttentionOp>(subject.anchorOp);
  RankedTensorType key = subject.getType(op.getKey());
  int64_t lanes = machine.getLanes(std::max<int64_t>(getElementBytes(subject.result.getElementType()), 4));
  int64_t queries = chooseQueries(subject.result.getDimSize(2), lanes);
  int64_t accumulators = machine.registers * 3 / 4;
  int64_t queryVectors = llvm::divideCeil(queries, lanes);
  int64_t keyRows = std::max<int64_t>(1, std::min<int64_t>(accumulators / queryVectors, 12));
  // One block up to this many keys, so that nothing is rescaled; longer sequences go in smaller blocks.
  constexpr int64_t longestBlock = 512, manyKeys = 256, unknownKeys = 128;
  int64_t length = key.getDimSize(2);
  int64_t keys = ShapedType::isDynamic(length) ? unknownKeys
                 : length <= longestBlock      ? std::max<int64_t>(length, 1)
                                               : manyKeys;
  keys = length > 0 && length <= longestBlock ? llvm::alignTo(keys, keyRows) : llvm::alignDown(keys, keyRows);

  // 16 accumulators and four vectors of a row of values, or fewer rows where registers are fewer.
  int64_t valueVectors = llvm::divideCeil(subject.result.getDimSize(3), lanes), columnVectors = 1;
  for (int64_t vectors = machine.registers >= 32 ? 6 : 4; vectors > 1 && columnVectors == 1; --vectors)
    if (valueVectors % vectors == 0)
      columnVectors = vectors;
  int64_t valueRows = 1;
  while (2 * valueRows * columnVectors <= accumulators && queries % (2 * valueRows) == 0)
    valueRows *= 2;

  auto [split, grain] = chooseSplit(subject.result, queries);
  return {"online",
          lanes,
          split,
          grain,
          {{"queries", queries},
           {"keys", keys},
           {"key_rows", keyRows},
           {"value_rows", valueRows},
           {"value_columns", columnVectors * lanes}}};
}

llvm::SmallVector<AlgorithmSpace> AttentionSchedules::describe(const SchedulePoint &point) const {
  int64_t lanes = point.vector, keyRows = std::max<int64_t>(point.getSize("key_rows", 1), 1),
          queries = std::max<int64_t>(point.getSize("queries", 1), 1);
  auto values = static_cast<int64_t>(llvm::alignTo(subject.result.getDimSize(3), lanes));
  AlgorithmSpace space = makeVectorized("online");
  // Part of a vector if there are so few queries, or whole vectors.
  ScheduleParameter tile{"queries", 1, 8 * lanes};
  tile.block = lanes;
  space.parameters = {tile,
                      {"key_rows", 1, 32},
                      {"keys", keyRows, 4096, keyRows},
                      {"value_rows", 1, 32, 1, queries},
                      {"value_columns", lanes, 8 * lanes, lanes, values}};
  space.accumulatorParameters = {"queries", "key_rows"};
  space.splits = {{0}, {1}, {2, queries}};
  return {space};
}

std::unique_ptr<KernelSchedules> makeAttentionSchedules(const TileSubject &subject, const Machine &machine) {
  return std::make_unique<AttentionSchedules>(subject, machine);
}

} // namespace dlc
