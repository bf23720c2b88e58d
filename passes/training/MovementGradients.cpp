// SPDX-License-Identifier: Apache-2.0
// Gradient rules of ops that copy elements to other positions: the gradient goes back the same way, and is summed where
// an element was copied more than once.
#include "ir/OpsConstant.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsMovement.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"
#include "ir/OpsSlicing.h"
#include "ir/OpsTransposition.h"
#include "passes/training/Formula.h"
#include "passes/training/GradientRules.h"

using namespace mlir;

namespace dlc {

static RankedTensorType getType(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

static LogicalResult reshape(ReshapeOp op, GradientBuilder &gradients) {
  gradients.set(0, gradients.reshapeLike(gradients.getResultGradient(), op.getX()));
  return success();
}

static LogicalResult reshapeLike(ReshapeLikeOp op, GradientBuilder &gradients) {
  gradients.set(0, gradients.reshapeLike(gradients.getResultGradient(), op.getX()));
  return success();
}

static LogicalResult transpose(TransposeOp op, GradientBuilder &gradients) {
  llvm::SmallVector<int64_t> inverse(op.getPermutation().size());
  for (auto [to, from] : llvm::enumerate(op.getPermutation()))
    inverse[from] = to;
  gradients.set(0, gradients.transpose(gradients.getResultGradient(), inverse));
  return success();
}

static LogicalResult expand(ExpandOp, GradientBuilder &gradients) {
  gradients.set(0, gradients.getResultGradient());
  return success();
}

// Copies are adjacent: [..., r n, ...] is [..., r, n, ...], summed over r.
static LogicalResult tile(TileOp op, GradientBuilder &gradients) {
  Value gradient = gradients.getResultGradient(), x = op.getX();
  if (llvm::is_contained(op.getRepeats(), 0) || llvm::is_contained(getType(x).getShape(), 0)) {
    gradients.set(0, gradients.zeros(x));
    return success();
  }
  for (auto [dim, repeat] : llvm::enumerate(op.getRepeats())) {
    if (repeat == 1)
      continue;
    llvm::SmallVector<int64_t> shape = getShapeFrom(gradient);
    shape[dim] = getType(x).isDynamicDim(dim) ? -1 : getType(x).getDimSize(dim);
    shape.insert(shape.begin() + dim, repeat);
    gradient = gradients.create<ReduceOp>(ReductionKind::Sum, gradients.create<ReshapeOp>(gradient, shape),
                                          llvm::ArrayRef<int64_t>{static_cast<int64_t>(dim)}, /*keep_dims=*/false);
  }
  gradients.set(0, gradient);
  return success();
}

/// Where operand `number` of a concatenation starts, if that is known.
static std::optional<int64_t> sumExtents(OperandRange operands, int64_t axis) {
  int64_t sum = 0;
  for (Value operand : operands) {
    if (getType(operand).isDynamicDim(axis))
      return std::nullopt;
    sum += getType(operand).getDimSize(axis);
  }
  return sum;
}

static LogicalResult concat(ConcatOp op, GradientBuilder &gradients) {
  Value dy = gradients.getResultGradient();
  int64_t axis = op.getAxis(), rank = getType(dy).getRank();
  OperandRange operands = op.getOperands();
  Type i64 = gradients.builder.getI64Type();
  for (auto [number, operand] : llvm::enumerate(operands)) {
    if (!gradients.wants(number))
      continue;
    std::optional<int64_t> before = sumExtents(operands.take_front(number), axis),
                           after = sumExtents(operands.drop_front(number + 1), axis);
    if (before && !getType(operand).isDynamicDim(axis)) {
      llvm::SmallVector<int64_t> starts(rank, 0), sizes(rank, -1), steps(rank, 1);
      starts[axis] = *before;
      sizes[axis] = getType(operand).getDimSize(axis);
      gradients.set(number, gradients.create<SliceOp>(dy, starts, sizes, steps));
    } else if (before && after) {
      llvm::SmallVector<int64_t> low(rank, 0), high(rank, 0);
      low[axis] = -*before;
      high[axis] = -*after;
      gradients.set(number, gradients.create<PadOp>(dy, Value(), low, high, PadMode::Constant));
    } else {
      Value positions = gradients.create<IndexOp>(operand, axis);
      for (Value other : operands.take_front(number))
        positions = gradients.add(positions, gradients.create<ExtentOp>(other, llvm::ArrayRef<int64_t>{axis}, i64));
      gradients.set(number, gradients.create<GatherOp>(dy, positions, axis));
    }
  }
  return success();
}

/// Slices of `updates` added up at the indices `positions` of dimension `axis`, which gets the extent that it has in
/// `like`. Elements of 16 bits are summed in f32.
static Value scatterAdd(Value like, Value positions, Value updates, int64_t axis, GradientBuilder &gradients) {
  return gradients.create<ScatterAddOp>(like, positions, gradients.widen(updates), axis);
}

static LogicalResult slice(SliceOp op, GradientBuilder &gradients) {
  Value gradient = gradients.getResultGradient(), x = op.getX();
  if (llvm::is_contained(op.getSizes(), 0)) {
    gradients.set(0, gradients.zeros(x));
    return success();
  }
  Type i64 = gradients.builder.getI64Type();
  int64_t rank = getType(x).getRank();
  llvm::SmallVector<int64_t> low(rank, 0), high(rank, 0);
  for (int64_t dim = 0; dim < rank; ++dim) {
    int64_t start = op.getStarts()[dim], size = op.getSizes()[dim], step = op.getSteps()[dim];
    if (size == -1)
      continue;
    if (step == 1 && !getType(x).isDynamicDim(dim)) {
      low[dim] = start;
      high[dim] = getType(x).getDimSize(dim) - start - size;
      continue;
    }
    Value positions = gradients.create<IotaOp>(llvm::APFloat(static_cast<double>(start)),
                                               llvm::APFloat(static_cast<double>(step)), size, i64);
    gradient = scatterAdd(x, positions, gradient, dim, gradients);
  }
  auto isZero = [](int64_t extent) { return extent == 0; };
  if (!llvm::all_of(low, isZero) || !llvm::all_of(high, isZero))
    gradient = gradients.create<PadOp>(gradient, Value(), low, high, PadMode::Constant);
  gradients.set(0, gradient);
  return success();
}

// Constant padding is cropped, and what was cropped gets zeros. The other modes copy elements: their positions are
// those of a padded sequence 0, 1, ...
static LogicalResult pad(PadOp op, GradientBuilder &gradients) {
  Value dy = gradients.getResultGradient(), x = op.getX();
  int64_t rank = getType(x).getRank();
  bool isEmpty = llvm::is_contained(getType(dy).getShape(), 0);
  if (gradients.wants(0) && isEmpty) {
    gradients.set(0, gradients.zeros(x));
  } else if (gradients.wants(0) && op.getMode() == PadMode::Constant) {
    llvm::SmallVector<int64_t> low, high;
    for (int64_t dim = 0; dim < rank; ++dim) {
      low.push_back(-op.getLow()[dim]);
      high.push_back(-op.getHigh()[dim]);
    }
    gradients.set(0, gradients.create<PadOp>(dy, Value(), low, high, PadMode::Constant));
  } else if (gradients.wants(0)) {
    Value gradient = dy;
    for (int64_t dim = 0; dim < rank; ++dim) {
      if (op.getLow()[dim] == 0 && op.getHigh()[dim] == 0)
        continue;
      Value positions =
          gradients.create<PadOp>(gradients.create<IndexOp>(x, dim), Value(), llvm::ArrayRef<int64_t>{op.getLow()[dim]},
                                  llvm::ArrayRef<int64_t>{op.getHigh()[dim]}, op.getMode());
      gradient = scatterAdd(x, positions, gradient, dim, gradients);
    }
    gradients.set(0, gradient);
  }
  if (op.getValue() && gradients.wants(1)) {
    Value isPadding = gradients.create<PadOp>(gradients.zeros(x), gradients.scalar(1, x), op.getLow(), op.getHigh(),
                                              PadMode::Constant);
    gradients.set(1, gradients.multiply(dy, isPadding));
  }
  return success();
}

static LogicalResult gather(GatherOp op, GradientBuilder &gradients) {
  gradients.set(0, scatterAdd(op.getX(), op.getIndices(), gradients.getResultGradient(), op.getAxis(), gradients));
  return success();
}

static LogicalResult scatterAdd(ScatterAddOp op, GradientBuilder &gradients) {
  if (gradients.wants(2))
    gradients.set(2, gradients.create<GatherOp>(gradients.getResultGradient(), op.getIndices(), op.getAxis()));
  return success();
}

// The update's position is clamped so that it stays inside, as the op does.
static LogicalResult updateSlice(UpdateSliceOp op, GradientBuilder &gradients) {
  Value dy = gradients.getResultGradient(), update = op.getUpdate();
  int64_t axis = op.getAxis();
  Type i64 = gradients.builder.getI64Type();
  if (gradients.wants(0))
    gradients.set(0, gradients.create<UpdateSliceOp>(dy, gradients.zeros(update), op.getPosition(), axis));
  if (gradients.wants(1)) {
    auto extent = [&](Value of) { return gradients.create<ExtentOp>(of, llvm::ArrayRef<int64_t>{axis}, i64); };
    auto scalarType = RankedTensorType::get({}, i64);
    Value zero = ConstantOp::create(gradients.builder, op.getLoc(), scalarType,
                                    DenseElementsAttr::get(scalarType, llvm::ArrayRef<int64_t>{0}));
    Value last = gradients.subtract(extent(op.getX()), extent(update));
    Value start = gradients.create<MaxOp>(gradients.create<MinOp>(op.getPosition(), last), zero);
    Value positions = gradients.add(gradients.create<IndexOp>(update, axis), start);
    gradients.set(1, gradients.create<GatherOp>(dy, positions, axis));
  }
  return success();
}

void addMovementGradients(MLIRContext *context) {
  addGradientRule<ReshapeOp, &reshape>(context);
  addGradientRule<ReshapeLikeOp, &reshapeLike>(context);
  addGradientRule<TransposeOp, &transpose>(context);
  addGradientRule<ExpandOp, &expand>(context);
  addGradientRule<TileOp, &tile>(context);
  addGradientRule<ConcatOp, &concat>(context);
  addGradientRule<SliceOp, &slice>(context);
  addGradientRule<PadOp, &pad>(context);
  addGradientRule<GatherOp, &gather>(context);
  addGradientRule<ScatterAddOp, &scatterAdd>(context);
  addGradientRule<UpdateSliceOp, &updateSlice>(context);
  addGradientRule<FillOp, &hasZeroGradient<FillOp>>(context);
  addGradientRule<ExtentOp, &hasZeroGradient<ExtentOp>>(context);
}

} // namespace dlc
