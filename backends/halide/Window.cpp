// SPDX-License-Identifier: Apache-2.0
// Pooling windows.
//
// Small windows (up to 16 elements) are written out as one expression: each element is read at an index clamped into
// the operand, and a comparison replaces it where the window hangs over the edge. Halide takes both away in the part of
// the loops where no window does. Larger windows are loops around an accumulator. Vectors run along the innermost
// dimension: channels in channels-last tensors, where all comparisons are then scalar; positions of the result in
// row-major ones.
//
// Windows that overlap along the last dimension are combined in two steps, a row of the result at a time: first what
// they have in common, elements above each other, then neighbours. That is kh + kw operations instead of kh * kw, and
// padding is stored once per row, so that no vector needs a comparison.
#include "backends/halide/Elementwise.h"
#include "backends/halide/Families.h"
#include "backends/halide/IntegerMath.h"
#include "backends/halide/KernelBuilder.h"
#include "backends/halide/Math.h"
#include "backends/halide/ReductionStages.h"
#include "backends/halide/Windows.h"
#include "ir/OpsPooling.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::select;
using Halide::Var;

namespace dlc::halide {

/// Elements that one step of a separated window combines at most: they are written out.
constexpr int64_t largestStep = 32;
/// Rows of the result that are longer leave the cache between the two steps.
constexpr int64_t largestRow = int64_t(1) << 18;

/// Whether the windows of `op` are combined a row at a time: columns first, then rows.
static bool isSeparated(Operation *op, const Windows &windows, KernelBuilder &builder) {
  auto type = llvm::cast<RankedTensorType>(op->getResult(0).getType());
  int64_t last = type.getRank() - 1, width = windows.kernel.back();
  bool overlaps = width > 1 && (width - 1) * windows.dilations.back() >= windows.strides.back();
  if (!overlaps || width > largestStep || windows.size() / width > largestStep || builder.isNaive() ||
      builder.getTarget().has_gpu_feature() || op != builder.getAnchorOp())
    return false;
  // The stored result has its rows where the windows' are; a range of a row would compute the first step of all of it.
  LayoutAttr layout = getLayout(type), outputLayout = getLayout(builder.getOutputType());
  if ((layout && layout.getInnerDims()) || (outputLayout && outputLayout.getInnerDims()) ||
      getDimsInnermostFirst(type) != getDimsInnermostFirst(builder.getOutputType()) ||
      builder.getSchedule().getSplit() == last)
    return false;
  int64_t row = getElementBytes(type.getElementType());
  for (int64_t dim : getDimsInnermostFirst(type)) {
    if (type.isDynamicDim(dim) && windows.rank() == 1)
      return false;
    row *= type.isDynamicDim(dim) ? 1 : type.getDimSize(dim);
    if (dim == last)
      break;
  }
  return row <= largestRow;
}

/// The two steps: "rows" holds a row of the result after the first, with padding on both sides.
static TensorFunc separateWindows(Operation *op, const Windows &windows, KernelBuilder &builder,
                                  const Combiner &combiner, llvm::function_ref<Expr(const Expr &)> element,
                                  llvm::function_ref<Expr(const Expr &total, llvm::ArrayRef<Expr> index)> finish) {
  Value result = op->getResult(0);
  size_t rank = windows.rank(), last = 1 + rank;
  TensorFunc rows = builder.define(result, [&](llvm::ArrayRef<Expr>) { return combiner.identity; });
  std::vector<Var> arguments = rows.func.args();
  Halide::RDom columns(0, windows.x.extents[last], "columns");
  std::vector<Expr> coordinates(arguments.begin(), arguments.end());
  for (size_t i = 0; i < arguments.size(); ++i)
    if (arguments[i].name() == builder.getOutputVar(static_cast<int64_t>(last)).name())
      coordinates[i] = columns.x;
  Exprs index = toLogical(rows.type, Exprs(coordinates.begin(), coordinates.end()));
  Expr column;
  windows.forEachOf(rank - 1, [&](llvm::ArrayRef<Expr> offset) {
    Exprs position(index.begin(), index.end());
    Expr inside = Halide::Internal::const_true();
    for (size_t i = 0; i + 1 < rank; ++i) {
      Expr at =
          Halide::Internal::simplify(windows.start(index, i) + offset[i] * static_cast<int>(windows.dilations[i]));
      position[2 + i] = at;
      if (!windows.mayLeave)
        continue;
      inside = inside && at >= 0 && at < windows.x.extents[2 + i];
      position[2 + i] = Halide::clamp(Halide::likely(at), 0, windows.x.extents[2 + i] - 1);
    }
    Expr value = element(windows.x.at(position));
    if (windows.mayLeave && rank > 1)
      value = select(inside, Halide::likely(value), combiner.identity);
    column = column.defined() ? combiner.combine(column, value) : value;
  });
  rows.func(coordinates) = Halide::strict_float(column);
  builder.addStage(op, "rows", rows.func);
  return builder.define(result, [&](llvm::ArrayRef<Expr> own) {
    Expr total;
    for (int64_t offset = 0; offset < windows.kernel.back(); ++offset) {
      Exprs position(own.begin(), own.end());
      position[last] = Halide::Internal::simplify(windows.start(own, rank - 1) +
                                                  static_cast<int>(offset * windows.dilations.back()));
      Expr value = rows.at(position);
      total = total.defined() ? combiner.combine(total, value) : value;
    }
    return finish(total, own);
  });
}

/// Combines `element(x)` of all elements of each window.
static TensorFunc combineWindows(Operation *op, const Windows &windows, KernelBuilder &builder,
                                 const Combiner &combiner, llvm::function_ref<Expr(const Expr &)> element,
                                 llvm::function_ref<Expr(const Expr &total, llvm::ArrayRef<Expr> index)> finish) {
  if (isSeparated(op, windows, builder))
    return separateWindows(op, windows, builder, combiner, element, finish);
  Value result = op->getResult(0);
  // `element` need not keep the identity, so the choice comes after it.
  auto readElement = [&](llvm::ArrayRef<Expr> position) {
    if (!windows.mayLeave)
      return element(windows.x.at(position));
    Exprs clamped(position.begin(), position.begin() + 2);
    for (size_t i = 0; i < windows.rank(); ++i)
      clamped.push_back(Halide::clamp(Halide::likely(position[2 + i]), 0, windows.x.extents[2 + i] - 1));
    return select(windows.isInside(position), Halide::likely(element(windows.x.at(clamped))), combiner.identity);
  };
  if (windows.size() <= writtenOutSize || op != builder.getAnchorOp())
    return builder.define(result, [&](llvm::ArrayRef<Expr> index) {
      Expr total;
      windows.forEach([&](llvm::ArrayRef<Expr> offset) {
        Expr value = readElement(windows.position(index, offset));
        total = total.defined() ? combiner.combine(total, value) : value;
      });
      return finish(total, index);
    });
  TensorFunc initial = builder.define(result, [&](llvm::ArrayRef<Expr>) { return combiner.identity; });
  Func total = initial.func;
  std::vector<Var> arguments = total.args();
  Halide::Region ranges;
  for (int64_t i = static_cast<int64_t>(windows.rank()) - 1; i >= 0; --i)
    ranges.emplace_back(0, static_cast<int>(windows.kernel[i]));
  Halide::RDom domain(ranges, "window");
  llvm::SmallVector<Expr> offset;
  for (size_t i = 0; i < windows.rank(); ++i)
    offset.push_back(domain[static_cast<int>(windows.rank() - 1 - i)]);
  Exprs index = toLogical(initial.type, Exprs(arguments.begin(), arguments.end()));
  Expr before = total(std::vector<Expr>(arguments.begin(), arguments.end()));
  total(arguments) = Halide::strict_float(combiner.combine(before, readElement(windows.position(index, offset))));
  builder.addStage(op, "total", total);
  return builder.define(result, [&](llvm::ArrayRef<Expr> position) { return finish(initial.at(position), position); });
}

static FailureOr<TensorFunc> emitMaxPool(MaxPoolOp op, KernelBuilder &builder) {
  Windows windows = makeWindows(op, builder);
  Combiner combiner = makeExtreme(getValueType(windows.x.type.getElementType()), /*minimum=*/false);
  return combineWindows(
      op, windows, builder, combiner, [](const Expr &x) { return x; },
      [](const Expr &total, llvm::ArrayRef<Expr>) { return total; });
}

static FailureOr<TensorFunc> emitAveragePool(AveragePoolOp op, KernelBuilder &builder) {
  Windows windows = makeWindows(op, builder);
  Halide::Type type = getValueType(windows.x.type.getElementType());
  bool includesPad = op.getCountIncludePad();
  auto finish = [&](const Expr &total, llvm::ArrayRef<Expr> index) {
    Expr count = countDivisor(windows, index, includesPad, op.getCeilMode());
    Expr divisor = Halide::cast(type, count);
    return type.is_float() ? total / divisor : truncatingDiv(total, divisor);
  };
  return combineWindows(op, windows, builder, makeSum(type), [](const Expr &x) { return x; }, finish);
}

static FailureOr<TensorFunc> emitLpPool(LpPoolOp op, KernelBuilder &builder) {
  Windows windows = makeWindows(op, builder);
  Halide::Type type = getValueType(windows.x.type.getElementType());
  int64_t p = op.getP();
  Expr power = Halide::Internal::make_const(type, static_cast<double>(p));
  auto element = [&](const Expr &x) {
    return p == 1 ? Halide::abs(x) : p == 2 ? x * x : math::pow(Halide::abs(x), power);
  };
  auto finish = [&](const Expr &total, llvm::ArrayRef<Expr>) {
    return p == 1 ? total : p == 2 ? Halide::sqrt(total) : math::pow(total, Halide::Internal::make_one(type) / power);
  };
  return combineWindows(op, windows, builder, makeSum(type), element, finish);
}

/// For each window the number that `numberOf` gives the first largest of its elements, called with the element's
/// position in x and its number in the window.
static TensorFunc findLargest(Operation *op, const Windows &windows, KernelBuilder &builder, Halide::Type numberType,
                              llvm::function_ref<Expr(llvm::ArrayRef<Expr> position, size_t number)> numberOf) {
  Halide::Type type = getValueType(windows.x.type.getElementType());
  Expr lowest = makeExtreme(type, /*minimum=*/false).identity;
  auto isBetter = [&](const Expr &value, const Expr &best) {
    Expr better = value > best;
    return type.is_float() ? better || (Halide::is_nan(value) && !Halide::is_nan(best)) : better;
  };
  llvm::SmallVector<llvm::SmallVector<Expr>> offsets;
  windows.forEach([&](llvm::ArrayRef<Expr> offset) { offsets.emplace_back(offset.begin(), offset.end()); });
  return builder.define(op->getResult(0), [&](llvm::ArrayRef<Expr> index) {
    // The best of the elements from `number` on and what came before. A number of -1 is none yet: then even the lowest
    // value counts.
    std::function<Expr(size_t, const Expr &, const Expr &)> search = [&](size_t number, const Expr &best,
                                                                         const Expr &bestNumber) {
      if (number == offsets.size())
        return bestNumber;
      Exprs position = windows.position(index, offsets[number]);
      Expr inside = windows.mayLeave ? windows.isInside(position) : Halide::Internal::const_true();
      return math::bind(windows.read(position, lowest), [&](const Expr &value) {
        Expr replaces = bestNumber < Halide::Internal::make_zero(numberType) || isBetter(value, best);
        return math::bind(inside && replaces, [&](const Expr &isChosen) {
          return math::bind(select(isChosen, value, best), [&](const Expr &nextBest) {
            return math::bind(select(isChosen, numberOf(position, number), bestNumber),
                              [&](const Expr &nextNumber) { return search(number + 1, nextBest, nextNumber); });
          });
        });
      });
    };
    return search(0, lowest, Halide::Internal::make_const(numberType, -1));
  });
}

static FailureOr<TensorFunc> emitMaxPoolIndices(MaxPoolIndicesOp op, KernelBuilder &builder) {
  Windows windows = makeWindows(op, builder);
  const TensorFunc &x = windows.x;
  return findLargest(op, windows, builder, Halide::Int(64), [&](llvm::ArrayRef<Expr> position, size_t) {
    // Spatial dimensions in the order asked for, from the slowest.
    Expr linear =
        Halide::cast<int64_t>(position[0]) * Halide::cast<int64_t>(x.extents[1]) + Halide::cast<int64_t>(position[1]);
    for (size_t i = 0; i < windows.rank(); ++i) {
      size_t dim = 2 + (op.getColumnMajor() ? windows.rank() - 1 - i : i);
      linear = linear * Halide::cast<int64_t>(x.extents[dim]) + Halide::cast<int64_t>(position[dim]);
    }
    return linear;
  });
}

static FailureOr<TensorFunc> emitMaxPoolOffsets(MaxPoolOffsetsOp op, KernelBuilder &builder) {
  Windows windows = makeWindows(op, builder);
  return findLargest(op, windows, builder, Halide::Int(32),
                     [](llvm::ArrayRef<Expr>, size_t number) { return Expr(static_cast<int>(number)); });
}

/// Vectors along what is innermost, the last of them shifted inwards: windows of which vectors read every other element
/// would be masked element by element.
static void scheduleWindowRows(KernelBuilder &builder, Func func) {
  Var innermost = func.args()[0];
  int vector = static_cast<int>(builder.getSchedule().getVector());
  std::optional<int64_t> extent = builder.getOutputExtent(0);
  while (extent && vector > 1 && vector > *extent)
    vector /= 2;
  if (vector <= 1)
    return;
  if (extent) {
    func.vectorize(innermost, vector,
                   *extent % vector == 0 ? Halide::TailStrategy::RoundUp : Halide::TailStrategy::ShiftInwards);
    return;
  }
  func.specialize(func.output_buffer().dim(0).extent() >= vector)
      .vectorize(innermost, vector, Halide::TailStrategy::ShiftInwards);
  func.vectorize(innermost, vector, Halide::TailStrategy::GuardWithIf);
}

/// Arranges separated windows: a row of the result at a time, vectors along what is innermost in both steps.
static void scheduleSeparated(KernelBuilder &builder) {
  Func output = builder.getOutput(), rows = builder.getStage("rows");
  std::vector<Var> arguments = output.args();
  std::string width = builder.getOutputVar(static_cast<int64_t>(arguments.size()) - 1).name();
  size_t position = 0;
  while (arguments[position].name() != width)
    ++position;
  scheduleWindowRows(builder, output);
  rows.compute_at(output, arguments[position + 1]);
  std::optional<int64_t> extent = builder.getOutputExtent(0);
  int vector = static_cast<int>(builder.getSchedule().getVector());
  while (extent && vector > 1 && vector > *extent)
    vector /= 2;
  if (vector <= 1)
    return;
  rows.vectorize(rows.args()[0], vector, Halide::TailStrategy::RoundUp);
  if (position == 0)
    rows.update().vectorize(rows.rvars(0)[0], vector, Halide::TailStrategy::GuardWithIf);
  else
    rows.update().vectorize(rows.args()[0], vector, Halide::TailStrategy::GuardWithIf);
}

LogicalResult scheduleWindow(KernelBuilder &builder) {
  Func output = builder.getOutput();
  if (builder.isNaive()) {
    if (builder.hasStage("total"))
      builder.getStage("total").compute_at(output, output.args()[0]);
    return success();
  }
  if (builder.hasStage("rows")) {
    scheduleSeparated(builder);
    return success();
  }
  if (builder.hasStage("total")) {
    Func total = builder.getStage("total");
    std::optional<int64_t> extent = builder.getOutputExtent(0);
    int vector = static_cast<int>(builder.getSchedule().getVector());
    while (extent && vector > 1 && vector > *extent)
      vector /= 2;
    Var inner = output.args()[0], block("block"), innermost = total.args()[0];
    bool isExact = extent && *extent % vector == 0;
    auto tail = isExact ? Halide::TailStrategy::RoundUp : Halide::TailStrategy::GuardWithIf;
    Var lane("lane");
    output.split(inner, block, lane, vector, tail).vectorize(lane);
    total.compute_at(output, block).bound_extent(innermost, vector).vectorize(innermost, vector);
    std::vector<Halide::VarOrRVar> order{innermost};
    for (const Halide::RVar &variable : total.rvars(0))
      order.push_back(variable);
    total.update().reorder(order).vectorize(innermost, vector, tail);
    return success();
  }
  scheduleWindowRows(builder, output);
  return success();
}

void addWindowEmitters(MLIRContext *context) {
  addEmitter<MaxPoolOp, &emitMaxPool>(context);
  addEmitter<AveragePoolOp, &emitAveragePool>(context);
  addEmitter<LpPoolOp, &emitLpPool>(context);
  addEmitter<MaxPoolIndicesOp, &emitMaxPoolIndices>(context);
  addEmitter<MaxPoolOffsetsOp, &emitMaxPoolOffsets>(context);
  addEmitter<MaxPoolGradientOp, &emitMaxPoolGradient>(context);
  addEmitter<SpreadWindowsOp, &emitSpreadWindows>(context);
}

} // namespace dlc::halide
