// SPDX-License-Identifier: Apache-2.0
// ONNX Resize. Interpolation is separable: each resized dimension is a weighted sum over neighbours whose indices and
// weights depend on that dimension's coordinate alone. Coordinates are computed in double, as the ONNX reference does,
// because a nearest neighbour changes with the last bit.
//
// On CPUs, positions and weights are tables, computed once per call. A row of the result is interpolated in two steps:
// along all other dimensions first, in contiguous vectors, then along its own.
#include "backends/halide/Families.h"
#include "backends/halide/KernelBuilder.h"
#include "ir/OpsMovement.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::select;

namespace dlc::halide {

namespace {
/// One dimension that is resized.
struct Axis {
  int64_t dim;
  double scale, roiStart, roiEnd;
  Expr inputExtent, outputExtent; ///< Int(32)
};
} // namespace

static Expr real(const Expr &x) { return Halide::cast<double>(x); }
static Expr real(double x) { return Expr(x); }

/// The coordinate in the operand of index `x` in the result.
static Expr sourceCoordinate(ResizeOp op, const Axis &axis, const Expr &x) {
  llvm::StringRef mode = op.getCoordinateMode();
  Expr position = real(x), input = real(axis.inputExtent), output = real(axis.outputExtent),
       scale = axis.scale == 0 ? output / input : real(axis.scale);
  Expr half = real(0.5), one = real(1.0), zero = real(0.0);
  Expr halfPixel = (position + half) / scale - half;
  if (mode == "half_pixel")
    return halfPixel;
  if (mode == "half_pixel_symmetric") {
    Expr adjustment = output / (scale * input);
    return input * half * (one - adjustment) + (position + half) / scale - half;
  }
  if (mode == "pytorch_half_pixel")
    return select(axis.outputExtent > 1, halfPixel, zero);
  // The length before it is rounded down to whole elements: what ONNX aligns corners with.
  Expr scaled = scale * input, nearest = Halide::round(scaled);
  Expr length = select(Halide::abs(scaled - nearest) < real(1e-5), nearest, scaled);
  Expr isSingle = length == one, steps = select(isSingle, one, length - one);
  if (mode == "align_corners")
    return select(isSingle, zero, position * (input - one) / steps);
  if (mode == "tf_crop_and_resize") {
    Expr start = real(axis.roiStart), end = real(axis.roiEnd);
    return select(isSingle, half * (start + end) * (input - one),
                  start * (input - one) + position * (end - start) * (input - one) / steps);
  }
  if (mode == "tf_half_pixel_for_nn")
    return (position + half) / scale;
  return position / scale; // "asymmetric"
}

static Expr nearestPosition(ResizeOp op, const Expr &coordinate) {
  llvm::StringRef mode = op.getNearestMode();
  if (mode == "floor")
    return Halide::floor(coordinate);
  if (mode == "ceil")
    return Halide::ceil(coordinate);
  if (mode == "round_prefer_ceil")
    return Halide::floor(coordinate + real(0.5));
  return Halide::ceil(coordinate - real(0.5)); // "round_prefer_floor"
}

/// Interpolation weight of a neighbour at `distance`.
static Expr weightAt(ResizeOp op, const Expr &distance) {
  Expr d = Halide::abs(distance), zero = real(0.0), one = real(1.0);
  if (op.getMode() == ResizeMode::Linear)
    return Halide::clamp(one - d, zero, one);
  double a = op.getCubicCoefficient().convertToDouble();
  Expr near = (real(a + 2) * d - real(a + 3)) * d * d + one;
  Expr far = ((real(a) * d - real(5 * a)) * d + real(8 * a)) * d - real(4 * a);
  return select(d <= one, near, d < real(2.0), far, zero);
}

namespace {
/// The neighbours that one element of the result is interpolated from along one axis.
struct Taps {
  int start, count; ///< relative to `first`
  Expr first;       ///< Int(32)
  std::vector<Expr> weights;
};
} // namespace

static int countTaps(ResizeOp op, const Axis &axis, int &start) {
  double stretch = op.getAntialias() && axis.scale > 0 ? std::min(axis.scale, 1.0) : 1.0;
  double radius = op.getMode() == ResizeMode::Linear ? 1 : 2;
  start = static_cast<int>(std::floor(-radius / stretch)) + 1;
  return 2 - 2 * start;
}

/// Index and weights, which add up to 1, of the neighbours of index `x` in the result.
static Taps makeTaps(ResizeOp op, const Axis &axis, const Expr &x, Halide::Type type) {
  Taps taps;
  taps.count = countTaps(op, axis, taps.start);
  Expr coordinate = sourceCoordinate(op, axis, x);
  // The neighbour left of the coordinate, so that the rest is in (0, 1].
  Expr base = Halide::ceil(coordinate) - real(1.0), rest = coordinate - base;
  taps.first = Halide::cast<int32_t>(base);
  double stretch = op.getAntialias() && axis.scale > 0 ? std::min(axis.scale, 1.0) : 1.0;
  Expr sum = real(0.0);
  for (int i = taps.start; i < taps.start + taps.count; ++i) {
    Expr weight = weightAt(op, (real(i) - rest) * real(stretch));
    if (op.getExcludeOutside())
      weight = select(taps.first + i < 0 || taps.first + i > axis.inputExtent - 1, real(0.0), weight);
    taps.weights.push_back(weight);
    sum = sum + weight;
  }
  bool isNormalized = stretch == 1.0 && !op.getExcludeOutside();
  for (Expr &weight : taps.weights)
    weight = Halide::cast(type, isNormalized ? weight : weight / sum);
  return taps;
}

namespace {
/// The neighbours of every index along one axis, computed before everything else: for each neighbour its position in
/// the operand, then for each its weight (none for mode "nearest", which has one neighbour).
struct TapTable {
  Func func;
  int count;

  Expr position(int tap, const Expr &x) const { return call(tap, x); }
  Expr weight(int tap, const Expr &x) const { return call(count + tap, x); }

private:
  Expr call(int number, const Expr &x) const {
    Halide::FuncRef elements = func(x);
    return func.outputs() == 1 ? Expr(elements) : Expr(elements[number]);
  }
};
} // namespace

static TapTable tabulate(ResizeOp op, const Axis &axis, Halide::Type type) {
  Halide::Var x("x");
  std::vector<Expr> elements;
  auto addPosition = [&](const Expr &position) {
    elements.push_back(Halide::strict_float(Halide::clamp(position, 0, axis.inputExtent - 1)));
  };
  TapTable table{Func("taps"), 1};
  if (op.getMode() == ResizeMode::Nearest) {
    addPosition(Halide::cast<int32_t>(nearestPosition(op, sourceCoordinate(op, axis, x))));
    table.func(x) = elements.front();
    return table;
  }
  Taps taps = makeTaps(op, axis, x, type);
  table.count = taps.count;
  for (int tap = 0; tap < taps.count; ++tap)
    addPosition(taps.first + (taps.start + tap));
  for (const Expr &weight : taps.weights)
    elements.push_back(Halide::strict_float(weight));
  table.func(x) = Halide::Tuple(elements);
  return table;
}

using ElementAt = std::function<Expr(llvm::ArrayRef<Expr>)>;

/// `element` resized along one dimension.
static ElementAt interpolate(ResizeOp op, const Axis &axis, ElementAt element, Halide::Type type) {
  return [=](llvm::ArrayRef<Expr> index) mutable {
    auto read = [&](const Expr &position) {
      Exprs own(index.begin(), index.end());
      own[axis.dim] = Halide::clamp(position, 0, axis.inputExtent - 1);
      return element(own);
    };
    if (op.getMode() == ResizeMode::Nearest)
      return read(Halide::cast<int32_t>(nearestPosition(op, sourceCoordinate(op, axis, index[axis.dim]))));
    Taps taps = makeTaps(op, axis, index[axis.dim], type);
    Expr sum;
    for (int i = 0; i < taps.count; ++i) {
      Expr term = taps.weights[i] * read(taps.first + (taps.start + i));
      sum = sum.defined() ? sum + term : term;
    }
    return sum;
  };
}

/// All dimensions in one loop over their neighbours, for footprints that are too wide to write out.
static ElementAt sumOverTaps(ResizeOp op, KernelBuilder &builder, llvm::ArrayRef<Axis> axes, const ElementAt &element,
                             Halide::Type type) {
  Halide::Region ranges;
  std::vector<Func> weights;
  for (auto [number, axis] : llvm::enumerate(axes)) {
    Halide::Var i("i"), x("x");
    Taps taps = makeTaps(op, axis, x, type);
    Expr weight = taps.weights.back();
    for (int tap = taps.count - 2; tap >= 0; --tap)
      weight = select(i == tap, taps.weights[tap], weight);
    Func table("weights");
    table(i, x) = weight;
    table.bound(i, 0, taps.count);
    if (!ShapedType::isDynamic(op.getType().getDimSize(axis.dim)))
      builder.addStage(op, "weights" + std::to_string(number), table);
    weights.push_back(table);
    ranges.emplace_back(0, taps.count);
  }
  Halide::RDom neighbours(ranges, "neighbours");
  int64_t rank = op.getType().getRank();
  std::vector<Halide::Var> arguments;
  for (int64_t dim = 0; dim < rank; ++dim)
    arguments.emplace_back("x" + std::to_string(dim));
  Exprs source(arguments.begin(), arguments.end());
  Expr weight = Halide::Internal::make_one(type);
  for (auto [number, axis] : llvm::enumerate(axes)) {
    Taps taps = makeTaps(op, axis, arguments[axis.dim], type);
    source[axis.dim] = Halide::clamp(taps.first + (taps.start + neighbours[number]), 0, axis.inputExtent - 1);
    weight = weight * weights[number](neighbours[number], arguments[axis.dim]);
  }
  Func sum("sum");
  sum(arguments) = Halide::Internal::make_zero(type);
  sum(arguments) += weight * element(source);
  builder.addStage(op, "sum", sum);
  return [sum](llvm::ArrayRef<Expr> index) { return sum(std::vector<Expr>(index.begin(), index.end())); };
}

/// `element` resized along one dimension whose neighbours `table` has.
static ElementAt interpolateByTable(ResizeOp op, const Axis &axis, const ElementAt &element, const TapTable &table) {
  int64_t dim = axis.dim;
  bool isNearest = op.getMode() == ResizeMode::Nearest;
  return [=](llvm::ArrayRef<Expr> index) {
    Expr sum;
    for (int tap = 0; tap < table.count; ++tap) {
      Exprs own(index.begin(), index.end());
      own[dim] = table.position(tap, index[dim]);
      Expr term = isNearest ? element(own) : table.weight(tap, index[dim]) * element(own);
      sum = sum.defined() ? sum + term : term;
    }
    return sum;
  };
}

/// Whether rows are interpolated along all dimensions but the last axis first. That computes whole rows of the operand:
/// too many elements if few of them are read.
static bool hasRows(ResizeOp op, const KernelBuilder &builder, llvm::ArrayRef<Axis> axes) {
  auto outputType = llvm::cast<RankedTensorType>(op.getResult().getType());
  LayoutAttr layout = getLayout(outputType);
  if (axes.size() < 2 || op.getMode() == ResizeMode::Nearest || (layout && layout.getInnerDims()))
    return false;
  constexpr double smallestScale = 0.125;
  int64_t dim = axes.back().dim, from = op.getX().getType().getDimSize(dim), to = outputType.getDimSize(dim);
  if (!ShapedType::isDynamic(from) && !ShapedType::isDynamic(to))
    return static_cast<double>(to) >= smallestScale * static_cast<double>(from);
  // A size that a run computes: most are larger than the operand's.
  return axes.back().scale == 0 || axes.back().scale >= smallestScale;
}

/// The result by tables, and the schedule that computes them. `element` is of the operand.
static ElementAt resizeByTables(ResizeOp op, KernelBuilder &builder, llvm::ArrayRef<Axis> axes, ElementAt element,
                                Halide::Type type) {
  std::vector<Func> tables;
  Func rows;
  int64_t last = axes.back().dim;
  for (const Axis &axis : axes) {
    if (axis.dim == last && hasRows(op, builder, axes)) {
      // Arguments as those of the result, so that vectors run along what is innermost there.
      TensorFunc stage = builder.define(op, element);
      rows = stage.func;
      element = [stage](llvm::ArrayRef<Expr> index) { return stage.at(index); };
    }
    TapTable table = tabulate(op, axis, type);
    tables.push_back(table.func);
    element = interpolateByTable(op, axis, element, table);
  }
  builder.setScheduler(op, [=](KernelBuilder &builder) {
    int vector = static_cast<int>(builder.getSchedule().getVector());
    auto tail = Halide::TailStrategy::GuardWithIf;
    for (Func table : tables) {
      table.compute_root();
      if (vector > 1)
        table.vectorize(table.args()[0], vector, tail);
    }
    if (LogicalResult arranged = scheduleMovement(builder); failed(arranged) || !rows.defined())
      return arranged;
    Func output = builder.getOutput(), stage = rows;
    std::vector<Halide::Var> arguments = output.args();
    size_t position = 0;
    while (arguments[position].name() != builder.getOutputVar(last).name())
      ++position;
    if (position + 1 < arguments.size())
      stage.compute_at(output, arguments[position + 1]);
    else
      stage.compute_root();
    if (vector > 1)
      stage.vectorize(stage.args()[0], vector, tail);
    return success();
  });
  return element;
}

static FailureOr<TensorFunc> emitResize(ResizeOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  Exprs outputExtents = builder.getExtents(op.getResult());
  llvm::ArrayRef<AffineExpr> from = builder.getDims(op.getX()), to = builder.getDims(op.getResult());
  int64_t rank = x.type.getRank();
  // How many neighbours antialiasing averages follows from the scale.
  if (op.getAntialias() && llvm::is_contained(op.getScales(), 0.0))
    return op.emitError("antialiasing needs scales that are known when the model is compiled");
  llvm::SmallVector<Axis> axes;
  for (int64_t dim = 0; dim < rank; ++dim) {
    bool hasRegion = !op.getRoi().empty() && op.getCoordinateMode() == "tf_crop_and_resize";
    double start = hasRegion ? op.getRoi()[dim] : 0, end = hasRegion ? op.getRoi()[dim + rank] : 1;
    if (from[dim] == to[dim] && op.getScales()[dim] == 1 && start == 0 && end == 1)
      continue;
    axes.push_back({dim, op.getScales()[dim], start, end, x.extents[dim], outputExtents[dim]});
  }
  // Interpolated values are floating point, whatever the elements are.
  Type elementType = x.type.getElementType();
  MLIRContext *context = op.getContext();
  bool isExact = op.getMode() == ResizeMode::Nearest;
  Type computed = isExact || llvm::isa<FloatType>(elementType) ? elementType : Type(Float32Type::get(context));
  Halide::Type type = getValueType(computed);
  ElementAt element = [&](llvm::ArrayRef<Expr> index) { return convertElement(x.at(index), elementType, computed); };
  int64_t taps = 1;
  for (const Axis &axis : axes) {
    int start;
    taps *= isExact ? 1 : countTaps(op, axis, start);
  }
  constexpr int64_t writtenOut = 16; // bicubic in two dimensions
  bool isTabulated = !axes.empty() && op == builder.getAnchorOp() && !builder.isNaive() &&
                     !builder.getTarget().has_gpu_feature() && op.getType() == builder.getOutputType();
  if (taps <= writtenOut && isTabulated)
    element = resizeByTables(op, builder, axes, element, type);
  else if (taps > writtenOut)
    element = sumOverTaps(op, builder, axes, element, type);
  else
    for (const Axis &axis : axes)
      element = interpolate(op, axis, element, type);
  bool isCropped = op.getCoordinateMode() == "tf_crop_and_resize";
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Expr result = element(index);
    for (const Axis &axis : axes) {
      Expr coordinate = sourceCoordinate(op, axis, index[axis.dim]);
      if (isCropped)
        result = select(coordinate < real(0.0) || coordinate > real(axis.inputExtent - 1),
                        makeConstant(op.getExtrapolationValue().convertToDouble(), computed), result);
    }
    return convertElement(result, computed, elementType);
  });
}

void addResizeEmitters(MLIRContext *context) { addEmitter<ResizeOp, &emitResize>(context); }

} // namespace dlc::halide
