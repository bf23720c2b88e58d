// SPDX-License-Identifier: Apache-2.0
// Normalizations: statistics of a row (or a group), then one elementwise pass.
//
// Statistics are computed per index of the outer dimensions, right before the row that needs them, so that a row is
// read from memory once and from the cache after that. Where the normalized dimensions are innermost ("rows"), the
// loops use vectors along the row; elsewhere ("columns") vectors run along the innermost outer dimension. Means are
// subtracted before squares are summed: two passes that are exact where one over x and x^2 would cancel.
#include "backends/halide/Elementwise.h"
#include "backends/halide/Families.h"
#include "backends/halide/KernelBuilder.h"
#include "backends/halide/Math.h"
#include "backends/halide/ReductionStages.h"
#include "backends/halide/RowGeometry.h"
#include "ir/OpsNormalization.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::select;
using Halide::Var;

namespace dlc::halide {

/// Elements that one index of the outer dimensions covers.
static Expr countOf(const TensorFunc &x, llvm::ArrayRef<int64_t> axes, Halide::Type type) {
  Expr count = Halide::Internal::make_one(type);
  for (int64_t axis : axes)
    count = count * Halide::cast(type, x.extents[axis]);
  return Halide::Internal::simplify(count);
}

static Expr constantOf(Halide::Type type, const APFloat &value) {
  return Halide::Internal::make_const(type, value.convertToDouble());
}

/// Whether the sum of a softmax's exponentials rounds each partial sum. ONNX defines Softmax by ops on its own element
/// type, so that exponentials and sum are rounded to it. References that compute in bf16 also round each partial sum,
/// which short rows follow; a longer row would lose its small terms that way, so its sum is rounded once.
static bool roundsPartialSums(const TensorFunc &x, llvm::ArrayRef<int64_t> axes) {
  constexpr int64_t longestRoundedRow = 16;
  int64_t count = 1;
  for (int64_t axis : axes)
    count *=
        x.type.isDynamicDim(axis) ? longestRoundedRow + 1 : std::min(x.type.getDimSize(axis), longestRoundedRow + 1);
  return x.type.getElementType().isBF16() && count <= longestRoundedRow;
}

/// softmax and log_softmax.
template <typename OpTy> static FailureOr<TensorFunc> emitSoftmax(OpTy op, KernelBuilder &builder) {
  constexpr bool isLog = std::is_same_v<OpTy, LogSoftmaxOp>;
  const TensorFunc &x = builder.get(op.getX());
  Halide::Type type = getValueType(x.type.getElementType());
  RowGeometry geometry(x, op.getAxes());
  int vector = geometry.chooseVector(builder), lanes = geometry.chooseLanes(builder);
  auto element = [&](llvm::ArrayRef<Expr> index) { return x.at(index); };
  // NaN becomes one of the exponentials, and so the sum and every result.
  auto largest =
      buildReduction("largest", geometry.outer, geometry.makeBox(element), makeLargestNumber(type), lanes, vector);
  builder.addReduction(op, largest);
  auto largestAt = [&](llvm::ArrayRef<Expr> index) { return largest.total(geometry.outerIndexOf(index, true)); };
  mlir::Type elementType = x.type.getElementType();
  bool isNarrow = elementType.getIntOrFloatBitWidth() < 32;
  auto rounded = [&](const Expr &value) { return isNarrow && !isLog ? roundToElementType(value, elementType) : value; };
  TensorFunc power = builder.define(
      op, [&](llvm::ArrayRef<Expr> index) { return rounded(math::exp(rounded(x.at(index) - largestAt(index)))); });
  // Kept where the row has a static size; computed twice otherwise, because a kernel's own memory must be known.
  bool isKept = !isLog && x.type.hasStaticShape() && !builder.isNaive() && builder.getAnchorOp() == op;
  if (isKept)
    builder.addStage(op, "kept", power.func);
  Combiner addition = makeSum(type);
  bool isStepwise = !isLog && roundsPartialSums(x, op.getAxes());
  if (isStepwise)
    addition.combine = [elementType](const Expr &a, const Expr &b) { return roundToElementType(a + b, elementType); };
  auto sum = buildReduction("sum", geometry.outer,
                            geometry.makeBox([&](llvm::ArrayRef<Expr> index) { return power.at(index); }), addition,
                            isStepwise ? 1 : lanes, vector);
  builder.addReduction(op, sum);
  // One division per row, except for 16-bit elements.
  Func scale("scale");
  Expr total = rounded(sum.total(geometry.outerIndex()));
  Expr one = Halide::Internal::make_one(type);
  scale(geometry.outer) = Halide::strict_float(isLog ? math::log(total) : isNarrow ? total : one / total);
  builder.addStage(op, "scale", scale);
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Expr rowScale = scale(geometry.outerIndexOf(index, true));
    if (isLog)
      return (x.at(index) - largestAt(index)) - rowScale;
    // A product with the inverse would be rounded twice.
    return isNarrow ? power.at(index) / rowScale : power.at(index) * rowScale;
  });
}

static FailureOr<TensorFunc> emitHardmax(HardmaxOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  Halide::Type type = getValueType(x.type.getElementType());
  RowGeometry geometry(x, op.getAxes());
  // The row-major number of an element among those normalized together; the first largest is the one with the lowest.
  auto numberOf = [&](llvm::ArrayRef<Expr> index) {
    Expr number = 0;
    for (int64_t axis : op.getAxes())
      number = number * x.extents[axis] + index[axis];
    return number;
  };
  int vector = geometry.chooseVector(builder), lanes = geometry.chooseLanes(builder);
  auto largest = buildReduction("largest", geometry.outer,
                                geometry.makeBox([&](llvm::ArrayRef<Expr> index) { return x.at(index); }),
                                makeExtreme(type, false), lanes, vector);
  builder.addReduction(op, largest);
  Expr none = std::numeric_limits<int32_t>::max();
  auto candidate = [&](llvm::ArrayRef<Expr> index) {
    Expr top = largest.total(geometry.outerIndex()), value = x.at(index);
    Expr isTop = value == top;
    if (type.is_float())
      isTop = isTop || (Halide::is_nan(value) && Halide::is_nan(top));
    return select(isTop, numberOf(index), none);
  };
  auto first = buildReduction("first", geometry.outer, geometry.makeBox(candidate), makeExtreme(Halide::Int(32), true),
                              lanes, vector);
  builder.addReduction(op, first);
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Expr isChosen = first.total(geometry.outerIndexOf(index, true)) == numberOf(index);
    return select(isChosen, Halide::Internal::make_one(type), Halide::Internal::make_zero(type));
  });
}

namespace {
/// Mean (none for root mean square) and 1 / sqrt(variance + epsilon) of each outer index.
struct Statistics {
  Func mean, scale;
};
} // namespace

static Statistics buildStatistics(Operation *op, KernelBuilder &builder, const RowGeometry &geometry, Expr count,
                                  Expr epsilon, bool hasMean, int lanes,
                                  std::function<Expr(llvm::ArrayRef<Expr>)> element) {
  Halide::Type type = count.type();
  int vector = geometry.chooseVector(builder);
  Statistics statistics;
  if (hasMean) {
    auto sum = buildReduction("sum", geometry.outer, geometry.makeBox(element), makeSum(type), lanes, vector);
    builder.addReduction(op, sum);
    statistics.mean = Func("mean");
    statistics.mean(geometry.outer) = Halide::strict_float(sum.total(geometry.outerIndex()) / count);
    builder.addStage(op, "mean", statistics.mean);
  }
  auto square = [&](llvm::ArrayRef<Expr> index) {
    Expr value = hasMean ? element(index) - statistics.mean(geometry.outerIndex()) : element(index);
    return value * value;
  };
  auto squares = buildReduction("squares", geometry.outer, geometry.makeBox(square), makeSum(type), lanes, vector);
  builder.addReduction(op, squares);
  statistics.scale = Func("scale");
  statistics.scale(geometry.outer) = Halide::strict_float(
      Halide::Internal::make_one(type) / Halide::sqrt(squares.total(geometry.outerIndex()) / count + epsilon));
  builder.addStage(op, "scale", statistics.scale);
  return statistics;
}

static FailureOr<TensorFunc> emitLayerNorm(LayerNormOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  Halide::Type type = getValueType(x.type.getElementType());
  llvm::SmallVector<int64_t> axes;
  for (int64_t axis = op.getAxis(); axis < x.type.getRank(); ++axis)
    axes.push_back(axis);
  RowGeometry geometry(x, axes);
  bool hasMean = !op.getRootMeanSquare();
  Statistics statistics =
      buildStatistics(op, builder, geometry, countOf(x, axes, type), constantOf(type, op.getEpsilon()), hasMean,
                      geometry.chooseLanes(builder), [&](llvm::ArrayRef<Expr> index) { return x.at(index); });
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    std::vector<Expr> coordinates = geometry.outerIndexOf(index, true);
    Expr value = hasMean ? x.at(index) - statistics.mean(coordinates) : x.at(index);
    value = value * statistics.scale(coordinates);
    if (op.getScale())
      value = value * builder.get(op.getScale()).atBroadcast(index);
    return op.getBias() ? value + builder.get(op.getBias()).atBroadcast(index) : value;
  });
}

/// x as [N, groups, C / groups, spatial...], which a group is a plain box of.
static TensorFunc splitGroups(const TensorFunc &x, int64_t groups) {
  LayoutAttr layout = getLayout(x.type);
  llvm::SmallVector<int64_t> shape, order;
  Exprs extents;
  Expr size = Halide::Internal::simplify(x.extents[1] / static_cast<int>(groups));
  for (int64_t dim = 0; dim < x.type.getRank(); ++dim) {
    int64_t extent = x.type.getDimSize(dim);
    if (dim == 1) {
      shape.append({groups, ShapedType::isDynamic(extent) ? extent : extent / groups});
      extents.append({Expr(static_cast<int>(groups)), size});
    } else {
      shape.push_back(extent);
      extents.push_back(x.extents[dim]);
    }
  }
  for (int64_t position = 0; position < x.type.getRank(); ++position) {
    int64_t dim = layout ? layout.getOrder()[position] : position;
    if (dim == 1)
      order.append({1, 2});
    else
      order.push_back(dim > 1 ? dim + 1 : dim);
  }
  MLIRContext *context = x.type.getContext();
  auto type =
      RankedTensorType::get(shape, x.type.getElementType(),
                            LayoutAttr::get(context, DenseI64ArrayAttr::get(context, order), {}, {}, {}, {}, 0));
  Func split("groups");
  std::vector<Var> arguments;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    arguments.emplace_back("g" + std::to_string(dim));
  Exprs index = toLogical(type, Exprs(arguments.begin(), arguments.end()));
  Exprs own{index[0], index[1] * size + index[2]};
  own.append(index.begin() + 3, index.end());
  split(arguments) = x.at(own);
  return {split, type, extents};
}

static FailureOr<TensorFunc> emitGroupNorm(GroupNormOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  Halide::Type type = getValueType(x.type.getElementType());
  TensorFunc grouped = splitGroups(x, op.getGroups());
  llvm::SmallVector<int64_t> axes;
  for (int64_t axis = 2; axis < grouped.type.getRank(); ++axis)
    axes.push_back(axis);
  RowGeometry geometry(grouped, axes);
  Statistics statistics = buildStatistics(
      op, builder, geometry, countOf(grouped, axes, type), constantOf(type, op.getEpsilon()), /*hasMean=*/true,
      geometry.chooseLanes(builder), [&](llvm::ArrayRef<Expr> index) { return grouped.at(index); });
  Expr size = grouped.extents[2];
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Exprs groupIndex{index[0], index[1] / size, index[1] % size};
    groupIndex.append(index.begin() + 2, index.end());
    std::vector<Expr> coordinates = geometry.outerIndexOf(groupIndex, true);
    Expr value = (x.at(index) - statistics.mean(coordinates)) * statistics.scale(coordinates);
    return value * builder.get(op.getScale()).at({index[1]}) + builder.get(op.getBias()).at({index[1]});
  });
}

static FailureOr<TensorFunc> emitBatchNorm(BatchNormOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  Halide::Type type = getValueType(x.type.getElementType());
  Expr epsilon = constantOf(type, op.getEpsilon());
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Expr channel = index[1];
    auto parameter = [&](Value value) { return Halide::cast(type, builder.get(value).at({channel})); };
    Expr scale = parameter(op.getScale()) / Halide::sqrt(parameter(op.getVariance()) + epsilon);
    return (x.at(index) - parameter(op.getMean())) * scale + parameter(op.getBias());
  });
}

/// 1 / base^exponent for base > 0.
static Expr inversePower(const Expr &base, double exponent) {
  Expr one = Halide::Internal::make_one(base.type());
  if (exponent == 1)
    return one / base;
  if (exponent == 0.5)
    return one / Halide::sqrt(base);
  if (exponent == 0.75)
    return one / (Halide::sqrt(base) * Halide::sqrt(Halide::sqrt(base)));
  return math::pow(base, Halide::Internal::make_const(base.type(), -exponent));
}

static FailureOr<TensorFunc> emitLrn(LrnOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  Halide::Type type = getValueType(x.type.getElementType());
  // Channels beyond the first and the last add nothing, however many the window has.
  auto size = static_cast<int64_t>(op.getSize());
  int64_t farthest = x.staticExtent(1).value_or(INT32_MAX) - 1;
  int64_t low = std::min((size - 1) / 2, farthest), high = std::min(size / 2, farthest);
  constexpr int64_t mostUnrolled = 64;
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    auto squareAt = [&](const Expr &channel, const Expr &isInside) {
      Exprs neighbour(index.begin(), index.end());
      neighbour[1] = Halide::clamp(Halide::likely(channel), 0, x.extents[1] - 1);
      Expr value = x.at(neighbour);
      return select(isInside, Halide::likely(value * value), Halide::Internal::make_zero(type));
    };
    Expr sum = Halide::Internal::make_zero(type);
    if (low + high < mostUnrolled) {
      for (auto offset = static_cast<int>(-low); offset <= high; ++offset) {
        Expr channel = index[1] + offset;
        sum = sum + squareAt(channel, channel >= 0 && channel < x.extents[1]);
      }
    } else {
      RDom channels(0, x.extents[1]);
      sum = Halide::sum(squareAt(channels, channels - index[1] >= static_cast<int>(-low) &&
                                               channels - index[1] <= static_cast<int>(high)));
    }
    Expr alpha = Halide::Internal::make_const(type, op.getAlpha().convertToDouble() / static_cast<double>(size));
    Expr base = constantOf(type, op.getBias()) + alpha * sum;
    return x.at(index) * inversePower(base, op.getBeta().convertToDouble());
  });
}

/// All stages that hold statistics.
static llvm::SmallVector<Func> getStatistics(KernelBuilder &builder) {
  llvm::SmallVector<Func> stages;
  for (llvm::StringRef name : {"mean", "scale"})
    if (builder.hasStage(name))
      stages.push_back(builder.getStage(name));
  return stages;
}

/// Statistics inside the loop `at` of the output.
static void computeStatisticsAt(KernelBuilder &builder, const Var &at) {
  Func output = builder.getOutput();
  for (Func stage : getStatistics(builder))
    stage.compute_at(output, at);
  for (ReductionStages &stages : builder.getReductions())
    stages.computeAt(output, at);
}

/// Vectors of neighbouring columns: their statistics, then their elements from top to bottom.
static void scheduleNormalizedColumns(KernelBuilder &builder, llvm::ArrayRef<Halide::VarOrRVar> normalized,
                                      llvm::ArrayRef<Halide::VarOrRVar> outer) {
  Func output = builder.getOutput();
  std::optional<int64_t> extent = builder.getOutputExtent(0);
  int vector = static_cast<int>(builder.getSchedule().getVector());
  while (extent && vector > 1 && vector > *extent)
    vector /= 2;
  auto tail = extent && *extent % vector == 0 ? Halide::TailStrategy::RoundUp : Halide::TailStrategy::GuardWithIf;
  Var inner = output.args()[0], block("block"), lane("lane");
  output.split(inner, block, lane, vector, tail);
  std::vector<Halide::VarOrRVar> order{lane};
  order.insert(order.end(), normalized.begin(), normalized.end());
  order.push_back(block);
  order.insert(order.end(), outer.begin() + 1, outer.end());
  output.reorder(order).vectorize(lane);
  computeStatisticsAt(builder, block);
  for (ReductionStages &stages : builder.getReductions())
    stages.vectorizeOuter(vector, tail);
  for (Func stage : getStatistics(builder))
    stage.vectorize(stage.args()[0], vector, tail);
  if (builder.hasStage("kept")) {
    Func kept = builder.getStage("kept");
    kept.compute_at(output, block).vectorize(kept.args()[0], vector, tail);
  }
}

LogicalResult scheduleNormalization(KernelBuilder &builder) {
  Func output = builder.getOutput();
  if (builder.getReductions().empty()) {
    scheduleRows(builder, output);
    return success();
  }
  int vector = builder.isNaive() ? 1 : static_cast<int>(builder.getSchedule().getVector());
  if (llvm::isa<GroupNormOp>(builder.getAnchorOp())) {
    // A group is a range of channels: its statistics belong to the loop over samples.
    computeStatisticsAt(builder, builder.getOutputVar(0));
    for (ReductionStages &stages : builder.getReductions())
      if (stages.lanes == 1 && vector > 1)
        stages.vectorizeOuter(vector, Halide::TailStrategy::GuardWithIf);
    scheduleRows(builder, output);
    return success();
  }

  // Loops over normalized dimensions go inside those over the others, where the statistics are.
  std::vector<Halide::VarOrRVar> normalized, outer;
  const std::vector<Var> &statistics = builder.getReductions().front().total.args();
  std::vector<Var> arguments = output.args();
  for (const Var &argument : arguments)
    (llvm::any_of(statistics, [&](const Var &other) { return other.name() == argument.name(); }) ? outer : normalized)
        .push_back(argument);
  if (outer.empty()) {
    for (Func stage : getStatistics(builder))
      stage.compute_root();
    for (ReductionStages &stages : builder.getReductions())
      stages.computeRoot();
    if (builder.hasStage("kept"))
      builder.getStage("kept").compute_root();
  } else if (!builder.isNaive() && outer.front().name() == arguments.front().name()) {
    scheduleNormalizedColumns(builder, normalized, outer);
    return success();
  } else {
    std::vector<Halide::VarOrRVar> order = normalized;
    order.insert(order.end(), outer.begin(), outer.end());
    output.reorder(order);
    computeStatisticsAt(builder, Var(outer.front().name()));
    if (builder.hasStage("kept"))
      builder.getStage("kept").compute_at(output, Var(outer.front().name()));
  }
  if (builder.hasStage("kept") && vector > 1)
    builder.getStage("kept").vectorize(builder.getStage("kept").args()[0], builder.getReductions().front().vector,
                                       Halide::TailStrategy::GuardWithIf);
  scheduleRows(builder, output);
  return success();
}

void addNormalizationEmitters(MLIRContext *context) {
  addEmitter<SoftmaxOp, &emitSoftmax<SoftmaxOp>>(context);
  addEmitter<LogSoftmaxOp, &emitSoftmax<LogSoftmaxOp>>(context);
  addEmitter<HardmaxOp, &emitHardmax>(context);
  addEmitter<LayerNormOp, &emitLayerNorm>(context);
  addEmitter<GroupNormOp, &emitGroupNorm>(context);
  addEmitter<BatchNormOp, &emitBatchNorm>(context);
  addEmitter<LrnOp, &emitLrn>(context);
}

} // namespace dlc::halide
