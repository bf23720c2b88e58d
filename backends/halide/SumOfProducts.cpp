// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/SumOfProducts.h"
#include "backends/halide/IntegerMath.h"

using namespace mlir;
using Halide::Expr;

namespace dlc::halide {

Expr multiply(Expr a, Expr b) { return a.type().is_float() ? a * b : wrappingMul(a, b); }

Expr multiply(Expr a, Expr b, Halide::Type type) {
  // Widened factors cannot overflow i32, which Halide knows of signed numbers alone: no detour through unsigned ones.
  bool isNarrow = type == Halide::Int(32) && a.type().bits() <= 16 && b.type().bits() <= 16;
  a = Halide::cast(type, a);
  b = Halide::cast(type, b);
  return isNarrow ? a * b : multiply(a, b);
}

Expr readMatrix(const TensorFunc &x, llvm::ArrayRef<Expr> batch, const Expr &row, const Expr &column,
                bool isTransposed) {
  Exprs index;
  size_t own = x.type.getRank() - 2;
  for (size_t dim = 0; dim < own; ++dim)
    index.push_back(x.type.getDimSize(dim) == 1 ? Expr(0) : batch[batch.size() - own + dim]);
  index.push_back(isTransposed ? column : row);
  index.push_back(isTransposed ? row : column);
  return x.at(index);
}

int getTermsTogether(KernelBuilder &builder) {
  Operation *anchor = builder.getAnchorOp();
  LayoutAttr layout =
      anchor && anchor->getNumOperands() > 1 ? getLayout(anchor->getOperand(1).getType()) : LayoutAttr();
  bool isGrouped = layout && layout.getInnerTiles() && layout.getInnerTiles().size() == 2;
  return isGrouped && !builder.isNaive() ? static_cast<int>(layout.getInnerTiles()[1]) : 1;
}

TensorFunc defineSum(KernelBuilder &builder, Operation *op, llvm::function_ref<Expr(llvm::ArrayRef<Expr>)> term) {
  Value result = op->getResult(0);
  auto type = llvm::cast<RankedTensorType>(result.getType());
  Halide::Type valueType = getValueType(type.getElementType());
  TensorFunc sum = builder.define(result, [&](llvm::ArrayRef<Expr>) { return Halide::Internal::make_zero(valueType); });
  std::vector<Halide::Var> arguments = sum.func.args();
  Exprs index = toLogical(type, Exprs(arguments.begin(), arguments.end()));
  std::vector<Expr> position(arguments.begin(), arguments.end());
  Expr next = term(index);
  // Terms that are added up together are vectors of their own, which Halide proves of a plain sum alone.
  bool isPlain = valueType.is_float() || getTermsTogether(builder) > 1;
  sum.func(position) = isPlain ? sum.func(position) + next : wrappingAdd(sum.func(position), next);
  builder.addStage(op, sumStage, sum.func);
  if (!type.getElementType().isF16() && !type.getElementType().isBF16())
    return sum;
  return builder.define(result,
                        [&](llvm::ArrayRef<Expr> at) { return roundToElementType(sum.at(at), type.getElementType()); });
}

} // namespace dlc::halide
