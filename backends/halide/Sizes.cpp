// SPDX-License-Identifier: Apache-2.0
// Ops whose results have sizes that a run computes: as their siblings in Movement.cpp, with extents that are
// expressions of the kernel's symbols.
#include "backends/halide/Families.h"
#include "backends/halide/KernelBuilder.h"
#include "backends/halide/PadPosition.h"
#include "ir/OpsSize.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using Halide::Expr;
using Halide::select;

namespace dlc::halide {

static FailureOr<TensorFunc> emitShape(ShapeOp op, KernelBuilder &builder) {
  // Readers ask for the extents alone.
  return builder.define(op, [](llvm::ArrayRef<Expr>) { return Halide::Internal::const_false(); });
}

static FailureOr<TensorFunc> emitIntegers(IntegersOp op, KernelBuilder &builder) {
  llvm::SmallVector<AffineExpr> extents;
  for (Value operand : op.getOperands())
    llvm::append_range(extents, builder.getDims(operand));
  Type i64 = IntegerType::get(op.getContext(), 64), elementType = op.getElementType();
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Expr result = Halide::Internal::make_zero(getValueType(elementType));
    for (auto [position, value] : llvm::enumerate(op.getValues().getResults())) {
      Expr number = convertElement(builder.toExpr(value.replaceSymbols(extents), Halide::Int(64)), i64, elementType);
      result = position == 0 ? number : select(index[0] == static_cast<int>(position), number, result);
    }
    return result;
  });
}

static FailureOr<TensorFunc> emitExpandLike(ExpandLikeOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  // Vectors of elements are next to each other in runs in which the innermost dimension is not broadcast.
  int64_t innermost = x.type.getRank() - 1;
  if (llvm::is_contained(op.getOpen(), innermost))
    builder.expectMostly(x.extents[innermost] > 1);
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Exprs own(index.begin(), index.end());
    size_t lead = own.size() - x.type.getRank();
    for (int64_t dim : op.getOpen())
      own[lead + dim] = select(x.extents[dim] > 1, own[lead + dim], 0);
    return x.atBroadcast(own);
  });
}

static FailureOr<TensorFunc> emitSliceLike(SliceLikeOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  Exprs starts = builder.getExtents(op.getStarts());
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Exprs own;
    for (auto [coordinate, start, step] : llvm::zip(index, starts, op.getSteps()))
      own.push_back(start + coordinate * static_cast<int>(step));
    return x.at(own);
  });
}

static FailureOr<TensorFunc> emitPadLike(PadLikeOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  Exprs low = builder.getExtents(op.getLow());
  llvm::SmallVector<bool> isPadded;
  for (auto [dim, extents] : llvm::enumerate(llvm::zip(builder.getDims(op.getX()), builder.getDims(op.getResult())))) {
    auto [from, to] = extents;
    isPadded.push_back(from != to);
    if (from == to)
      low[dim] = 0;
  }
  auto getValue = [&] {
    return op.getValue() ? builder.get(op.getValue()).at({}) : makeConstant(0, getElementTypeOrSelf(op.getType()));
  };
  return builder.define(
      op, [&](llvm::ArrayRef<Expr> index) { return readPaddedBy(x, index, low, isPadded, op.getMode(), getValue); });
}

void addSizeEmitters(MLIRContext *context) {
  addEmitter<ShapeOp, &emitShape>(context);
  addEmitter<IntegersOp, &emitIntegers>(context);
  addEmitter<ExpandLikeOp, &emitExpandLike>(context);
  addEmitter<SliceLikeOp, &emitSliceLike>(context);
  addEmitter<PadLikeOp, &emitPadLike>(context);
}

} // namespace dlc::halide
