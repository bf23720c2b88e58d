// SPDX-License-Identifier: Apache-2.0
// Schedules of matrix products.
#include "ir/Layout.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLinear.h"
#include "passes/schedule/RegisterTile.h"
#include "passes/schedule/TileRules.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc {

static int64_t fixed(int64_t extent) { return ShapedType::isDynamic(extent) ? -1 : extent; }

namespace {
/// Tiles of dot products.
struct DotTile {
  int64_t columns = 0, rows = 0;
};
} // namespace

/// For rows times the transpose of a matrix: tiles that divide both, or none where packing blocks of the matrix pays,
/// because many rows share them.
static std::optional<DotTile> chooseDots(MatMulOp op, RankedTensorType lhs, RankedTensorType rhs,
                                         const Machine &processor, int64_t rowRange) {
  constexpr int64_t manyRows = 128, mostColumns = 4;
  Type element = op.getType().getElementType();
  if (!op.getTransposeRhs() || op.getTransposeLhs() || getLayout(rhs) || getLayout(lhs) || rhs.getRank() != 2 ||
      !rhs.hasStaticShape() || lhs.getRank() < 2 || lhs.isDynamicDim(lhs.getRank() - 2) ||
      !(element.isF32() || element.isF64()))
    return std::nullopt;
  int64_t rows = lhs.getDimSize(lhs.getRank() - 2), columns = rhs.getDimSize(0),
          lanes = processor.getLanes(getElementBytes(element));
  if (rows < 2 || rows > manyRows || rhs.getDimSize(1) < 4 * lanes)
    return std::nullopt;
  DotTile best;
  for (int64_t wide = 1; wide <= mostColumns; wide *= 2)
    for (int64_t high = 1; high <= rows && wide * high + wide + 1 <= processor.registers; ++high)
      if (columns % wide == 0 && rows % high == 0 && rowRange % high == 0 && wide * high > best.columns * best.rows)
        best = {wide, high};
  // Fewer sums than a multiplication's latency takes, or loads for single products, gain nothing.
  constexpr int64_t fewSums = 8;
  if (best.columns * best.rows < fewSums || best.columns < 2 || best.rows < 2)
    return std::nullopt;
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
static bool isLongSum(MatMulOp op, int64_t elementBytes) {
  constexpr int64_t secondCacheBytes = int64_t(1) << 20;
  auto lhs = llvm::cast<RankedTensorType>(op.getLhs().getType()),
       rhs = llvm::cast<RankedTensorType>(op.getRhs().getType());
  Type element = op.getType().getElementType();
  bool isAlone = op->hasOneUse() && llvm::isa<YieldOp>(*op->user_begin()) &&
                 (*op->user_begin())->getNumOperands() == 1 && llvm::isa<BlockArgument>(op.getLhs()) &&
                 llvm::isa<BlockArgument>(op.getRhs());
  if (!isAlone || !op.getTransposeLhs() || op.getTransposeRhs() || lhs.getRank() != 2 || rhs.getRank() != 2 ||
      !lhs.hasStaticShape() || !rhs.hasStaticShape() || getLayout(lhs) || getLayout(rhs) ||
      !(element.isF32() || element.isF64()))
    return false;
  return lhs.getDimSize(0) >= 4 * mostBlockTerms &&
         (lhs.getNumElements() + rhs.getNumElements()) * elementBytes >= secondCacheBytes;
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

ScheduleAttr tileContraction(const TileSubject &subject, const Machine &processor) {
  MLIRContext *context = subject.rootOp->getContext();
  Builder builder(context);
  auto finish = [&](llvm::StringRef algorithm, int64_t vector, int64_t split, int64_t grain,
                    llvm::ArrayRef<NamedAttribute> tiles) {
    return ScheduleAttr::get(context, builder.getStringAttr(algorithm), builder.getStringAttr(processor.name), vector,
                             split, grain, tiles.empty() ? DictionaryAttr() : builder.getDictionaryAttr(tiles));
  };
  int64_t rank = subject.result.getRank();
  auto matmul = llvm::dyn_cast<MatMulOp>(subject.rootOp);
  if (!matmul || rank < 1 || getLayout(subject.result))
    return finish("plain", 1, rank > 1 && !getLayout(subject.result) ? 0 : -1, 1, {});
  auto lhs = llvm::cast<RankedTensorType>(matmul.getLhs().getType()),
       rhs = llvm::cast<RankedTensorType>(matmul.getRhs().getType());
  if (rhs.getRank() < 2)
    return finish("plain", 1, rank > 1 ? 0 : -1, 1, {});
  bool hasRows = lhs.getRank() > 1;
  RegisterTileProblem problem;
  problem.elementBytes = std::max<int64_t>(getElementBytes(subject.result.getElementType()), 4);
  problem.columns = fixed(subject.result.getDimSize(rank - 1));
  problem.rows = hasRows ? fixed(subject.result.getDimSize(rank - 2)) : 1;
  if (subject.rowRange && rank == 2 && hasRows)
    problem.rows = subject.rowRange;
  problem.planes = 1;
  int64_t depth = lhs.getDimSize(hasRows && matmul.getTransposeLhs() ? lhs.getRank() - 2 : lhs.getRank() - 1);
  problem.depth = ShapedType::isDynamic(depth) ? 256 : std::max<int64_t>(depth, 1);
  LayoutAttr packed = getLayout(rhs);
  bool isPacked = packed && packed.getInnerTiles() && !packed.getInnerTiles().empty();
  problem.block = isPacked ? packed.getInnerTiles()[0] : 0;
  problem.rowBytes = ShapedType::isDynamic(depth) || matmul.getTransposeLhs() ? 0 : depth * problem.elementBytes;
  // Blocks of columns if there are some for every thread: each thread then reads its own weights. Otherwise the batch,
  // or the rows.
  constexpr int64_t columnBlock = 128;
  int64_t split = -1, grain = 1;
  bool isLong = isLongSum(matmul, problem.elementBytes);
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
  if (std::optional<DotTile> dots = chooseDots(matmul, lhs, rhs, processor, rank == 2 ? subject.rowRange : 0))
    // Ranges are whole tiles.
    return finish("dots", processor.getLanes(problem.elementBytes), split, split == rank - 2 ? dots->rows : grain,
                  {builder.getNamedAttr("columns", builder.getI64IntegerAttr(dots->columns)),
                   builder.getNamedAttr("rows", builder.getI64IntegerAttr(dots->rows))});
  if (std::optional<BlockedTile> blocked = isLong ? chooseBlocks(problem, processor) : std::nullopt)
    // Ranges are whole tiles.
    return finish("blocked", blocked->tile.lanes, split, split == 0 ? blocked->tile.rows : blocked->tile.columns,
                  {builder.getNamedAttr("columns", builder.getI64IntegerAttr(blocked->tile.columns)),
                   builder.getNamedAttr("depth", builder.getI64IntegerAttr(blocked->depth)),
                   builder.getNamedAttr("rows", builder.getI64IntegerAttr(blocked->tile.rows))});
  // Columns of a transposed right operand are not contiguous: blocks of them are copied first, as are those whose
  // last block would reach over the end.
  bool isStaged = false;
  if (!isPacked) {
    int64_t lanes = std::min<int64_t>(4, processor.getLanes(problem.elementBytes));
    isStaged = matmul.getTransposeRhs() || problem.columns < 0 || problem.columns % lanes != 0;
    if (isStaged) {
      if (ShapedType::isDynamic(depth))
        return finish("plain", 1, rank > 1 ? 0 : -1, 1, {});
      problem.block = 32;
    }
  }
  RegisterTile tile = chooseRegisterTile(problem, processor);
  if (tile.cycles < 0)
    return finish("plain", 1, rank > 1 ? 0 : -1, 1, {});
  llvm::SmallVector<NamedAttribute> tiles;
  auto setTile = [&](llvm::StringRef name, int64_t size) {
    tiles.push_back(builder.getNamedAttr(name, builder.getI64IntegerAttr(size)));
  };
  setTile("columns", tile.columns);
  setTile("rows", tile.rows);
  // Around the rows, inside the batch.
  setTile("columns_loop", hasRows ? 1 : 0);
  if (isStaged)
    setTile("stage_columns", 1);
  // Ranges of columns are whole tiles.
  if (split == rank - 1)
    grain = static_cast<int64_t>(llvm::alignTo(grain, tile.columns));
  return finish("gemm", tile.lanes, split, grain, tiles);
}

} // namespace dlc
