// SPDX-License-Identifier: Apache-2.0
// Attention: two products with a softmax between them, whose matrix of scores exists only a tile at a time.
//
// The loops are those over samples, heads and tiles of `queries` queries; inside, over blocks of `keys` keys. A block
// gives its own largest score, sum of exponentials and sum of values, and a reduction over blocks rescales and adds
// them (online softmax), so memory does not grow with the length. Where all keys fit one block, nothing is rescaled.
//
// Scores are computed as [keys][queries]: vectors run along queries. So the tile of queries is transposed once (and
// scaled on the way), keys are read as they are stored, one broadcast scalar per step; maxima and sums over keys are
// sums of vectors; and the second product reads a broadcast probability and a row of values. Both products are register
// tiles: `key_rows` x `queries` and `value_rows` x `value_columns` accumulators, 24 and 16 vectors with AVX-512.
//
// A block of keys and one of values are copied first, once per tile of queries (once per head where there is one
// block): they become f32, rows are at a distance that avoids conflicts of cache sets, and keys beyond the last and
// columns beyond the head size are zeros, so that no loop inside needs a guard. With 64 queries per tile the copies
// cost 2 % of the products.
//
// A tile of 64 x 252 scores and as many probabilities are 126 KiB, and the blocks as much again: the second-level
// cache.
#include "backends/halide/Families.h"
#include "backends/halide/KernelBuilder.h"
#include "backends/halide/Math.h"
#include "ir/OpsAttention.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::TailStrategy;
using Halide::Tuple;
using Halide::Var;

namespace dlc::halide {

namespace {

/// The parts of the functions of one attention. Their arguments are (query in its tile, key in its block, block of
/// keys, tile of queries, head, sample), those that they have.
struct AttentionStages {
  AttentionStages(AttentionOp op, KernelBuilder &builder);

  void defineScores();
  void defineProbabilities();
  void defineResult();
  /// The result at an index.
  Expr at(const Expr &query, const Expr &column, const Expr &head, const Expr &sample) const {
    return result(column, query % queries, query / queries, head, sample);
  }
  /// Whether query `ofQuery` of the whole sees key `ofKey`.
  Expr isVisible(const Expr &ofQuery, const Expr &ofKey) { return isVisible(ofQuery, ofQuery, ofKey, ofKey); }
  /// Whether any of these queries may see any of these keys.
  Expr isVisible(const Expr &firstQuery, const Expr &lastQuery, const Expr &firstKey, const Expr &lastKey);
  /// Whether any query of the tile sees a key of the block.
  Expr isBlockVisible(const Expr &ofBlock);

  AttentionOp op;
  KernelBuilder &builder;
  TensorFunc query, key, value;
  Halide::Type type;
  int queries, keys, columns; ///< of a tile or block; columns of a value with padding
  int vector;
  Expr queryCount, keyCount, zero, one, lowest;
  std::optional<int64_t> blockCount; ///< if it is known
  /// Whether every step is rounded to elements of 16 bits, as it would be by ops of its own: in one block, where that
  /// can be done.
  bool isStepwise = false;
  Var q{"q"}, k{"k"}, c{"c"}, d{"d"}, block{"block"}, tile{"tile"}, head{"head"}, sample{"sample"};
  Func transposed{"transposed"}, keyBlock{"key_block"}, valueBlock{"value_block"}, product{"product"}, score{"score"},
      largest{"largest"}, probability{"probability"}, total{"total"}, normalized{"normalized"}, weighted{"weighted"},
      scale{"scale"}, online{"online"}, result{"attention"};
  RDom blocks;

private:
  Expr rounded(const Expr &x) const { return isStepwise ? roundToElementType(x, query.type.getElementType()) : x; }
  /// Sums are rounded once; of a few bf16 at every step, as a softmax by itself does it.
  Expr roundedSum(const Expr &x) const {
    constexpr int64_t longestRoundedRow = 16;
    bool isShort = key.staticExtent(2).value_or(longestRoundedRow + 1) <= longestRoundedRow;
    return isShort && query.type.getElementType().isBF16() ? rounded(x) : x;
  }
  /// How many keys sample `sample` has.
  Expr countKeys();
  /// The position of a query among the keys, to which distances are added.
  Expr getPosition(const Expr &ofQuery);
  Expr getMask(const Expr &ofQuery, const Expr &ofKey);
};

} // namespace

AttentionStages::AttentionStages(AttentionOp op, KernelBuilder &builder)
    : op(op), builder(builder), query(builder.get(op.getQuery())), key(builder.get(op.getKey())),
      value(builder.get(op.getValue())), type(getValueType(query.type.getElementType())), queryCount(query.extents[2]),
      keyCount(key.extents[2]), zero(Halide::Internal::make_zero(type)), one(Halide::Internal::make_one(type)),
      lowest(Halide::Internal::make_const(type, -HUGE_VAL)) {
  ScheduleAttr schedule = builder.getSchedule();
  queries = static_cast<int>(schedule.getTile("queries", 1));
  keys = static_cast<int>(schedule.getTile("keys", 64));
  vector = builder.isNaive() ? 1 : static_cast<int>(schedule.getVector());
  columns = static_cast<int>(llvm::alignTo(value.type.getDimSize(3), vector));
  if (std::optional<int64_t> extent = key.staticExtent(2))
    blockCount = llvm::divideCeil(*extent, keys);
  isStepwise = blockCount == 1 && getElementBytes(query.type.getElementType()) == 2;
}

Expr AttentionStages::countKeys() {
  if (!op.getLengths())
    return keyCount;
  Expr length = builder.get(op.getLengths()).at({sample});
  return Halide::clamp(Halide::saturating_cast<int32_t>(length), 0, keyCount);
}

Expr AttentionStages::getPosition(const Expr &ofQuery) {
  return op.getFromEnd() ? ofQuery + countKeys() - queryCount : ofQuery;
}

/// `a - b`, to be compared with `distance`: in 64 bits if the distance may not fit 32 beside a position.
static std::pair<Expr, Expr> atDistance(const Expr &a, const Expr &b, int64_t distance) {
  if (llvm::isInt<31>(distance))
    return {a, b + static_cast<int>(distance)};
  return {Halide::cast<int64_t>(a) - Halide::cast<int64_t>(b), Halide::Internal::make_const(Halide::Int(64), distance)};
}

Expr AttentionStages::isVisible(const Expr &firstQuery, const Expr &lastQuery, const Expr &firstKey,
                                const Expr &lastKey) {
  Expr visible = firstKey < countKeys();
  if (std::optional<int64_t> distance = op.getLastDistance()) {
    auto [key, last] = atDistance(firstKey, getPosition(lastQuery), *distance);
    visible = visible && key <= last;
  }
  if (std::optional<int64_t> distance = op.getFirstDistance()) {
    auto [key, first] = atDistance(lastKey, getPosition(firstQuery), *distance);
    visible = visible && key >= first;
  }
  return visible;
}

Expr AttentionStages::isBlockVisible(const Expr &ofBlock) {
  Expr firstQuery = tile * queries, firstKey = ofBlock * keys;
  return isVisible(firstQuery, firstQuery + (queries - 1), firstKey, firstKey + (keys - 1));
}

Expr AttentionStages::getMask(const Expr &ofQuery, const Expr &ofKey) {
  return builder.get(op.getMask()).atBroadcast({sample, head, ofQuery, ofKey});
}

void AttentionStages::defineScores() {
  Expr ofQuery = tile * queries + q, ofKey = block * keys + k;
  // Queries and keys beyond the last repeat it: what they give is not used.
  Expr safeQuery = Halide::min(ofQuery, queryCount - 1), safeKey = Halide::min(ofKey, keyCount - 1);
  Expr group = head;
  if (query.type.getDimSize(1) != key.type.getDimSize(1) || query.type.isDynamicDim(1))
    group = head / (query.extents[1] / key.extents[1]);
  transposed(q, d, tile, head, sample) = Halide::strict_float(
      query.at({sample, head, safeQuery, d}) * Halide::Internal::make_const(type, op.getScale().convertToDouble()));
  keyBlock(d, k, block, head, sample) = Halide::select(ofKey < keyCount, key.at({sample, group, safeKey, d}), zero);
  auto valueSize = static_cast<int>(value.type.getDimSize(3));
  Expr safeColumn = columns == valueSize ? Expr(c) : Halide::min(c, valueSize - 1);
  Expr exists = columns == valueSize ? ofKey < keyCount : ofKey < keyCount && c < valueSize;
  valueBlock(c, k, block, head, sample) = Halide::select(exists, value.at({sample, group, safeKey, safeColumn}), zero);

  RDom depth(0, static_cast<int>(query.type.getDimSize(3)), "depth");
  product(q, k, block, tile, head, sample) = zero;
  product(q, k, block, tile, head, sample) +=
      transposed(q, depth, tile, head, sample) * keyBlock(depth, k, block, head, sample);

  Expr logit = rounded(product(q, k, block, tile, head, sample));
  if (double cap = op.getSoftcap().convertToDouble(); cap > 0) {
    Expr limit = Halide::Internal::make_const(type, cap);
    logit = rounded(rounded(math::tanh(rounded(logit / limit))) * limit);
  }
  Expr visible = isVisible(ofQuery, ofKey);
  if (op.getMask()) {
    Expr mask = getMask(safeQuery, safeKey);
    if (mask.type().is_bool())
      visible = visible && mask;
    else
      logit = rounded(logit + Halide::cast(type, mask));
  }
  score(q, k, block, tile, head, sample) = Halide::strict_float(Halide::select(visible, logit, lowest));
}

/// `x`, but 0 where it is minus infinity: what exponents of a row without keys are taken from.
static Expr orZero(const Expr &x, const Expr &lowest) {
  return Halide::select(x == lowest, Halide::Internal::make_zero(x.type()), x);
}

void AttentionStages::defineProbabilities() {
  RDom row(0, keys, "row");
  // NaN is not a maximum here; it is restored by the exponential function.
  largest(q, block, tile, head, sample) = lowest;
  Expr next = score(q, row, block, tile, head, sample), before = largest(q, block, tile, head, sample);
  largest(q, block, tile, head, sample) = Halide::strict_float(Halide::select(next > before, next, before));
  Expr distance = score(q, k, block, tile, head, sample) - orZero(largest(q, block, tile, head, sample), lowest);
  probability(q, k, block, tile, head, sample) = Halide::strict_float(rounded(math::expOfNegative(rounded(distance))));
  total(q, block, tile, head, sample) = zero;
  total(q, block, tile, head, sample) = Halide::strict_float(
      roundedSum(total(q, block, tile, head, sample) + probability(q, row, block, tile, head, sample)));
  Func power = probability;
  if (isStepwise) {
    Expr sum = rounded(total(q, block, tile, head, sample));
    normalized(q, k, block, tile, head, sample) = Halide::strict_float(
        rounded(probability(q, k, block, tile, head, sample) / Halide::select(sum == zero, one, sum)));
    power = normalized;
  }
  weighted(c, q, block, tile, head, sample) = zero;
  weighted(c, q, block, tile, head, sample) +=
      power(q, row, block, tile, head, sample) * valueBlock(c, row, block, head, sample);
}

/// 1 / x; 0 for a row without keys.
static Expr invert(const Expr &x) {
  Expr zero = Halide::Internal::make_zero(x.type());
  return Halide::select(x == zero, zero, Halide::Internal::make_one(x.type()) / x);
}

void AttentionStages::defineResult() {
  if (blockCount == 1) {
    scale(q, tile, head, sample) = isStepwise ? one : Halide::strict_float(invert(total(q, 0, tile, head, sample)));
    result(c, q, tile, head, sample) =
        Halide::strict_float(weighted(c, q, 0, tile, head, sample) * scale(q, tile, head, sample));
    return;
  }
  Expr count = blockCount ? Expr(static_cast<int>(*blockCount)) : (keyCount + (keys - 1)) / keys;
  blocks = RDom(0, count, "blocks");
  if (op.getLengths() || op.getLeft() || op.getRight())
    blocks.where(isBlockVisible(blocks));
  online(c, q, tile, head, sample) = Tuple(lowest, zero, zero);
  Expr before = online(c, q, tile, head, sample)[0], now = largest(q, blocks, tile, head, sample);
  // One of the two is rescaled: by the exponential of minus their distance.
  Expr isLarger = now > before;
  Expr distance = Halide::select(isLarger, before - orZero(now, lowest), now - orZero(before, lowest));
  Expr factor = math::expOfNegative(distance);
  Expr ofBefore = Halide::select(isLarger, factor, one), ofNow = Halide::select(isLarger, one, factor);
  online(c, q, tile, head, sample) = Tuple(Halide::strict_float(Halide::select(isLarger, now, before)),
                                           Halide::strict_float(online(c, q, tile, head, sample)[1] * ofBefore +
                                                                total(q, blocks, tile, head, sample) * ofNow),
                                           Halide::strict_float(online(c, q, tile, head, sample)[2] * ofBefore +
                                                                weighted(c, q, blocks, tile, head, sample) * ofNow));
  result(c, q, tile, head, sample) =
      Halide::strict_float(online(c, q, tile, head, sample)[2] * invert(online(c, q, tile, head, sample)[1]));
}

namespace {
/// The loops that stages live in.
struct AttentionLoops {
  Halide::LoopLevel ofHead, ofTile, ofBlock;
};
} // namespace

/// The first product and the softmax.
static void scheduleScores(AttentionStages &stages, const AttentionLoops &loops) {
  int vector = std::min(stages.vector, stages.queries);
  auto rows = static_cast<int>(stages.builder.getSchedule().getTile("key_rows", 1));
  Var outer("k_tile"), inner("k_in");
  stages.score.compute_at(loops.ofBlock);
  stages.score.split(stages.k, outer, inner, rows).reorder(stages.q, inner, outer);
  stages.product.compute_at(stages.score, outer);
  for (Func stage : {stages.largest, stages.probability, stages.total})
    stage.compute_at(loops.ofBlock);
  if (stages.isStepwise)
    stages.normalized.compute_at(loops.ofBlock);
  stages.transposed.compute_at(loops.ofTile);
  if (stages.builder.isNaive())
    return;
  stages.transposed.vectorize(stages.q, vector);
  stages.score.unroll(inner);
  // A tile of scores in registers: every query of the tile, some keys.
  stages.product.vectorize(stages.q, vector).unroll(stages.q).unroll(stages.k);
  stages.product.update()
      .reorder(stages.q, stages.k, stages.product.rvars()[0])
      .vectorize(stages.q, vector)
      .unroll(stages.q)
      .unroll(stages.k);
  for (Func stage : {stages.score, stages.probability, stages.largest, stages.total})
    stage.vectorize(stages.q, vector).unroll(stages.q);
  for (Func stage : {stages.largest, stages.total})
    stage.update().reorder(stages.q, stage.rvars()[0]).vectorize(stages.q, vector).unroll(stages.q);
  if (stages.isStepwise)
    stages.normalized.vectorize(stages.q, vector).unroll(stages.q);
}

/// The second product, in tiles of the function `consumer`'s stage.
static void scheduleWeighted(AttentionStages &stages, Func consumer, Halide::Stage stage,
                             llvm::ArrayRef<Halide::VarOrRVar> outside) {
  ScheduleAttr schedule = stages.builder.getSchedule();
  auto rows = static_cast<int>(schedule.getTile("value_rows", 1)),
       columns = static_cast<int>(schedule.getTile("value_columns", stages.vector));
  Var columnTile("c_tile"), column("c_in"), rowTile("q_tile"), row("q_in");
  stage.split(stages.c, columnTile, column, columns).split(stages.q, rowTile, row, rows);
  std::vector<Halide::VarOrRVar> order{column, row, columnTile, rowTile};
  order.insert(order.end(), outside.begin(), outside.end());
  stage.reorder(order);
  stages.weighted.compute_at(consumer, columnTile);
  if (stages.builder.isNaive())
    return;
  stage.vectorize(column, stages.vector).unroll(column).unroll(row);
  stages.weighted.vectorize(stages.c, stages.vector).unroll(stages.c).unroll(stages.q);
  stages.weighted.update()
      .reorder(stages.c, stages.q, stages.weighted.rvars()[0])
      .vectorize(stages.c, stages.vector)
      .unroll(stages.c)
      .unroll(stages.q);
}

/// Every function exists for one tile and one block at a time, and a block is whole: what bounds inference does not see
/// where the last one is cut, and a kernel's own buffers need sizes that are known.
static void boundStages(AttentionStages &stages) {
  for (Func stage : {stages.transposed, stages.keyBlock, stages.valueBlock, stages.product, stages.score,
                     stages.largest, stages.probability, stages.total, stages.normalized, stages.weighted, stages.scale,
                     stages.online, stages.result}) {
    if (!stage.defined())
      continue;
    for (const Var &argument : stage.args())
      if (argument.name() == stages.tile.name() || argument.name() == stages.block.name())
        stage.bound_extent(argument, 1);
  }
  for (Func stage : {stages.keyBlock, stages.valueBlock, stages.score, stages.probability})
    stage.bound(stages.k, 0, stages.keys);
}

static void scheduleStages(AttentionStages &stages) {
  KernelBuilder &builder = stages.builder;
  Func output = builder.getOutput();
  std::vector<Var> arguments = output.args();
  bool isSplit = builder.getSchedule().getSplit() == 2;
  size_t queryPosition = 0;
  Var query = builder.getOutputVar(2), column = builder.getOutputVar(3), tile("tile"), row("row");
  while (arguments[queryPosition].name() != query.name())
    ++queryPosition;
  if (isSplit) {
    // Ranges start at whole tiles (the schedule's grain).
    auto dim = output.output_buffer().dim(static_cast<int>(queryPosition));
    dim.set_min((dim.min() / stages.queries) * stages.queries);
  }
  output.split(query, tile, row, stages.queries, TailStrategy::GuardWithIf)
      .reorder(column, row, tile, builder.getOutputVar(1), builder.getOutputVar(0));
  int64_t size = stages.value.type.getDimSize(3), vector = stages.vector;
  while (size % vector != 0)
    vector /= 2;
  if (vector > 1)
    output.vectorize(column, static_cast<int>(vector), TailStrategy::RoundUp);

  stages.result.compute_at(output, tile).bound(stages.c, 0, stages.columns).bound(stages.q, 0, stages.queries);
  AttentionLoops loops{Halide::LoopLevel(output, builder.getOutputVar(1)), Halide::LoopLevel(output, tile),
                       Halide::LoopLevel(output, tile)};
  if (stages.blockCount == 1) {
    stages.scale.compute_at(loops.ofTile);
    scheduleWeighted(stages, stages.result, stages.result, {stages.tile, stages.head, stages.sample});
    stages.keyBlock.compute_at(loops.ofHead);
    stages.valueBlock.compute_at(loops.ofHead);
    if (!builder.isNaive())
      stages.scale.vectorize(stages.q, std::min(stages.vector, stages.queries));
  } else {
    stages.online.compute_at(loops.ofTile).bound(stages.c, 0, stages.columns).bound(stages.q, 0, stages.queries);
    loops.ofBlock = Halide::LoopLevel(stages.online, stages.blocks.x);
    scheduleWeighted(stages, stages.online, stages.online.update(),
                     {stages.blocks.x, stages.tile, stages.head, stages.sample});
    stages.keyBlock.compute_at(loops.ofBlock);
    stages.valueBlock.compute_at(loops.ofBlock);
    if (!builder.isNaive()) {
      stages.online.vectorize(stages.c, stages.vector);
      stages.result.vectorize(stages.c, stages.vector);
    }
  }
  boundStages(stages);
  scheduleScores(stages, loops);
  if (builder.isNaive())
    return;
  stages.valueBlock.vectorize(stages.c, stages.vector);
  int64_t depth = stages.key.type.getDimSize(3), lanes = stages.vector;
  while (depth % lanes != 0)
    lanes /= 2;
  if (lanes > 1)
    stages.keyBlock.vectorize(stages.d, static_cast<int>(lanes), TailStrategy::RoundUp);
}

static FailureOr<TensorFunc> emitAttention(AttentionOp op, KernelBuilder &builder) {
  auto stages = std::make_shared<AttentionStages>(op, builder);
  stages->defineScores();
  stages->defineProbabilities();
  stages->defineResult();
  builder.setScheduler(op, [stages](KernelBuilder &) {
    scheduleStages(*stages);
    return success();
  });
  return builder.define(op.getResult(),
                        [&](llvm::ArrayRef<Expr> index) { return stages->at(index[2], index[3], index[1], index[0]); });
}

void addAttentionEmitters(MLIRContext *context) { addEmitter<AttentionOp, &emitAttention>(context); }

} // namespace dlc::halide
