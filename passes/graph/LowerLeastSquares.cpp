// SPDX-License-Identifier: Apache-2.0
// Least squares by modified Gram-Schmidt with pivoting. Matrices are kept transposed, a column a row, so that products
// run along memory. A column that was taken is exactly zero afterwards, and so is its product with everything that
// follows; this is why coefficients need no bookkeeping: what a step finds for a column that was taken before is 0.
#include "ir/ConstantData.h"
#include "ir/GradientBuilder.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsComparison.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsLinear.h"
#include "ir/OpsLogic.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"
#include "ir/OpsTransposition.h"
#include "passes/Passes.h"

#define DEBUG_TYPE "dlc-lower-least-squares"

namespace dlc {
#define GEN_PASS_DEF_LOWERLEASTSQUARES
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

class Lowering {
public:
  explicit Lowering(dlc::LeastSquaresOp op)
      : builder(op), op(op), type(getElementTypeOrSelf(op.getA().getType())), rank(getRank(op.getA())) {}

  void run() {
    isVector = getRank(op.getB()) < rank;
    Value columns = transpose(op.getA()), targets = isVector ? insertUnit(op.getB(), rank - 2) : transpose(op.getB());

    Value zeros = createZeros(columns, targets);
    if (llvm::is_contained(llvm::cast<RankedTensorType>(zeros.getType()).getShape(), 0))
      return replace(isVector ? dropLast(zeros) : zeros);

    // Lengths by way of the largest element, so that squares neither overflow nor vanish.
    Value largest = reduce(dlc::ReductionKind::Max, create<dlc::AbsOp>(columns), rank - 1, true),
          isZero = create<dlc::EqualOp>(largest, number(0)), unit = create<dlc::WhereOp>(isZero, number(1), largest);
    columns = create<dlc::DivOp>(columns, unit);
    Value length = create<dlc::WhereOp>(isZero, number(1), reduce(dlc::ReductionKind::L2, columns, rank - 1, true));
    columns = create<dlc::DivOp>(columns, length);

    orthogonalize(columns, targets);
    Value scaled = substitute(zeros),
          x = create<dlc::DivOp>(create<dlc::DivOp>(scaled, length), unit); // one after the other: no overflow
    replace(isVector ? dropLast(x) : x);
  }

private:
  static int64_t getRank(Value x) { return llvm::cast<RankedTensorType>(x.getType()).getRank(); }

  template <typename OpTy, typename... Args> Value create(Args &&...args) {
    return OpTy::create(builder, op.getLoc(), std::forward<Args>(args)...).getResult();
  }
  Value number(double value) { return dlc::createScalar(builder, op.getLoc(), value, type); }
  Value reduce(dlc::ReductionKind kind, Value x, int64_t axis, bool keepsDims) {
    return create<dlc::ReduceOp>(kind, x, llvm::ArrayRef<int64_t>{axis}, keepsDims);
  }
  /// The last two dimensions are swapped.
  Value transpose(Value x) {
    auto permutation = llvm::to_vector(llvm::seq<int64_t>(0, getRank(x)));
    std::swap(permutation.back(), permutation[permutation.size() - 2]);
    return create<dlc::TransposeOp>(x, permutation);
  }
  /// A dimension of extent 1 in front of dimension `at`.
  Value insertUnit(Value x, int64_t at) {
    auto shape = dlc::getShapeFrom(x);
    shape.insert(shape.begin() + at, 1);
    return create<dlc::ReshapeOp>(x, shape);
  }
  /// Without the last dimension, whose extent is 1.
  Value dropLast(Value x) { return create<dlc::ReshapeOp>(x, llvm::ArrayRef(dlc::getShapeFrom(x)).drop_back()); }

  /// [..., N, K] of columns [..., N, M] and targets [..., K, M].
  Value createZeros(Value columns, Value targets) {
    auto oneEach = [&](Value x) {
      auto shape = dlc::getShapeFrom(x);
      shape.back() = 1;
      return create<dlc::FillOp>(x, shape, llvm::APFloat(0.0), type);
    };
    return create<dlc::AddOp>(oneEach(columns), transpose(oneEach(targets)));
  }

  /// A step takes the longest column that is left: `directions` (the column, scaled to length 1) is zero if none is.
  void orthogonalize(Value columns, Value targets) {
    double epsilon = type.isF32() ? 0x1p-23 : 0x1p-52;
    Value rows = create<dlc::ExtentOp>(columns, llvm::ArrayRef<int64_t>{rank - 1}, type),
          bound = create<dlc::MulOp>(create<dlc::SqrtOp>(rows), number(8 * epsilon));
    int64_t count = llvm::cast<RankedTensorType>(columns.getType()).getDimSize(rank - 2);
    llvm::SmallVector<Value> positions;
    std::optional<int64_t> tripCount;
    if (ShapedType::isDynamic(count))
      positions.push_back(create<dlc::IndexOp>(columns, uint64_t(rank - 2)));
    else
      tripCount = count;
    dlc::LoopBuilder loop(builder, op.getLoc(), {columns, targets}, positions, false, tripCount);
    Value left = loop.getLoopCarried(0), rest = loop.getLoopCarried(1);
    Value lengths = reduce(dlc::ReductionKind::L2, left, rank - 1, false),
          isTaken = create<dlc::HardmaxOp>(lengths, llvm::ArrayRef<int64_t>{rank - 2}),
          longest = reduce(dlc::ReductionKind::Max, lengths, rank - 2, true),
          // Asked this way round NaN is not small, and shows in the result.
        isSmall = create<dlc::LessOrEqualOp>(longest, bound),
          inverse = create<dlc::WhereOp>(isSmall, number(0), create<dlc::DivOp>(number(1), longest));
    Value direction = create<dlc::MulOp>(create<dlc::MatMulOp>(insertUnit(isTaken, rank - 2), left, false, false),
                                         insertUnit(inverse, rank - 1)),
          shares = create<dlc::MatMulOp>(left, direction, false, true),
          targetShares = create<dlc::MatMulOp>(rest, direction, false, true),
          stays = create<dlc::SubOp>(number(1), insertUnit(isTaken, rank - 1)),
          nextLeft = create<dlc::MulOp>(create<dlc::SubOp>(left, create<dlc::MulOp>(shares, direction)), stays),
          nextRest = create<dlc::SubOp>(rest, create<dlc::MulOp>(targetShares, direction));
    ResultRange results =
        loop.finish({nextLeft, nextRest}, {dropLast(shares), dropLast(targetShares), isTaken, inverse});
    steps.assign(results.begin() + 2, results.end());
  }

  /// Coefficients [..., N, K] of the scaled columns. A step knows those of the columns that were taken after its own.
  Value substitute(Value zeros) {
    dlc::LoopBuilder loop(builder, op.getLoc(), zeros, steps, /*isReverse=*/true);
    Value found = loop.getLoopCarried(0), shares = loop.getScanSlice(0), targetShares = loop.getScanSlice(1),
          isTaken = loop.getScanSlice(2), inverse = loop.getScanSlice(3);
    Value known = create<dlc::MatMulOp>(insertUnit(shares, rank - 2), found, false, false),
          coefficient = create<dlc::MulOp>(create<dlc::SubOp>(insertUnit(targetShares, rank - 2), known),
                                           insertUnit(inverse, rank - 1));
    return loop.finish(create<dlc::AddOp>(found, create<dlc::MulOp>(insertUnit(isTaken, rank - 1), coefficient)), {})
        .front();
  }

  void replace(Value x) {
    op.getResult().replaceAllUsesWith(x);
    op.erase();
  }

  OpBuilder builder;
  dlc::LeastSquaresOp op;
  Type type;
  int64_t rank; ///< of the matrices
  bool isVector = false;
  llvm::SmallVector<Value> steps; ///< of each: shares of all columns, of all targets, which column, one over its length
};

class LowerLeastSquares final : public dlc::impl::LowerLeastSquaresBase<LowerLeastSquares> {
  void runOnOperation() override {
    llvm::SmallVector<dlc::LeastSquaresOp> ops;
    getOperation().walk([&](dlc::LeastSquaresOp op) { ops.push_back(op); });
    for (dlc::LeastSquaresOp op : ops)
      Lowering(op).run();
  }
};

} // namespace
