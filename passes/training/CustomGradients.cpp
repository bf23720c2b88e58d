// SPDX-License-Identifier: Apache-2.0
// The gradients of ops that a user's C functions compute: another such op. It takes the inputs, the results and the
// gradients of the floating-point results, and gives those of the floating-point inputs.
#include "ir/OpsCustom.h"
#include "passes/training/GradientRules.h"

using namespace mlir;

namespace dlc {

static bool isReal(Value value) { return llvm::isa<FloatType>(getElementTypeOrSelf(value.getType())); }

static LogicalResult custom(CustomOp op, GradientBuilder &gradients) {
  if (!op.getGradient())
    return gradients.reportMissingRule(": the description of '" + op.getOpName() + "' names no 'gradient'");
  OpBuilder &builder = gradients.builder;
  // The gradient function reads all results, also those that nobody else does.
  llvm::SmallVector<Value> results = getFunctionResults(op), operands(op.getInputs());
  for (auto [number, result] : llvm::enumerate(results))
    if (!result) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointAfter(op);
      result =
          CustomResultOp::create(builder, op.getLoc(), static_cast<int64_t>(number), op.getResult(), op->getOperands());
    }
  llvm::append_range(operands, results);
  for (Value result : results)
    if (isReal(result)) {
      Value gradient = gradients.getGradientOf(result);
      operands.push_back(gradient ? gradient : gradients.zeros(result));
    }

  unsigned extentCount = 0;
  for (Value operand : operands)
    extentCount += llvm::cast<RankedTensorType>(operand.getType()).getRank();
  llvm::SmallVector<Attribute> types, dims;
  llvm::SmallVector<unsigned> wanted; ///< inputs
  unsigned first = 0;
  for (auto [number, input] : llvm::enumerate(op.getInputs())) {
    auto type = llvm::cast<RankedTensorType>(input.getType());
    if (isReal(input)) {
      llvm::SmallVector<AffineExpr> extents;
      for (int64_t dim = 0; dim < type.getRank(); ++dim)
        extents.push_back(builder.getAffineSymbolExpr(first + dim));
      types.push_back(TypeAttr::get(type.getElementType()));
      dims.push_back(AffineMapAttr::get(AffineMap::get(0, extentCount, extents, builder.getContext())));
      wanted.push_back(number);
    }
    first += type.getRank();
  }
  Value made = gradients.create<CustomOp>(op.getGradientAttr(), operands, ValueRange(), builder.getArrayAttr(types),
                                          builder.getArrayAttr(dims), op.getParameters(), AffineMapAttr(), StringAttr(),
                                          UnitAttr(), StringAttr());
  for (auto [number, input] : llvm::enumerate(wanted)) {
    if (!gradients.wants(input))
      continue;
    if (number == 0)
      gradients.set(input, made);
    else
      gradients.set(input, gradients.create<CustomResultOp>(builder.getI64IntegerAttr(static_cast<int64_t>(number)),
                                                            made, made.getDefiningOp()->getOperands()));
  }
  return success();
}

/// The rule of its `dlc.custom` asks for the gradients of all results.
static LogicalResult customResult(CustomResultOp, GradientBuilder &) { return success(); }

void addCustomGradients(MLIRContext *context) {
  addGradientRule<CustomOp, &custom>(context);
  addGradientRule<CustomResultOp, &customResult>(context);
}

} // namespace dlc
