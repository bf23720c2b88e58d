// SPDX-License-Identifier: Apache-2.0
// Gradient rules of products of matrices and tensors.
#include "ir/OpsComparison.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsLinear.h"
#include "ir/OpsLogic.h"
#include "ir/OpsShape.h"
#include "passes/training/GradientRules.h"

using namespace mlir;

namespace dlc {

static RankedTensorType getType(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }
static int64_t getRank(Value value) { return getType(value).getRank(); }

/// `x` with dimensions of extent 1 at `dims`, which count in the result.
static Value insertUnits(Value x, llvm::ArrayRef<int64_t> dims, GradientBuilder &gradients) {
  if (dims.empty())
    return x;
  llvm::SmallVector<int64_t> shape;
  for (int64_t dim = 0, own = 0; dim < getRank(x) + static_cast<int64_t>(dims.size()); ++dim)
    shape.push_back(llvm::is_contained(dims, dim) ? 1 : getReshapeExtent(x, own++));
  return gradients.create<ReshapeOp>(x, shape);
}

/// All leading dimensions as one: rows.
static Value flattenRows(Value x, GradientBuilder &gradients) {
  return gradients.create<ReshapeOp>(x, llvm::ArrayRef<int64_t>{-1, getReshapeExtent(x, getRank(x) - 1)});
}

// Y = A B gives dA = dY B^T and dB = A^T dY; operands that are stored transposed get transposed gradients. A vector is
// a row or a column. Leading dimensions in which an operand is broadcast are summed.
static LogicalResult matmul(MatMulOp op, GradientBuilder &gradients) {
  bool isRow = getRank(op.getLhs()) == 1, isColumn = getRank(op.getRhs()) == 1;
  bool isTransposedA = op.getTransposeLhs(), isTransposedB = op.getTransposeRhs();
  Value a = insertUnits(op.getLhs(), isRow ? llvm::ArrayRef<int64_t>{0} : llvm::ArrayRef<int64_t>{}, gradients),
        b = insertUnits(op.getRhs(), isColumn ? llvm::ArrayRef<int64_t>{1} : llvm::ArrayRef<int64_t>{}, gradients);
  llvm::SmallVector<int64_t> units;
  int64_t rank = getRank(op.getResult()) + isRow + isColumn;
  if (isRow)
    units.push_back(rank - 2);
  if (isColumn)
    units.push_back(rank - 1);
  Value dy = insertUnits(gradients.getResultGradient(), units, gradients);
  auto product = [&](Value x, bool isTransposedX, Value y, bool isTransposedY) {
    return gradients.create<MatMulOp>(x, y, isTransposedX, isTransposedY);
  };
  /// The gradient of a vector without its unit dimension.
  auto set = [&](unsigned operand, Value gradient, Value matrix) {
    gradient = gradients.sumTo(gradient, matrix);
    bool isVector = getRank(op->getOperand(operand)) == 1;
    gradients.set(operand, isVector ? gradients.reshapeLike(gradient, op->getOperand(operand)) : gradient);
  };
  if (gradients.wants(0))
    set(0, isTransposedA ? product(b, isTransposedB, dy, true) : product(dy, false, b, !isTransposedB), a);
  if (gradients.wants(1)) {
    // Rows of all leading dimensions are summed: one product, if the other operand is a plain matrix.
    Value rows = a, rowGradients = dy;
    if (getRank(b) == 2 && getRank(a) > 2 && !isTransposedA && getType(a).getShape().back() != 0 &&
        getType(dy).getShape().back() != 0) {
      rows = flattenRows(a, gradients);
      rowGradients = flattenRows(dy, gradients);
    }
    set(1,
        isTransposedB ? product(rowGradients, true, rows, isTransposedA)
                      : product(rows, !isTransposedA, rowGradients, false),
        b);
  }
  return success();
}

/// Where dimensions `first` and `second` of `x` have the same index.
static Value isDiagonal(Value x, int64_t first, int64_t second, GradientBuilder &gradients) {
  auto along = [&](int64_t dim) {
    llvm::SmallVector<int64_t> shape(getRank(x) - dim, 1);
    Value positions = gradients.create<IndexOp>(x, dim);
    shape.front() = getReshapeExtent(positions, 0);
    return gradients.create<ReshapeOp>(positions, shape);
  };
  return gradients.create<EqualOp>(along(first), along(second));
}

// The gradient of an operand is the sum of products of dy and the other operands, over the indices that the operand
// lacks. An index that no other term has is one the operand was summed over: all its values have the same gradient. An
// index that the operand has twice is a diagonal: beside it there are zeros.
static LogicalResult einsum(EinsumOp op, GradientBuilder &gradients) {
  auto [inputs, output] = op.getEquation().split("->");
  llvm::SmallVector<llvm::StringRef> terms;
  inputs.split(terms, ',');
  for (auto [number, term] : llvm::enumerate(terms)) {
    if (!gradients.wants(number))
      continue;
    Value x = op.getOperand(number);
    std::string left = output.str();
    llvm::SmallVector<Value> factors{gradients.getResultGradient()};
    for (auto [other, otherTerm] : llvm::enumerate(terms))
      if (other != number) {
        left += "," + otherTerm.str();
        factors.push_back(op.getOperand(other));
      }
    std::string right;
    llvm::SmallVector<int64_t> missing;
    llvm::SmallVector<std::pair<int64_t, int64_t>> diagonals;
    for (auto [dim, index] : llvm::enumerate(term)) {
      size_t first = term.find(index);
      bool isRepeated = first != dim;
      if (isRepeated)
        diagonals.emplace_back(first, dim);
      if (isRepeated || !llvm::is_contained(left, index))
        missing.push_back(dim);
      else
        right += index;
    }
    Value gradient =
        gradients.create<EinsumOp>(ValueRange(factors), gradients.builder.getStringAttr(left + "->" + right));
    if (!missing.empty())
      gradient = gradients.expandLike(insertUnits(gradient, missing, gradients), x);
    for (auto [first, second] : diagonals)
      gradient = gradients.create<WhereOp>(isDiagonal(x, first, second, gradients), gradient, gradients.scalar(0, x));
    gradients.set(number, gradient);
  }
  return success();
}

// With z = (A^T A)^-1 dX, what changes X = A^+ B is dB = A z and dA = (B - A X) z^T - A z X^T.
static LogicalResult leastSquares(LeastSquaresOp op, GradientBuilder &gradients) {
  Value a = op.getA(), b = op.getB(), x = op.getResult(), dx = gradients.getResultGradient();
  bool isVector = getRank(b) < getRank(a);
  if (isVector) {
    b = insertUnits(b, {getRank(b)}, gradients);
    x = insertUnits(x, {getRank(x)}, gradients);
    dx = insertUnits(dx, {getRank(dx)}, gradients);
  }
  Value squares = gradients.create<MatMulOp>(a, a, true, false), z = gradients.create<LeastSquaresOp>(squares, dx),
        db = gradients.create<MatMulOp>(a, z, false, false);
  if (gradients.wants(1))
    gradients.set(1, isVector ? gradients.reshapeLike(db, op.getB()) : db);
  if (gradients.wants(0)) {
    Value residual = gradients.subtract(b, gradients.create<MatMulOp>(a, x, false, false)),
          inX = gradients.create<MatMulOp>(db, x, false, true);
    gradients.set(0, gradients.subtract(gradients.create<MatMulOp>(residual, z, false, true), inX));
  }
  return success();
}

// The derivative with respect to an element is its cofactor.
static LogicalResult determinant(DeterminantOp op, GradientBuilder &gradients) {
  int64_t rank = getType(op.getX()).getRank();
  Value dy = insertUnits(gradients.getResultGradient(), {rank - 2, rank - 1}, gradients);
  gradients.set(0, gradients.multiply(dy, gradients.create<CofactorsOp>(op.getX())));
  return success();
}

static LogicalResult cofactors(CofactorsOp, GradientBuilder &gradients) {
  return gradients.reportMissingRule(": it is part of a gradient");
}

void addLinearGradients(MLIRContext *context) {
  addGradientRule<MatMulOp, &matmul>(context);
  addGradientRule<EinsumOp, &einsum>(context);
  addGradientRule<LeastSquaresOp, &leastSquares>(context);
  addGradientRule<DeterminantOp, &determinant>(context);
  addGradientRule<CofactorsOp, &cofactors>(context);
}

} // namespace dlc
