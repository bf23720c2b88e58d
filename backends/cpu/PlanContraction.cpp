// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/PlanContraction.h"
#include "ir/Layout.h"
#include "ir/OpsControl.h"

using namespace mlir;

namespace dlc {

int64_t getTermsTogether(Value lhs, Value rhs, int64_t depth) {
  auto isNarrow = [](Value factor) {
    auto integer = llvm::dyn_cast<IntegerType>(getElementTypeOrSelf(factor));
    bool isUnsigned = integer && integer.isUnsigned();
    return integer && integer.getWidth() > 1 && integer.getWidth() + (isUnsigned ? 1 : 0) <= 16;
  };
  return isNarrow(lhs) && isNarrow(rhs) && depth > 0 && depth % 2 == 0 ? 2 : 1;
}

bool hasAdjacentColumns(MatMulOp op, RankedTensorType lhs, RankedTensorType rhs) {
  if (op.getTransposeLhs() || lhs.getRank() < 2 || rhs.getRank() < 2)
    return false;
  llvm::ArrayRef<int64_t> matrix = rhs.getShape().take_back(2);
  Type element = op.getType().getElementType();
  return !ShapedType::isDynamicShape(matrix) && (op.getTransposeRhs() || matrix[1] == 1) &&
         (element.isF32() || element.isF64());
}

/// Layout in which the right operand of `op` is read fastest; null if it is not a matrix of known size.
static LayoutAttr planMatrixLayout(MatMulOp op) {
  MLIRContext *context = op.getContext();
  auto type = llvm::cast<RankedTensorType>(op.getRhs().getType());
  if (type.getRank() != 2 || !type.hasStaticShape())
    return {};
  // Blocks of 32 columns: two AVX-512 or four AVX2 vectors that one row of the block fills.
  auto array = [&](llvm::ArrayRef<int64_t> values) { return DenseI64ArrayAttr::get(context, values); };
  int64_t columns = op.getTransposeRhs() ? 0 : 1;
  // Read in place as dot products, unless they are short.
  int64_t count = type.getDimSize(columns), shortest = count <= 2 ? 64 : 128;
  auto lhs = llvm::cast<RankedTensorType>(op.getLhs().getType());
  if (hasAdjacentColumns(op, lhs, type) && count <= mostDotColumns && type.getDimSize(1 - columns) >= shortest)
    return {};
  int64_t together = getTermsTogether(op.getLhs(), op.getRhs(), type.getDimSize(1 - columns));
  if (together > 1)
    return LayoutAttr::get(context, array({columns, 1 - columns}), {}, {}, array({columns, 1 - columns}),
                           array({32, together}), 0);
  return LayoutAttr::get(context, array({columns, 1 - columns}), {}, {}, array({columns}), array({32}), 0);
}

LayoutPlan planLayouts(MatMulOp op, const LayoutQuery &query) {
  LayoutPlan plan;
  plan.operands.resize(2);
  OperandLayout &rhs = plan.operands[1];
  auto loop = op->getParentOfType<LoopOp>();
  rhs.isPackedOnce = !query.known.isLoadTimeConstant(op.getRhs());
  if (!rhs.isPackedOnce || (loop && loop.isDefinedOutsideOfLoop(op.getRhs())))
    rhs.layout = planMatrixLayout(op);
  return plan;
}

} // namespace dlc
