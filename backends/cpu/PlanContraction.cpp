// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/PlanContraction.h"
#include "analysis/IntegerProducts.h"
#include "backends/cpu/RowConvolution.h"
#include "ir/Layout.h"
#include "ir/OpsControl.h"
#include "ir/OpsConvolution.h"

using namespace mlir;

namespace dlc {

int64_t getTermsTogether(Operation *op, int64_t depth) {
  constexpr int64_t bytes = 4, words = 2;
  if (!multipliesIntegers(op) || depth <= 0 || depth % words != 0)
    return 1;
  Type lhs = getElementTypeOrSelf(op->getOperand(0)), rhs = getElementTypeOrSelf(op->getOperand(1));
  bool areBytes = lhs.isUnsignedInteger(8) && rhs.isInteger(8) && !rhs.isUnsignedInteger();
  return areBytes && depth % bytes == 0 ? bytes : words;
}

bool multipliesBytes(Operation *op, llvm::ArrayRef<const Machine *> machines) {
  constexpr int64_t together = 4, largestProduct = int64_t{255} * 128;
  auto hasDotProducts = [](const Machine *machine) {
    return llvm::any_of(machine->dotProducts, [](const DotProduct &product) { return product.elements == "u8 x i8"; });
  };
  if (!llvm::any_of(machines, hasDotProducts))
    return false;
  auto weight = llvm::cast<RankedTensorType>(op->getOperand(1).getType());
  if (!weight.hasStaticShape() || weight.getNumElements() == 0)
    return false;
  int64_t depth = 0, terms = 0; // terms: those that are neighbours in memory and fill whole groups
  if (auto conv = llvm::dyn_cast<ConvOp>(op)) {
    auto groups = static_cast<int64_t>(conv.getGroups());
    if (getColumnBlock(weight.getDimSize(0) / groups, groups) == 0)
      return false;
    depth = weight.getNumElements() / weight.getDimSize(0);
    // Without groups, zeros fill the last group.
    terms = groups == 1 ? static_cast<int64_t>(llvm::alignTo(weight.getDimSize(1), together)) : weight.getDimSize(1);
  } else if (auto matmul = llvm::dyn_cast<MatMulOp>(op); matmul && weight.getRank() == 2) {
    depth = terms = weight.getDimSize(matmul.getTransposeRhs() ? 1 : 0);
  }
  return terms > 0 && terms % together == 0 && depth <= INT32_MAX / largestProduct;
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
  int64_t together = getTermsTogether(op, type.getDimSize(1 - columns));
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
