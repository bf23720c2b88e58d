// SPDX-License-Identifier: Apache-2.0
#include "passes/schedule/PlanContraction.h"
#include "ir/Layout.h"
#include "ir/OpsLinear.h"

using namespace mlir;

namespace dlc {

LayoutAttr planMatrixLayout(MatMulOp op) {
  MLIRContext *context = op.getContext();
  auto type = llvm::cast<RankedTensorType>(op.getRhs().getType());
  if (type.getRank() != 2 || !type.hasStaticShape())
    return {};
  // Blocks of 32 columns: two AVX-512 or four AVX2 vectors that one row of the block fills.
  auto array = [&](llvm::ArrayRef<int64_t> values) { return DenseI64ArrayAttr::get(context, values); };
  int64_t columns = op.getTransposeRhs() ? 0 : 1;
  return LayoutAttr::get(context, array({columns, 1 - columns}), {}, {}, array({columns}), array({32}), 0);
}

LayoutAttr planMatMulWeight(MatMulOp op, const LoadTimeValues &known) {
  return known.isLoadTimeConstant(op.getRhs()) ? planMatrixLayout(op) : LayoutAttr();
}

} // namespace dlc
