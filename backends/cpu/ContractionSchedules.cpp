// SPDX-License-Identifier: Apache-2.0
// Schedules of matrix products.
#include "backends/cpu/CpuSchedules.h"
#include "backends/cpu/PlanContraction.h"
#include "backends/cpu/RegisterTile.h"
#include "ir/Layout.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLinear.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;

namespace dlc {

namespace {
/// Tiles of dot products.
struct DotTile {
  int64_t columns = 0, rows = 0;
  int64_t chains = 1; ///< vectors of partial sums for each result
};
} // namespace

static bool isWideFloat(Type element) { return element.isF32() || element.isF64(); }

/// Whether `type` has fixed extents and is so large that a run does not find it in the second-level cache.
static bool exceedsLevel2(RankedTensorType type) {
  return type.hasStaticShape() && exceedsLevel2(type.getNumElements() * getElementBytes(type.getElementType()));
}

/// Whether `op` can be dot products, of rows and columns that are read in place.
static bool hasDots(MatMulOp op, RankedTensorType lhs, RankedTensorType rhs) {
  return hasAdjacentColumns(op, lhs, rhs) && !getLayout(lhs) && !getLayout(rhs);
}

/// Whether `op` is a product of two row-major matrices whose terms may come in blocks: the partial sums are added to
/// the output itself, so nothing may follow in the kernel.
static bool hasBlocks(MatMulOp op, RankedTensorType lhs, RankedTensorType rhs) {
  bool isAlone = op->hasOneUse() && llvm::isa<YieldOp>(*op->user_begin()) &&
                 (*op->user_begin())->getNumOperands() == 1 && llvm::isa<BlockArgument>(op.getLhs()) &&
                 llvm::isa<BlockArgument>(op.getRhs());
  return isAlone && !op.getTransposeRhs() && lhs.getRank() == 2 && rhs.getRank() == 2 && lhs.hasStaticShape() &&
         rhs.hasStaticShape() && !getLayout(lhs) && !getLayout(rhs) && isWideFloat(op.getType().getElementType());
}

/// For rows times the transpose of a matrix: tiles that divide both, or none where packing blocks of the matrix pays,
/// because many rows share them. Of few columns, blocks would be mostly empty.
static std::optional<DotTile> chooseDots(MatMulOp op, RankedTensorType lhs, RankedTensorType rhs,
                                         const Machine &processor, int64_t rowRange) {
  constexpr int64_t manyRows = 128, mostColumns = 4;
  if (!hasDots(op, lhs, rhs))
    return std::nullopt;
  llvm::ArrayRef<int64_t> matrix = rhs.getShape().take_back(2);
  int64_t columns = matrix[op.getTransposeRhs() ? 0 : 1], depth = matrix[op.getTransposeRhs() ? 1 : 0],
          rows = std::max<int64_t>(lhs.getDimSize(lhs.getRank() - 2), 1), // one at a time of an open number
      lanes = processor.getLanes(getElementBytes(op.getType().getElementType()));
  bool hasFewColumns = columns >= 1 && columns <= mostDotColumns;
  if (depth < 4 * lanes || (!hasFewColumns && (rhs.getRank() > 2 || rows < 2 || rows > manyRows)))
    return std::nullopt;
  // Of few columns, a tile reads as many rows as a set of the first-level cache can hold beside the column, whatever
  // their distance is.
  int64_t mostRows = hasFewColumns ? std::min<int64_t>(rows, 4) : rows;
  // Loads for single products gain nothing. Among as many sums, those with the fewest loads.
  int64_t least = hasFewColumns ? 1 : 2;
  DotTile best;
  for (int64_t wide = least; wide <= mostColumns; wide *= 2)
    for (int64_t high = least; high <= mostRows && wide * high + wide + 1 <= processor.registers; ++high) {
      auto isBetter =
          std::pair(wide * high, -wide - high) > std::pair(best.columns * best.rows, -best.columns - best.rows);
      if (columns % wide == 0 && rows % high == 0 && rowRange % high == 0 && isBetter)
        best = {wide, high};
    }
  // As many sums as a multiplication's latency takes.
  constexpr int64_t fewSums = 8;
  if (!hasFewColumns) {
    if (best.columns * best.rows < fewSums)
      return std::nullopt;
    return best;
  }
  int64_t sums = best.columns * best.rows;
  while (sums * best.chains < fewSums && 2 * sums * best.chains <= processor.registers / 2 &&
         depth >= 8 * lanes * best.chains)
    best.chains *= 2;
  return best;
}

namespace {
/// Tiles of a product whose terms come in blocks.
struct BlockedTile {
  RegisterTile tile;
  int64_t depth = 0; ///< terms of a block
};
} // namespace

constexpr int64_t mostBlockTerms = 128, leastBlockTerms = 32;

/// Whether `op` is the transpose of a matrix times another, both of so many rows that they do not fit the second-level
/// cache, and nothing follows it in its kernel: the gradient of a weight.
static bool isLongSum(MatMulOp op, RankedTensorType lhs, RankedTensorType rhs, int64_t elementBytes) {
  return hasBlocks(op, lhs, rhs) && op.getTransposeLhs() && lhs.getDimSize(0) >= 4 * mostBlockTerms &&
         (lhs.getNumElements() + rhs.getNumElements()) * elementBytes >= getReferenceMachine().level2.bytes;
}

/// Tiles for a long sum; none where they would not divide the result or its terms.
static std::optional<BlockedTile> chooseBlocks(RegisterTileProblem problem, const Machine &processor) {
  constexpr int64_t fewSums = 8;
  BlockedTile blocked;
  blocked.depth = mostBlockTerms;
  while (blocked.depth >= leastBlockTerms && problem.depth % blocked.depth != 0)
    --blocked.depth;
  if (blocked.depth < leastBlockTerms)
    return std::nullopt;
  problem.block = 0;
  problem.mustDivide = true;
  blocked.tile = chooseRegisterTile(problem, processor);
  if (blocked.tile.cycles < 0 || blocked.tile.columns / blocked.tile.lanes * blocked.tile.rows < fewSums ||
      problem.columns % blocked.tile.columns != 0 || problem.rows % blocked.tile.rows != 0)
    return std::nullopt;
  return blocked;
}

namespace {
class ContractionSchedules final : public CpuSchedules {
public:
  using CpuSchedules::CpuSchedules;

private:
  llvm::SmallVector<AlgorithmSpace> describe(const SchedulePoint &point) const override;
  SchedulePoint choose() const override;

  /// Whether the templates for products of matrices apply.
  bool isTiled() const {
    auto matmul = llvm::dyn_cast<MatMulOp>(subject.anchorOp);
    return matmul && subject.result.getRank() >= 1 && !getLayout(subject.result) &&
           subject.getType(matmul.getRhs()).getRank() >= 2;
  }
  AlgorithmSpace describeDots(const SchedulePoint &point, RankedTensorType lhs) const;
  AlgorithmSpace describeBlocked(const SchedulePoint &point, RankedTensorType rhs) const;
  AlgorithmSpace describeGemm(const SchedulePoint &point, MatMulOp op, RankedTensorType lhs,
                              RankedTensorType rhs) const;
};
} // namespace

SchedulePoint ContractionSchedules::choose() const {
  int64_t rank = subject.result.getRank();
  SchedulePoint plain{"plain", 1, rank > 1 && !getLayout(subject.result) ? 0 : -1, 1, {}};
  if (!isTiled())
    return plain;
  auto matmul = llvm::cast<MatMulOp>(subject.anchorOp);
  RankedTensorType lhs = subject.getType(matmul.getLhs()), rhs = subject.getType(matmul.getRhs());
  bool hasRows = lhs.getRank() > 1;
  RegisterTileProblem problem;
  problem.elementBytes = std::max<int64_t>(getElementBytes(subject.result.getElementType()), 4);
  problem.columns = getFixedExtent(subject.result, rank - 1);
  problem.rows = hasRows ? getFixedExtent(subject.result, rank - 2) : 1;
  if (subject.rowRange && rank == 2 && hasRows)
    problem.rows = subject.rowRange;
  problem.planes = 1;
  int64_t depth = lhs.getDimSize(hasRows && matmul.getTransposeLhs() ? lhs.getRank() - 2 : lhs.getRank() - 1);
  problem.depth = ShapedType::isDynamic(depth) ? 256 : std::max<int64_t>(depth, 1);
  problem.needsInputRegister = llvm::isa<IntegerType>(getElementTypeOrSelf(matmul.getResult()));
  problem.block = isPacked(rhs) ? getLayout(rhs).getInnerTiles()[0] : 0;
  problem.rowBytes = ShapedType::isDynamic(depth) || matmul.getTransposeLhs() ? 0 : depth * problem.elementBytes;
  // Blocks of columns if there are some for every thread: each thread then reads its own weights. Otherwise the batch,
  // or the rows.
  constexpr int64_t columnBlock = 128;
  int64_t split = -1, grain = 1;
  bool isLong = isLongSum(matmul, lhs, rhs, problem.elementBytes);
  // Of a long sum, the dimension with more tiles: all instruction sets choose the same.
  bool hasMoreRows = problem.rows / 8 >= problem.columns / 32;
  if (subject.rowRange || (isLong && hasMoreRows) ||
      (rank > 2 && (subject.result.isDynamicDim(0) || subject.result.getDimSize(0) > 1))) {
    split = 0;
  } else if (problem.columns > 0 && problem.columns >= 2 * columnBlock) {
    split = rank - 1;
    grain = columnBlock;
  } else if (hasRows && (problem.rows < 0 || problem.rows > 1)) {
    split = rank - 2;
  }
  if (std::optional<DotTile> dots = chooseDots(matmul, lhs, rhs, machine, rank == 2 ? subject.rowRange : 0)) {
    // Ranges are whole tiles.
    SchedulePoint point{"dots",
                        machine.getLanes(problem.elementBytes),
                        split,
                        split == rank - 2 ? dots->rows : grain,
                        {{"columns", dots->columns}, {"rows", dots->rows}}};
    if (dots->chains > 1)
      point.sizes["chains"] = dots->chains;
    return point;
  }
  if (std::optional<BlockedTile> blocked = isLong ? chooseBlocks(problem, machine) : std::nullopt)
    // Ranges are whole tiles.
    return {"blocked",
            blocked->tile.lanes,
            split,
            split == 0 ? blocked->tile.rows : blocked->tile.columns,
            {{"columns", blocked->tile.columns}, {"depth", blocked->depth}, {"rows", blocked->tile.rows}}};
  // Columns of a transposed right operand are not contiguous: blocks of them are copied first, as are those whose
  // last block would reach over the end.
  bool isStaged = false;
  if (!isPacked(rhs)) {
    int64_t lanes = std::min<int64_t>(4, machine.getLanes(problem.elementBytes));
    isStaged = matmul.getTransposeRhs() || problem.columns < 0 || problem.columns % lanes != 0;
    if (isStaged)
      problem.block = 32;
  }
  RegisterTile tile = chooseRegisterTile(problem, machine);
  if (tile.cycles < 0)
    return plain;
  // Ranges of columns are whole tiles.
  if (split == rank - 1)
    grain = static_cast<int64_t>(llvm::alignTo(grain, tile.columns));
  SchedulePoint point{"gemm", tile.lanes, split, grain, {{"columns", tile.columns}, {"rows", tile.rows}}};
  // Around the rows, inside the batch. A large result of short sums takes longest to write, which goes row by row.
  constexpr int64_t shortSum = 64;
  bool isMostlyWritten = !isPacked(rhs) && rhs.hasStaticShape() && depth <= shortSum &&
                         rhs.getNumElements() * problem.elementBytes <= getReferenceMachine().level2.bytes * 3 / 4 &&
                         exceedsLevel2(subject.result);
  point.sizes["columns_loop"] = hasRows && !isMostlyWritten ? 1 : 0;
  if (isStaged)
    point.sizes["stage_columns"] = 1;
  // A large matrix that is read in place is one, too: each term's columns are a line or two, a whole row apart.
  if (isPacked(rhs))
    fetchAhead(point, subject.packedBytes, hasRows ? problem.rows : 1);
  else if (!isStaged && exceedsLevel2(rhs))
    fetchAhead(point, rhs.getNumElements() * problem.elementBytes, hasRows ? problem.rows : 1);
  return point;
}

llvm::SmallVector<AlgorithmSpace> ContractionSchedules::describe(const SchedulePoint &point) const {
  llvm::SmallVector<AlgorithmSpace> spaces;
  if (isTiled()) {
    auto op = llvm::cast<MatMulOp>(subject.anchorOp);
    RankedTensorType lhs = subject.getType(op.getLhs()), rhs = subject.getType(op.getRhs());
    if (hasDots(op, lhs, rhs))
      spaces.push_back(describeDots(point, lhs));
    if (hasBlocks(op, lhs, rhs))
      spaces.push_back(describeBlocked(point, rhs));
    spaces.push_back(describeGemm(point, op, lhs, rhs));
  }
  spaces.push_back(makePlain());
  return spaces;
}

AlgorithmSpace ContractionSchedules::describeDots(const SchedulePoint &point, RankedTensorType lhs) const {
  int64_t rank = subject.result.getRank(), rowCount = std::max<int64_t>(lhs.getDimSize(lhs.getRank() - 2), 1);
  if (subject.rowRange && rank == 2)
    rowCount = std::gcd(rowCount, subject.rowRange);
  AlgorithmSpace space = makeVectorized("dots");
  space.parameters = {{"columns", 1, 16, 1, getFixedExtent(subject.result, rank - 1)},
                      {"rows", 1, 64, 1, rowCount},
                      {"chains", 1, 16, 1, 0, /*isOptional=*/true}};
  // Each sum has `chains` vectors of partial sums.
  space.accumulatorParameters = {"columns", "rows", "chains"};
  space.registerFactor = point.vector;
  for (int64_t dim = 0; dim < rank; ++dim)
    space.splits.push_back({dim, dim == rank - 1   ? std::max<int64_t>(point.getSize("columns", 1), 1)
                                 : dim == rank - 2 ? std::max<int64_t>(point.getSize("rows", 1), 1)
                                                   : 1});
  return space;
}

AlgorithmSpace ContractionSchedules::describeBlocked(const SchedulePoint &point, RankedTensorType rhs) const {
  AlgorithmSpace space = makeVectorized("blocked");
  space.parameters = {
      {"columns", point.vector, mostAccumulators * point.vector, point.vector, subject.result.getDimSize(1)},
      {"depth", 1, 1024, 1, rhs.getDimSize(0)},
      {"rows", 1, 64, 1, subject.result.getDimSize(0)}};
  space.accumulatorParameters = {"columns", "rows"};
  space.splits = {{0, std::max<int64_t>(point.getSize("rows", 1), 1)},
                  {1, std::max<int64_t>(point.getSize("columns", 1), 1)}};
  return space;
}

AlgorithmSpace ContractionSchedules::describeGemm(const SchedulePoint &point, MatMulOp op, RankedTensorType lhs,
                                                  RankedTensorType rhs) const {
  int64_t lanes = point.vector, columns = std::max<int64_t>(point.getSize("columns", lanes), 1);
  int64_t rank = subject.result.getRank(), extent = getFixedExtent(subject.result, rank - 1);
  AlgorithmSpace space = makeVectorized("gemm");
  if (isPacked(rhs)) {
    space.parameters = {makePackedColumns(lanes, getLayout(rhs).getInnerTiles()[0], extent)};
  } else {
    // Copied blocks of columns may reach over the end; columns that are read in place must not, and are contiguous.
    bool mustStage = op.getTransposeRhs() || extent < 0 || extent % columns != 0;
    space.parameters = {{"columns", lanes, mostAccumulators * lanes, lanes},
                        {"stage_columns", mustStage ? 1 : 0, 1, 1, 0, /*isOptional=*/!mustStage}};
  }
  space.parameters.push_back({"rows", 1, mostAccumulators});
  space.parameters.push_back({"columns_loop", -1, std::max<int64_t>(rank - 1, 0), 1, 0, /*isOptional=*/true});
  if (isPacked(rhs) || exceedsLevel2(rhs))
    space.parameters.push_back(prefetchParameter);
  space.accumulatorParameters = {"columns", "rows"};
  space.splits = splitAnywhere(rank - 1, columns);
  return space;
}

std::unique_ptr<KernelSchedules> makeContractionSchedules(const TileSubject &subject, const Machine &machine) {
  return std::make_unique<ContractionSchedules>(subject, machine);
}

} // namespace dlc
