// SPDX-License-Identifier: Apache-2.0
// Reductions. Two schedules, by what is innermost in the operand's memory:
//
// - "rows": a reduced dimension. Each result is one pass over contiguous memory with `unroll` vector accumulators (4
// hide the 4
//   cycles that an addition takes), whose lanes are added up in pairs at the end.
// - "columns": a dimension that stays. Vectors run along it, `unroll` of them side by side, while the sum walks down.
//
// Sums of f16 and bf16 are in f32, everything else in its own type; the order is the same for any split between
// threads.
#include "backends/halide/Elementwise.h"
#include "backends/halide/Families.h"
#include "backends/halide/IntegerMath.h"
#include "backends/halide/KernelBuilder.h"
#include "backends/halide/Math.h"
#include "backends/halide/ReductionStages.h"
#include "backends/halide/RowGeometry.h"
#include "ir/OpsReduction.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::select;
using Halide::Var;

namespace dlc::halide {

/// Whether results are found through functions of real numbers, which integers have no type for.
static bool isReal(ReductionKind kind) {
  return kind == ReductionKind::L2 || kind == ReductionKind::LogSum || kind == ReductionKind::LogSumExp;
}

static Expr prepareElement(ReductionKind kind, const Expr &x) {
  switch (kind) {
  case ReductionKind::L1:
    return x.type().is_float() ? Halide::abs(x) : wrappingAbs(x);
  case ReductionKind::L2:
  case ReductionKind::SumSquare:
    return x.type().is_float() ? x * x : wrappingMul(x, x);
  default:
    return x;
  }
}

static Combiner chooseCombiner(ReductionKind kind, Halide::Type type) {
  switch (kind) {
  case ReductionKind::Max:
    return makeExtreme(type, /*minimum=*/false);
  case ReductionKind::Min:
    return makeExtreme(type, /*minimum=*/true);
  case ReductionKind::Prod:
    return makeProduct(type);
  default:
    return makeSum(type);
  }
}

static Expr finish(ReductionKind kind, const Expr &total, const Expr &count) {
  switch (kind) {
  case ReductionKind::Mean:
    return total.type().is_float() ? total / Halide::cast(total.type(), count)
                                   : truncatingDiv(total, Halide::cast(total.type(), count));
  case ReductionKind::L2:
    return Halide::sqrt(total);
  case ReductionKind::LogSum:
    return math::log(total);
  default:
    return total;
  }
}

/// The type that a reduction of `elementType` works in.
static Type chooseAccumulator(ReductionKind kind, Type elementType) {
  MLIRContext *context = elementType.getContext();
  if (llvm::isa<FloatType>(elementType))
    return elementType;
  if (isReal(kind))
    return Float64Type::get(context);
  if (elementType.isInteger(1))
    return IntegerType::get(context, 8, IntegerType::Unsigned);
  // The mean of integers must not overflow on the way.
  if (kind != ReductionKind::Mean)
    return elementType;
  return IntegerType::get(context, 64, llvm::cast<IntegerType>(elementType).getSignedness());
}

static FailureOr<TensorFunc> emitReduce(ReduceOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  ReductionKind kind = op.getKind();
  Type elementType = x.type.getElementType(), accumulator = chooseAccumulator(kind, elementType);
  Halide::Type type = getValueType(accumulator);
  RowGeometry geometry(x, op.getAxes());
  auto element = [&](llvm::ArrayRef<Expr> index) { return convertElement(x.at(index), elementType, accumulator); };
  Expr count = Halide::cast<int64_t>(Halide::Internal::make_one(Halide::Int(64)));
  for (int64_t axis : op.getAxes())
    count = count * Halide::cast<int64_t>(x.extents[axis]);
  int vector = geometry.chooseVector(builder), lanes = geometry.chooseLanes(builder);

  Func total;
  if (kind == ReductionKind::LogSumExp) {
    auto largest =
        buildReduction("largest", geometry.outer, geometry.makeBox(element), makeExtreme(type, false), lanes, vector);
    Expr zero = Halide::Internal::make_zero(type);
    Expr top = largest.total(geometry.outerIndex());
    // Infinite elements decide the result by themselves; taking them away would give NaN.
    Expr shift = select(Halide::is_inf(top), zero, top);
    auto shifted = [&](llvm::ArrayRef<Expr> index) { return math::exp(element(index) - shift); };
    auto sum = buildReduction("sum", geometry.outer, geometry.makeBox(shifted), makeSum(type), lanes, vector);
    total = Func("log_sum_exp");
    total(geometry.outer) = Halide::strict_float(math::log(sum.total(geometry.outerIndex())) + shift);
    builder.addReduction(op, largest);
    builder.addReduction(op, sum);
  } else {
    auto prepared = [&](llvm::ArrayRef<Expr> index) { return prepareElement(kind, element(index)); };
    auto stages =
        buildReduction("total", geometry.outer, geometry.makeBox(prepared), chooseCombiner(kind, type), lanes, vector);
    builder.addReduction(op, stages);
    total = stages.total;
  }
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Expr result = total(geometry.outerIndexOf(index, op.getKeepDims()));
    return convertElement(finish(kind, result, count), accumulator, elementType);
  });
}

/// The same for rows of memory, in vectors: the extreme element, then the first or last index at which it is.
static FailureOr<TensorFunc> emitArgExtremeOfRows(ArgExtremeOp op, KernelBuilder &builder, const RowGeometry &geometry,
                                                  Halide::Type type) {
  const TensorFunc &x = builder.get(op.getX());
  int vector = geometry.chooseVector(builder), lanes = geometry.chooseLanes(builder);
  auto element = [&](llvm::ArrayRef<Expr> index) { return Halide::cast(type, x.at(index)); };
  ReductionStages extreme = buildReduction("extreme", geometry.outer, geometry.makeBox(element),
                                           makeExtreme(type, op.getMinimum()), lanes, vector);
  Expr top = extreme.total(geometry.outerIndex());
  bool isLast = op.getSelectLast();
  auto indexOfTop = [&](llvm::ArrayRef<Expr> index) {
    Expr value = element(index), isTop = value == top;
    if (type.is_float())
      isTop = isTop || (Halide::is_nan(value) && Halide::is_nan(top));
    Expr none = isLast ? Expr(-1) : Expr(std::numeric_limits<int32_t>::max());
    return select(Halide::strict_float(isTop), Halide::cast<int32_t>(index[op.getAxis()]), none);
  };
  ReductionStages position = buildReduction("position", geometry.outer, geometry.makeBox(indexOfTop),
                                            makeExtreme(Halide::Int(32), !isLast), lanes, vector);
  builder.addReduction(op, extreme);
  builder.addReduction(op, position);
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    return Halide::cast<int64_t>(position.total(geometry.outerIndexOf(index, op.getKeepDims())));
  });
}

static FailureOr<TensorFunc> emitArgExtreme(ArgExtremeOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  int64_t axis = op.getAxis();
  RowGeometry geometry(x, {axis});
  Halide::Type type = getValueType(x.type.getElementType());
  if (type.is_bool())
    type = Halide::UInt(8);
  if (geometry.chooseLanes(builder) > 1)
    return emitArgExtremeOfRows(op, builder, geometry, type);
  bool isMinimum = op.getMinimum(), isLast = op.getSelectLast();
  // Whether (a, i) goes before (b, j): by value (NaN first), equal values by index.
  auto isBetter = [&](const Expr &a, const Expr &i, const Expr &b, const Expr &j) {
    Expr better = isMinimum ? a < b : a > b, equal = a == b;
    if (a.type().is_float()) {
      Expr bothNan = Halide::is_nan(a) && Halide::is_nan(b);
      better = better || (Halide::is_nan(a) && !Halide::is_nan(b));
      equal = equal || bothNan;
    }
    return better || (equal && (isLast ? i > j : i < j));
  };
  Func best("best");
  Halide::RDom along(0, x.extents[axis], "along");
  Combiner extreme = makeExtreme(type, isMinimum);
  // Before every element, so that the first one always replaces it.
  Expr none = isLast ? Expr(-1) : Expr(std::numeric_limits<int32_t>::max());
  best(geometry.outer) = Halide::Tuple(extreme.identity, none);
  Exprs index = geometry.indexOf({along.x});
  Expr value = Halide::cast(type, x.at(index));
  Halide::Tuple before = best(geometry.outerIndex());
  Expr replaces = Halide::strict_float(isBetter(value, along.x, before[0], before[1]));
  best(geometry.outer) = Halide::Tuple(select(replaces, value, before[0]), select(replaces, along.x, before[1]));
  builder.addStage(op, "best", best);
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Halide::Tuple chosen = best(geometry.outerIndexOf(index, op.getKeepDims()));
    return Halide::cast<int64_t>(chosen[1]);
  });
}

/// Rows of a width that vectors do not fill: the sums of a whole row wait in the first-level cache, and every row of
/// the operand is added to them.
static void scheduleRaggedColumns(KernelBuilder &builder, llvm::ArrayRef<Func> totals, int vector) {
  Func output = builder.getOutput();
  for (Func total : totals) {
    Var innermost = total.args()[0];
    if (output.args().size() > 1)
      total.compute_at(output, output.args()[1]);
    else
      total.compute_root();
    total.vectorize(innermost, vector);
    if (!total.has_update_definition())
      continue;
    std::vector<Halide::VarOrRVar> order{innermost};
    for (const Halide::RVar &variable : total.rvars(0))
      order.push_back(variable);
    total.update().reorder(order).vectorize(innermost, vector, Halide::TailStrategy::Predicate);
  }
}

/// Rows of a width that is only known at run time: one vector of columns after the other, because a row of sums has no
/// size that memory on the stack could have.
static void scheduleUnknownColumns(KernelBuilder &builder, llvm::ArrayRef<Func> totals, int vector) {
  Func output = builder.getOutput();
  Var block("block"), lane("lane");
  output.split(output.args()[0], block, lane, vector, Halide::TailStrategy::GuardWithIf).vectorize(lane);
  for (Func total : totals) {
    Var innermost = total.args()[0];
    total.compute_at(output, block).bound_extent(innermost, vector).vectorize(innermost, vector);
    if (!total.has_update_definition())
      continue;
    std::vector<Halide::VarOrRVar> order{innermost};
    for (const Halide::RVar &variable : total.rvars(0))
      order.push_back(variable);
    total.update().reorder(order).vectorize(innermost, vector, Halide::TailStrategy::GuardWithIf);
  }
}

/// Vectors of results side by side, each walking down its own column.
static void scheduleColumns(KernelBuilder &builder, llvm::ArrayRef<Func> totals) {
  Func output = builder.getOutput();
  RankedTensorType type = builder.getOutputType();
  LayoutAttr layout = getLayout(type);
  int64_t dim = layout ? layout.getOrder()[type.getRank() - 1] : type.getRank() - 1;
  int64_t extent = type.isDynamicDim(dim) ? 0 : type.getDimSize(dim);
  // Ranges of what vectors run along start at multiples of the grain and end there, or with the whole.
  bool isSplit = builder.getSchedule().getSplit() == dim;
  int vector = static_cast<int>(builder.getSchedule().getVector()),
      unroll = static_cast<int>(builder.getSchedule().getTile("unroll", 4));
  auto isExact = [&] {
    int64_t block = int64_t{vector} * unroll;
    return extent > 0 && extent % block == 0 && (!isSplit || builder.getSchedule().getGrain() % block == 0);
  };
  while (unroll > 1 && !isExact())
    unroll /= 2;
  while (vector > 4 && !isExact())
    vector /= 2;
  // Narrow columns pass over the whole operand once for each of them.
  constexpr int64_t fewBlocks = 4;
  if (type.isDynamicDim(dim) || (!isExact() && isSplit)) {
    scheduleUnknownColumns(builder, totals, static_cast<int>(builder.getSchedule().getVector()));
    return;
  }
  if (!isExact() || (unroll == 1 && extent / vector > fewBlocks)) {
    scheduleRaggedColumns(builder, totals, static_cast<int>(builder.getSchedule().getVector()));
    return;
  }
  Var inner = output.args()[0], block("block"), lane("lane");
  if (isSplit) {
    auto range = output.output_buffer().dim(0);
    range.set_min((range.min() / (vector * unroll)) * (vector * unroll));
    range.set_extent((range.extent() / (vector * unroll)) * (vector * unroll));
  }
  output.split(inner, block, lane, vector * unroll, Halide::TailStrategy::RoundUp).vectorize(lane, vector).unroll(lane);
  for (Func total : totals) {
    Var innermost = total.args()[0];
    total.compute_at(output, block).bound_extent(innermost, vector * unroll);
    total.vectorize(innermost, vector).unroll(innermost);
    if (!total.has_update_definition())
      continue;
    std::vector<Halide::VarOrRVar> order{innermost};
    for (const Halide::RVar &variable : total.rvars(0))
      order.push_back(variable);
    total.update().reorder(order).vectorize(innermost, vector).unroll(innermost);
  }
}

/// Columns that are not innermost in the result, as reduced dimensions of extent 1 are behind them (the channels of a
/// global pool) or its layout is another: vectors run along all columns at once, and the result copies the totals.
static bool scheduleInnerColumns(KernelBuilder &builder, ReductionStages &stages) {
  Func output = builder.getOutput();
  std::vector<Var> arguments = output.args();
  if (stages.lanes > 1 || stages.total.args().empty() || !stages.total.has_update_definition())
    return false;
  auto column = llvm::find_if(arguments, [&](const Var &one) { return one.name() == stages.total.args()[0].name(); });
  if (column == arguments.end())
    return false;
  // The totals of a whole row have a place on the stack only if their number is known.
  RankedTensorType type = builder.getOutputType();
  LayoutAttr layout = getLayout(type);
  for (int64_t position = 0; position <= std::distance(arguments.begin(), column); ++position) {
    int64_t level = type.getRank() - 1 - position, dim = layout ? layout.getOrder()[level] : level;
    if (type.isDynamicDim(dim) || builder.getSchedule().getSplit() == dim)
      return false;
  }
  if (std::next(column) == arguments.end())
    stages.computeRoot();
  else
    stages.computeAt(output, *std::next(column));
  stages.vectorizeOuter(static_cast<int>(builder.getSchedule().getVector()), Halide::TailStrategy::GuardWithIf);
  return true;
}

LogicalResult scheduleReduction(KernelBuilder &builder) {
  Func output = builder.getOutput();
  std::vector<Var> arguments = output.args();
  llvm::SmallVector<Func> totals;
  for (ReductionStages &stages : builder.getReductions())
    totals.push_back(stages.total);
  if (builder.hasStage("best"))
    totals.push_back(builder.getStage("best"));
  bool canUseColumns = !arguments.empty() && builder.getSchedule().getAlgorithm() == "columns" && totals.size() == 1 &&
                       !totals[0].args().empty() && totals[0].args()[0].name() == arguments[0].name();
  if (canUseColumns) {
    scheduleColumns(builder, totals);
    return success();
  }
  if (builder.getSchedule().getAlgorithm() == "columns" && builder.getReductions().size() == 1 && totals.size() == 1 &&
      scheduleInnerColumns(builder, builder.getReductions().front()))
    return success();
  for (ReductionStages &stages : builder.getReductions()) {
    if (arguments.empty())
      stages.computeRoot();
    else
      stages.computeAt(output, arguments[0]);
  }
  if (builder.hasStage("best")) {
    if (arguments.empty())
      builder.getStage("best").compute_root();
    else
      builder.getStage("best").compute_at(output, arguments[0]);
  }
  return success();
}

void addReductionEmitters(MLIRContext *context) {
  addEmitter<ReduceOp, &emitReduce>(context);
  addEmitter<ArgExtremeOp, &emitArgExtreme>(context);
}

} // namespace dlc::halide
