// SPDX-License-Identifier: Apache-2.0
// A tile of `columns` x `rows` x `planes` sums stays in registers while the reduction runs: one step loads the columns'
// vectors of the weights once, broadcasts one input element per row, and multiplies each with each.
//
// Registers: rows * planes * columns / lanes accumulators, columns / lanes weights and the broadcast. With AVX-512 (32
// registers) 14 x 32 and 7 x 64 are 28 accumulators; the broadcast is part of the instruction's memory operand. With
// AVX2 and SSE (16 registers) 6 x 2 vectors, with NEON (32 registers of 4 lanes) 6 x 4 vectors. Which tile is a
// decision of `--dlc-tile`.
//
// Share of the peak (Zen 4, one core, 117 GFLOP/s with AVX-512; channels x channels, image, kernel):
//   64x64 56x56 3x3: 99 %     256x256 14x14 3x3: 100 %    512x512 7x7 3x3 (7 x 64): 97 %    3x64 224x224 7x7/2: 98 %
//   256x64 56x56 1x1: 98 %    256x1024 14x14 1x1: 96 %    2048x512 7x7 1x1 (7 x 64): 99 %   3x96 227x227 11x11/4: 98 %
//   1024x256 14x14 1x1 (7 x 64): 84 %, because rows that are 4096 bytes apart map to the same cache set
#include "backends/halide/RegisterTile.h"
#include "backends/halide/DotProductPairs.h"
#include "backends/halide/KernelBuilder.h"
#include "backends/halide/Prefetch.h"
#include "backends/halide/SumOfProducts.h"
#include <numeric>

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

namespace dlc::halide {

namespace {
/// One argument of the result, cut into tiles.
struct TiledArgument {
  Var whole, outer, inner;
  int size;
};
} // namespace

// Vectors of terms that are stored together are ramps of ramps, of which Halide cannot tell whether they cross a block.
// It need not where the number of their tile in the weight and that of their vector in the tile are computed before.
// The first is hidden from simplifications, which would make one division of two.
Expr readWeight(KernelBuilder &builder, const TensorFunc &w, llvm::ArrayRef<Expr> index) {
  LayoutAttr layout = getLayout(w.type);
  if (getTermsTogether(builder) == 1 || !layout || !layout.getInnerTiles() || layout.getInnerTiles().size() != 2)
    return w.at(index);
  ScheduleAttr schedule = builder.getSchedule();
  int64_t dim = layout.getInnerDims()[0];
  auto block = static_cast<int>(layout.getInnerTiles()[0]), vector = static_cast<int>(schedule.getVector()),
       columns = static_cast<int>(schedule.getTile(columnsTile, vector)), lanes = std::min(vector, columns),
       part = std::gcd(columns, block), parts = block / part;
  if (part % lanes != 0 || layout.getOrder()[0] != dim)
    return w.at(index);
  int last = static_cast<int>(llvm::divideCeil(w.type.getDimSize(dim), block)) * parts - 1;
  Expr column = index[dim], number = Halide::unsafe_promise_clamped(column / part, 0, last);
  Exprs physical = toPhysical(w.type, index);
  physical[1] = number % parts * part + column / lanes % (part / lanes) * lanes + column % lanes;
  physical.back() = number / parts;
  return w.func(std::vector<Expr>(physical.begin(), physical.end()));
}

/// What a tile of `rows` rows costs, relative to others of as many columns: products, which the processor computes two
/// vectors at a time, and loads, of which it does as many.
static int getRelativeCost(int vectors, int rows) { return 2 * vectors * rows + vectors + rows; }

Halide::Expr chooseRows(const Halide::Expr &extent, int least, int most, int vectors) {
  auto getCost = [&](int rows) { return (extent + (rows - 1)) / rows * getRelativeCost(vectors, rows); };
  Halide::Expr chosen = Halide::select(extent >= least, least, 0), lowest = getCost(least);
  for (int rows = least + 1; rows <= most; ++rows) {
    Halide::Expr isBetter = extent >= rows && getCost(rows) <= lowest;
    chosen = Halide::select(isBetter, rows, chosen);
    lowest = Halide::select(isBetter, getCost(rows), lowest);
  }
  return chosen;
}

static TiledArgument makeTile(const std::vector<Var> &arguments, size_t position, int64_t size) {
  std::string name = arguments[position].name();
  return {arguments[position], Var(name + "_tile"), Var(name + "_in"), static_cast<int>(size)};
}

/// Cuts the innermost argument into blocks of columns; returns the loops of a block.
static std::vector<VarOrRVar> tileColumns(KernelBuilder &builder, Func out, const TiledArgument &columns) {
  // Ranges start at multiples of the tile (the schedule's grain), which keeps the packed weights' offsets constant in a
  // tile.
  RankedTensorType type = builder.getOutputType();
  LayoutAttr layout = getLayout(type);
  int64_t extent = type.getDimSize(layout ? layout.getOrder()[type.getRank() - 1] : type.getRank() - 1);
  auto buffer = out.output_buffer();
  bool isExact = !ShapedType::isDynamic(extent) && extent % columns.size == 0;
  if (!builder.getOutputExtent(0)) {
    buffer.dim(0).set_min((buffer.dim(0).min() / columns.size) * columns.size);
    if (isExact)
      buffer.dim(0).set_extent((buffer.dim(0).extent() / columns.size) * columns.size);
  }
  int lanes = std::min<int>(builder.getSchedule().getVector(), columns.size);
  std::optional<int64_t> known = ShapedType::isDynamic(extent) ? std::nullopt : std::optional<int64_t>(extent);
  return splitColumns(out, columns.whole, columns.outer, columns.inner, columns.size, lanes, known);
}

std::vector<VarOrRVar> splitColumns(Func out, const Var &whole, const Var &outer, const Var &inner, int size, int lanes,
                                    std::optional<int64_t> extent) {
  if (extent && *extent % size == 0) {
    out.split(whole, outer, inner, size, TailStrategy::RoundUp);
    out.vectorize(inner, lanes).unroll(inner);
    return {inner};
  }
  // Masked vector by vector, and so are loads of what the epilogue reads: bias and residual end where the result does.
  // A mask of the whole tile would be one long vector, for whose sake LLVM joins accumulators inside the reduction.
  Var vector(whole.name() + "_vector"), lane(whole.name() + "_lane");
  int vectors = size / lanes;
  bool hasWholeTiles = extent && llvm::divideCeil(*extent, lanes) % vectors == 0;
  out.split(whole, vector, lane, lanes, TailStrategy::Predicate)
      .split(vector, outer, inner, vectors, hasWholeTiles ? TailStrategy::RoundUp : TailStrategy::GuardWithIf)
      .vectorize(lane)
      .unroll(inner);
  return {lane, inner};
}

LogicalResult scheduleRegisterTile(KernelBuilder &builder, Func sum) {
  ScheduleAttr schedule = builder.getSchedule();
  Func out = builder.getOutput();
  std::vector<Var> arguments = out.args();
  if (builder.isNaive() || arguments.empty()) {
    schedulePlainSum(builder, sum);
    return success();
  }
  TiledArgument columns = makeTile(arguments, 0, schedule.getTile(columnsTile, schedule.getVector()));
  std::vector<VarOrRVar> inTile = tileColumns(builder, out, columns), overTiles;

  std::vector<TiledArgument> rows;
  Halide::Expr chosenRows;
  int leastRows = static_cast<int>(schedule.getTile(leastRowsTile, 0));
  llvm::SmallVector<int64_t, 2> sizes{schedule.getTile(rowsTile, 1), schedule.getTile(planesTile, 1)};
  for (size_t position = 1; position < arguments.size(); ++position) {
    int64_t size = position <= sizes.size() ? sizes[position - 1] : 1;
    if (size <= 1) {
      overTiles.push_back(arguments[position]);
      continue;
    }
    TiledArgument tile = makeTile(arguments, position, size);
    rows.push_back(tile);
    inTile.push_back(tile.inner);
    overTiles.push_back(tile.outer);
  }
  // The loop that a tile of sums lives in: the innermost one over tiles.
  int64_t columnsLoop = schedule.getTile(columnsLoopTile, -1);
  if (columnsLoop < 0 || columnsLoop > static_cast<int64_t>(overTiles.size()))
    columnsLoop = overTiles.size();
  overTiles.insert(overTiles.begin() + columnsLoop, columns.outer);
  VarOrRVar tileLoop = overTiles.front();

  // Rows of a range or of a dynamic extent may be fewer than a tile: then they are computed one by one. Shifting the
  // last tile inwards computes some elements twice, in the same order. Where the extent is known in a run only, there
  // may be several tiles to choose from, so that little is computed twice.
  Halide::Expr isWide;
  for (const TiledArgument &tile : rows) {
    size_t position =
        llvm::find_if(arguments, [&](const Var &var) { return var.name() == tile.whole.name(); }) - arguments.begin();
    std::optional<int64_t> extent = builder.getOutputExtent(position);
    if (extent && *extent >= tile.size)
      continue;
    if (position == 1 && leastRows > 0 && leastRows < tile.size && !extent) {
      int vectors = columns.size / std::min<int>(schedule.getVector(), columns.size);
      chosenRows = chooseRows(out.output_buffer().dim(1).extent(), leastRows, tile.size, vectors);
      continue;
    }
    Halide::Expr fits = out.output_buffer().dim(static_cast<int>(position)).extent() >= tile.size;
    isWide = isWide.defined() ? isWide && fits : fits;
  }
  std::vector<VarOrRVar> order = inTile;
  order.insert(order.end(), overTiles.begin(), overTiles.end());
  // `size` rows instead of the tile's; 1 of all dimensions if it is 1.
  auto arrange = [&](Halide::Stage stage, std::optional<int> size = std::nullopt) {
    for (const TiledArgument &tile : rows) {
      bool isOther = size && (*size == 1 || tile.whole.name() == arguments[1].name());
      stage.split(tile.whole, tile.outer, tile.inner, isOther ? *size : tile.size, TailStrategy::ShiftInwards);
    }
    stage.reorder(order);
    for (const TiledArgument &tile : rows)
      stage.unroll(tile.inner);
  };
  if (chosenRows.defined()) {
    for (int size = rows.front().size; size >= leastRows; --size) {
      Halide::Expr isChosen = chosenRows == size;
      arrange(out.specialize(isWide.defined() ? isWide && isChosen : isChosen), size);
    }
    arrange(out, 1);
  } else if (isWide.defined()) {
    arrange(out.specialize(isWide));
    arrange(out, 1);
  } else {
    arrange(out);
  }

  if (schedule.getTile(stageColumnsTile, 0)) {
    Func panel = builder.getStage("panel");
    panel.compute_at(out, columns.outer).bound_extent(panel.args()[0], columns.size);
  }
  int lanes = std::min<int>(schedule.getVector(), columns.size);
  sum.compute_at(out, tileLoop.var).bound_extent(sum.args()[0], columns.size);
  std::vector<VarOrRVar> updateOrder;
  size_t tiledArguments = std::min<size_t>(arguments.size(), 3);
  for (const Var &argument : sum.args())
    updateOrder.push_back(argument);
  std::vector<Halide::RVar> domain = sum.rvars();
  for (const Halide::RVar &variable : domain)
    updateOrder.push_back(variable);
  if (int together = getTermsTogether(builder); together > 1) {
    // Their products are lanes that are added up at once, by one instruction for a dot product or by two for pairs.
    Halide::RVar group("group"), term("term");
    sum.update().split(domain.front(), group, term, together, TailStrategy::GuardWithIf);
    *llvm::find_if(updateOrder, [&](const VarOrRVar &variable) { return variable.name() == domain.front().name(); }) =
        group;
    updateOrder.insert(updateOrder.begin(), term);
    sum.update().atomic().vectorize(term);
    // VNNI is among the extensions that Halide calls by this name.
    if (!builder.getTarget().has_feature(Halide::Target::AVX512_Zen4))
      builder.addLoweringPass(makeDotProductPairs());
  }
  sum.vectorize(sum.args()[0], lanes).unroll(sum.args()[0]);
  Halide::Stage update = sum.update();
  update.reorder(updateOrder).vectorize(sum.args()[0], lanes).unroll(sum.args()[0]);
  for (size_t position = 1; position < tiledArguments; ++position) {
    sum.unroll(sum.args()[position]);
    update.unroll(sum.args()[position]);
  }
  // The first of the domain are channels, then the kernel's dimensions.
  int64_t unrolled = schedule.getTile(unrollTapsTile, 0);
  for (const Halide::RVar &variable : llvm::ArrayRef(domain).take_front(unrolled == 1 ? domain.size() : unrolled))
    update.unroll(variable);
  if (unrolled == 0)
    prefetchWeights(builder, sum, columns.size);
  return success();
}

void schedulePlainSum(KernelBuilder &builder, Func sum) {
  Func out = builder.getOutput();
  if (out.args().empty())
    sum.compute_root();
  else
    sum.compute_at(out, out.args()[0]);
}

} // namespace dlc::halide
