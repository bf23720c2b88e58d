// SPDX-License-Identifier: Apache-2.0
/// \file
/// What ops of constants compute.
#ifndef DLC_PASSES_GRAPH_FOLDCONSTANTS_H
#define DLC_PASSES_GRAPH_FOLDCONSTANTS_H

#include "ir/OpsConstant.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/PatternMatch.h"
#include <vector>

namespace dlc {

/// The result of `op`, of any size, if its operands are constants and it is a reshape (which shares their memory),
/// arithmetic in f32 or f64, a cast from a floating-point type to another, or a dequantization of i32. Fails for all
/// else.
mlir::FailureOr<mlir::ElementsAttr> computeConstant(mlir::Operation *op);

/// The result of a new op, at once where its operands are constants: weights become constants again, whatever their
/// size, and have their layouts when the model is compiled. What depends on weights that may be replaced stays an op.
template <typename Op, typename... Arguments>
mlir::Value computeOrCreate(mlir::PatternRewriter &rewriter, mlir::Location location, Arguments &&...arguments) {
  auto op = Op::create(rewriter, location, std::forward<Arguments>(arguments)...);
  mlir::FailureOr<mlir::ElementsAttr> value = computeConstant(op);
  if (mlir::failed(value))
    return op;
  return rewriter.replaceOpWithNewOp<ConstantOp>(op, op.getType(), *value).getResult();
}

/// The elements, row-major, of an elementwise op of constants: `evaluate` of its operands' elements. Fails if an
/// operand is not a constant.
mlir::FailureOr<std::vector<double>> evaluateConstants(mlir::Operation *op,
                                                       llvm::function_ref<double(llvm::ArrayRef<double>)> evaluate);

} // namespace dlc

#endif // DLC_PASSES_GRAPH_FOLDCONSTANTS_H
