// SPDX-License-Identifier: Apache-2.0
// Determinants and cofactors, by Gaussian elimination on a copy of each matrix. A pivot is the largest element that is
// left, of its column or of all, so that multipliers are at most 1. NaN counts as larger than every number, and
// spreads.
#include "backends/loops/LoopBodyInterface.h"
#include "ir/OpsLinear.h"

using namespace mlir;

namespace dlc::loops {

namespace {

/// Matrices in memory of the kernel's own.
class Elimination {
public:
  Elimination(LoopBody &body, const LoopTensor &x, Type type)
      : body(body), x(x), rows(x.getExtent(x.getRank() - 1)), matrix(body.allocate(type, {rows, rows})) {}

  void copy(llvm::ArrayRef<Scalar> which) {
    body.forBox({rows, rows}, [&](llvm::ArrayRef<Scalar> position) {
      llvm::SmallVector<Scalar> index(which);
      index.append(position.begin(), position.end());
      matrix.store(position, x.load(index));
    });
  }

  /// Exchanges two rows from column `first` on, or two whole columns.
  void exchangeRows(Scalar a, Scalar b, Scalar first) {
    body.forRange(first, rows, [&](Scalar column) { exchange({a, column}, {b, column}); });
  }
  void exchangeColumns(Scalar a, Scalar b) {
    body.forRange(body.integer(0), rows, [&](Scalar row) { exchange({row, a}, {row, b}); });
  }

  /// Subtracts multiples of row `step` from those below, so that its column becomes 0 there; `keep` gets each multiple.
  void eliminate(Scalar step, llvm::function_ref<void(Scalar row, Scalar factor)> keep = nullptr) {
    Scalar pivot = matrix.load({step, step});
    body.forRange(step + 1, rows, [&](Scalar row) {
      Scalar factor = matrix.load({row, step}) / pivot;
      body.forRange(step + 1, rows, [&](Scalar column) {
        matrix.store({row, column}, matrix.load({row, column}) - factor * matrix.load({step, column}));
      });
      if (keep)
        keep(row, factor);
    });
  }

  LoopBody &body;
  LoopTensor x;
  Scalar rows;
  LoopTensor matrix;

private:
  void exchange(llvm::ArrayRef<Scalar> a, llvm::ArrayRef<Scalar> b) {
    Scalar first = matrix.load(a), second = matrix.load(b);
    matrix.store(a, second);
    matrix.store(b, first);
  }
};

// The product of the pivots, negative after an odd number of exchanges. A column without a pivot makes it 0.
void writeDeterminant(DeterminantOp op, LoopBody &body) {
  LoopTensor result = body.getResult();
  Type type = getElementTypeOrSelf(op.getX());
  Elimination work(body, body.getOperand(0), type);
  LoopTensor matrix = work.matrix;
  body.forResult(result.getRank(), [&](llvm::ArrayRef<Scalar> which) {
    work.copy(which);
    Variable product = body.variable(body.number(1, type));
    body.forRange(body.integer(0), work.rows, [&](Scalar step) {
      Variable pivotRow = body.variable(step);
      body.forRange(step + 1, work.rows, [&](Scalar row) {
        Scalar candidate = magnitude(matrix.load({row, step})), best = magnitude(matrix.load({pivotRow.get(), step}));
        pivotRow.set(select((candidate > best) | isNaN(candidate), row, pivotRow.get()));
      });
      body.ifTrue(pivotRow.get() != step, [&] {
        work.exchangeRows(step, pivotRow.get(), step);
        product.set(-product.get());
      });
      Scalar pivot = matrix.load({step, step});
      product.set(product.get() * pivot);
      body.ifTrue(pivot != 0, [&] { work.eliminate(step); });
    });
    result.store(which, product.get());
  });
}

// Where P and Q are the exchanges of rows and columns, P A Q = L D U, with ones on the diagonals of L and U. The matrix
// of cofactors of a product is the product of those of its factors; that of L is its inverse, transposed, and that of D
// has on its diagonal the products of all others. So no pivot is a divisor of the result, and singular matrices have
// one, too: with all elements to choose a pivot from, there is none only where nothing is left.
class Cofactors {
public:
  Cofactors(CofactorsOp op, LoopBody &body)
      : body(body), type(getElementTypeOrSelf(op.getX())), zero(body.integer(0)), work(body, body.getOperand(0), type),
        rows(work.rows), matrix(work.matrix), sums(body.allocate(type, {rows, rows})),
        rowOf(body.allocate(body.getBuilder().getI64Type(), {rows})),
        columnOf(body.allocate(body.getBuilder().getI64Type(), {rows})) {}

  void write() {
    LoopTensor result = body.getResult();
    body.forResult(result.getRank() - 2, [&](llvm::ArrayRef<Scalar> which) {
      work.copy(which);
      body.forRange(zero, rows, [&](Scalar row) {
        rowOf.store({row}, row);
        columnOf.store({row}, row);
      });
      Variable sign = body.variable(body.number(1, type));
      body.forRange(zero, rows, [&](Scalar step) { decompose(step, sign); });
      multiply();
      body.forBox({rows, rows}, [&](llvm::ArrayRef<Scalar> position) {
        llvm::SmallVector<Scalar> index(which);
        index.append({rowOf.load({position[0]}), columnOf.load({position[1]})});
        result.store(index, sign.get() * sums.load(position));
      });
    });
  }

private:
  void decompose(Scalar step, Variable sign) {
    Variable pivotRow = body.variable(step), pivotColumn = body.variable(step);
    body.forRange(step, rows, [&](Scalar row) {
      body.forRange(step, rows, [&](Scalar column) {
        Scalar candidate = magnitude(matrix.load({row, column})),
               best = magnitude(matrix.load({pivotRow.get(), pivotColumn.get()}));
        Scalar isLarger = (candidate > best) | isNaN(candidate);
        pivotRow.set(select(isLarger, row, pivotRow.get()));
        pivotColumn.set(select(isLarger, column, pivotColumn.get()));
      });
    });
    auto exchange = [&](Scalar other, LoopTensor &order, llvm::function_ref<void()> exchangeElements) {
      body.ifTrue(other != step, [&] {
        exchangeElements();
        Scalar first = order.load({step}), second = order.load({other});
        order.store({step}, second);
        order.store({other}, first);
        sign.set(-sign.get());
      });
    };
    exchange(pivotRow.get(), rowOf, [&] { work.exchangeRows(step, pivotRow.get(), zero); });
    exchange(pivotColumn.get(), columnOf, [&] { work.exchangeColumns(step, pivotColumn.get()); });
    body.ifTrue(matrix.load({step, step}) != 0, [&] {
      work.eliminate(step, [&](Scalar row, Scalar factor) { matrix.store({row, step}, factor); });
      body.forRange(step + 1, rows, [&](Scalar column) {
        matrix.store({step, column}, matrix.load({step, column}) / matrix.load({step, step}));
      });
    });
  }

  /// `sums` becomes the cofactors of L, D and U, multiplied: of D, times the inverse of the transposed U on its right,
  /// and that of L on its left.
  void multiply() {
    body.forRange(zero, rows, [&](Scalar row) {
      Variable others = body.variable(body.number(1, type));
      body.forRange(zero, rows, [&](Scalar other) {
        Scalar product = others.get() * matrix.load({other, other});
        others.set(select(other == row, others.get(), product));
        sums.store({row, other}, body.number(0, type));
      });
      sums.store({row, row}, others.get());
      forDescending(row, [&](Scalar column) {
        Variable sum = body.variable(body.number(0, type));
        body.forRange(column + 1, row + 1, [&](Scalar between) {
          sum.set(sum.get() - sums.load({row, between}) * matrix.load({column, between}));
        });
        sums.store({row, column}, sum.get());
      });
    });
    forDescending(rows, [&](Scalar row) {
      body.forRange(row + 1, rows, [&](Scalar below) {
        Scalar factor = matrix.load({below, row});
        body.forRange(zero, rows, [&](Scalar column) {
          sums.store({row, column}, sums.load({row, column}) - factor * sums.load({below, column}));
        });
      });
    });
  }

  /// Runs `step` for `end` - 1, ..., 0.
  void forDescending(Scalar end, llvm::function_ref<void(Scalar)> step) {
    body.forRange(zero, end, [&](Scalar number) { step(end - 1 - number); });
  }

  LoopBody &body;
  Type type;
  Scalar zero;
  Elimination work;
  Scalar rows;
  LoopTensor matrix, sums, rowOf, columnOf;
};

void writeCofactors(CofactorsOp op, LoopBody &body) { Cofactors(op, body).write(); }

} // namespace

void addDeterminant(MLIRContext *context) {
  addBody<DeterminantOp, &writeDeterminant>(context);
  addBody<CofactorsOp, &writeCofactors>(context);
}

} // namespace dlc::loops
