// SPDX-License-Identifier: Apache-2.0
// Ops that move elements. Each is a map from the result's indices to the operand's, computed where it is used.
//
// The schedules: where the innermost dimension of the result is also that of the operand, rows are copied as vectors.
// Where it is another one (a transposition), blocks of `tile` x `tile` elements are transposed in registers
// (TransposedLoads.cpp), so that both memories are walked in whole cache lines; 16 floats are one line. Concatenations
// (Concatenation.cpp) write each operand at its position in a loop of its own.
#include "backends/halide/Elementwise.h"
#include "backends/halide/Families.h"
#include "backends/halide/KernelBuilder.h"
#include "backends/halide/PadPosition.h"
#include "backends/halide/TransposedLoads.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLayout.h"
#include "ir/OpsMovement.h"
#include "ir/OpsShape.h"
#include "ir/OpsSlicing.h"
#include "ir/OpsTransposition.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::select;
using Halide::Var;

namespace dlc::halide {

static int toInt(int64_t value) { return static_cast<int>(value); }

template <typename OpTy> static FailureOr<TensorFunc> emitReshape(OpTy op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  llvm::ArrayRef<AffineExpr> from = builder.getDims(op.getX()), to = builder.getDims(op.getResult());
  Exprs fromExtents = x.extents, toExtents = builder.getExtents(op.getResult());
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    // Dimensions form groups of equal products, innermost first; only inside a group are indices divided.
    Exprs own(from.size(), Expr(0));
    MLIRContext *context = op.getContext();
    int64_t i = static_cast<int64_t>(from.size()) - 1, j = static_cast<int64_t>(to.size()) - 1;
    while (i >= 0) {
      int64_t iEnd = i, jEnd = j;
      AffineExpr fromProduct = from[i--], toProduct = j >= 0 ? to[j--] : getAffineConstantExpr(1, context);
      while (fromProduct != toProduct && (i >= 0 || j >= 0)) {
        auto a = constantDim(fromProduct), b = constantDim(toProduct);
        bool growFrom = i >= 0 && (j < 0 || (a && b ? *a < *b : !b || (a && i >= j)));
        if (growFrom)
          fromProduct = fromProduct * from[i--];
        else
          toProduct = toProduct * to[j--];
      }
      Expr linear = 0;
      for (int64_t dim = j + 1; dim <= jEnd; ++dim)
        linear = dim == j + 1 ? index[dim] : linear * toExtents[dim] + index[dim];
      for (int64_t dim = iEnd; dim > i; --dim) {
        // The outermost of a group needs no remainder.
        own[dim] = dim == i + 1 ? linear : linear % fromExtents[dim];
        linear = linear / fromExtents[dim];
      }
    }
    return x.at(own);
  });
}

static FailureOr<TensorFunc> emitTranspose(TransposeOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Exprs own(index.size());
    for (auto [position, dim] : llvm::enumerate(op.getPermutation()))
      own[dim] = index[position];
    return x.at(own);
  });
}

static FailureOr<TensorFunc> emitExpand(ExpandOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) { return x.atBroadcast(index); });
}

static FailureOr<TensorFunc> emitSlice(SliceOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Exprs own(index.begin(), index.end());
    for (size_t dim = 0; dim < own.size(); ++dim)
      if (op.getSizes()[dim] >= 0)
        own[dim] = toInt(op.getStarts()[dim]) + index[dim] * toInt(op.getSteps()[dim]);
    return x.at(own);
  });
}

static FailureOr<TensorFunc> emitPad(PadOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  Exprs low;
  llvm::SmallVector<bool> isPadded;
  for (auto [before, behind] : llvm::zip(op.getLow(), op.getHigh())) {
    low.push_back(toInt(before));
    isPadded.push_back(before > 0 || behind > 0);
  }
  auto getValue = [&] {
    return op.getValue() ? builder.get(op.getValue()).at({}) : makeConstant(0, getElementTypeOrSelf(op.getType()));
  };
  return builder.define(
      op, [&](llvm::ArrayRef<Expr> index) { return readPaddedBy(x, index, low, isPadded, op.getMode(), getValue); });
}

static FailureOr<TensorFunc> emitTile(TileOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Exprs own(index.begin(), index.end());
    for (size_t dim = 0; dim < own.size(); ++dim)
      if (op.getRepeats()[dim] != 1)
        own[dim] = index[dim] % x.extents[dim];
    return x.at(own);
  });
}

static FailureOr<TensorFunc> emitGather(GatherOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX()), &indices = builder.get(op.getIndices());
  int64_t axis = op.getAxis(), indexRank = indices.type.getRank();
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Expr given = indices.at(index.slice(axis, indexRank));
    // Vectors of 32-bit indices are twice as long.
    Halide::Type number = given.type().is_int() && given.type().bits() <= 32 ? Halide::Int(32) : Halide::Int(64);
    Expr extent = Halide::cast(number, x.extents[axis]), chosen = Halide::cast(number, given);
    chosen = select(chosen < Halide::cast(number, 0), chosen + extent, chosen);
    Exprs own(index.begin(), index.begin() + axis);
    own.push_back(Halide::cast<int32_t>(Halide::clamp(chosen, Halide::cast(number, 0), extent - 1)));
    own.append(index.begin() + axis + indexRank, index.end());
    return x.at(own);
  });
}

/// The position, among the result's physical dimensions (innermost is 0), of what is innermost in the memory of the
/// operand that a conversion or transposition copies; none if the kernel is something else.
static std::optional<size_t> findSourcePosition(KernelBuilder &builder) {
  Operation *anchor = builder.getAnchorOp();
  RankedTensorType result = builder.getOutputType();
  if (!anchor || !(anchor->hasTrait<ConvertsLayout>() || llvm::isa<TransposeOp>(anchor)) ||
      !llvm::isa<BlockArgument>(anchor->getOperand(0)))
    return std::nullopt;
  auto source = llvm::cast<RankedTensorType>(anchor->getOperand(0).getType());
  LayoutAttr layout = getLayout(source);
  if (source.getRank() == 0 || (getLayout(result) && getLayout(result).getWinograd()))
    return std::nullopt;
  int64_t innermost = layout ? layout.getOrder().asArrayRef().back() : source.getRank() - 1;
  if (layout && layout.getInnerDims() && !layout.getInnerDims().empty())
    innermost = layout.getInnerDims().asArrayRef().back();
  if (auto transpose = llvm::dyn_cast<TransposeOp>(anchor))
    innermost = llvm::find(transpose.getPermutation(), innermost) - transpose.getPermutation().begin();
  Exprs probe;
  std::vector<Var> arguments = builder.getOutput().args();
  for (auto [position, argument] : llvm::enumerate(arguments)) {
    Exprs logical = toLogical(result, Exprs(arguments.begin(), arguments.end()));
    if (Halide::Internal::expr_uses_var(logical[innermost], argument.name()))
      return position;
  }
  return std::nullopt;
}

/// Transposes blocks of `tile` x `tile`: rows of the operand are read as vectors and become vectors of the result's
/// rows in registers. Extents that are not known, or those of a range, may be less than a block.
static void scheduleBlocks(KernelBuilder &builder, size_t sourcePosition, int tile) {
  Func output = builder.getOutput();
  Var inner = output.args()[0], across = output.args()[sourcePosition];
  Var innerBlock("inner_block"), acrossBlock("across_block"), i("i"), j("j");
  std::vector<Halide::VarOrRVar> order{i, j, innerBlock, acrossBlock};
  for (size_t position = 1; position < output.args().size(); ++position)
    if (position != sourcePosition)
      order.push_back(output.args()[position]);
  Expr fits;
  auto chooseTile = [&](size_t position) {
    int size = tile;
    if (std::optional<int64_t> extent = builder.getOutputExtent(position)) {
      while (size > 1 && size > *extent)
        size /= 2;
      return size;
    }
    Expr isLarge = output.output_buffer().dim(toInt(position)).extent() >= size;
    fits = fits.defined() ? fits && isLarge : isLarge;
    return size;
  };
  int innerTile = chooseTile(0), acrossTile = chooseTile(sourcePosition);
  auto arrange = [&](Halide::Stage stage, Halide::TailStrategy tail) {
    stage.split(inner, innerBlock, i, innerTile, tail).split(across, acrossBlock, j, acrossTile, tail);
    stage.reorder(order).vectorize(i);
    if (tail == Halide::TailStrategy::ShiftInwards)
      stage.unroll(j);
  };
  if (fits.defined()) {
    arrange(output.specialize(fits), Halide::TailStrategy::ShiftInwards);
    arrange(output, Halide::TailStrategy::GuardWithIf);
  } else {
    arrange(output, Halide::TailStrategy::ShiftInwards);
  }
  builder.addLoweringPass(makeTransposedLoads(builder.getTarget().natural_vector_size<uint8_t>()));
}

LogicalResult scheduleMovement(KernelBuilder &builder) {
  Func output = builder.getOutput();
  if (output.has_update_definition())
    return success(); // a concatenation, scheduled where it is defined
  for (llvm::StringRef name : {"weights0", "weights1", "weights2"})
    if (builder.hasStage(name))
      builder.getStage(name).compute_root();
  if (builder.hasStage("largest")) {
    // Of one row at a time, so that its memory does not depend on how many there are.
    int64_t axis = builder.getAnchorOp()->getAttrOfType<IntegerAttr>("axis").getInt();
    std::vector<Halide::VarOrRVar> order{builder.getOutputVar(axis)};
    for (const Var &argument : output.args())
      if (argument.name() != builder.getOutputVar(axis).name())
        order.push_back(argument);
    output.reorder(order);
    if (order.size() == 1)
      builder.getStage("largest").compute_root();
    else
      builder.getStage("largest").compute_at(output, order[1].var);
    return success();
  }
  if (builder.hasStage("sum")) {
    builder.getStage("sum").compute_at(output, output.args()[0]);
    return success();
  }
  if (builder.isNaive())
    return success();
  if (std::optional<size_t> position = findSourcePosition(builder); position && *position > 0)
    scheduleBlocks(builder, *position, toInt(builder.getSchedule().getTile("block", 16)));
  else
    scheduleRows(builder, output);
  return success();
}

void addMovementEmitters(MLIRContext *context) {
  addEmitter<ReshapeOp, &emitReshape<ReshapeOp>>(context);
  addEmitter<ReshapeLikeOp, &emitReshape<ReshapeLikeOp>>(context);
  addEmitter<TransposeOp, &emitTranspose>(context);
  addEmitter<ExpandOp, &emitExpand>(context);
  addEmitter<SliceOp, &emitSlice>(context);
  addEmitter<PadOp, &emitPad>(context);
  addEmitter<TileOp, &emitTile>(context);
  addEmitter<GatherOp, &emitGather>(context);
}

} // namespace dlc::halide
