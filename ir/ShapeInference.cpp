// SPDX-License-Identifier: Apache-2.0
#include "ir/ShapeInference.h"
#include "ir/ExtentSign.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace dlc {

std::optional<int64_t> constantDim(AffineExpr dim) {
  if (auto constant = llvm::dyn_cast_or_null<AffineConstantExpr>(dim))
    return constant.getValue();
  return std::nullopt;
}

bool mayBeEqual(AffineExpr lhs, AffineExpr rhs) {
  std::optional<int64_t> a = constantDim(lhs), b = constantDim(rhs);
  return !a || !b || *a == *b;
}

AffineExpr elementCount(llvm::ArrayRef<AffineExpr> dims, MLIRContext *context) {
  AffineExpr product = getAffineConstantExpr(1, context);
  for (AffineExpr dim : dims)
    product = product * dim;
  return product;
}

/// Splits a product into its factors that are not constants and the product of those that are.
static int64_t splitFactors(AffineExpr expr, llvm::SmallVectorImpl<AffineExpr> &factors) {
  if (auto constant = llvm::dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto binary = llvm::dyn_cast<AffineBinaryOpExpr>(expr); binary && binary.getKind() == AffineExprKind::Mul)
    return splitFactors(binary.getLHS(), factors) * splitFactors(binary.getRHS(), factors);
  factors.push_back(expr);
  return 1;
}

AffineExpr divideExactly(AffineExpr numerator, AffineExpr denominator) {
  llvm::SmallVector<AffineExpr> above, below;
  int64_t aboveConstant = splitFactors(numerator, above), belowConstant = splitFactors(denominator, below);
  for (auto *factor = below.begin(); factor != below.end();) {
    auto *same = llvm::find(above, *factor);
    if (same == above.end()) {
      ++factor;
      continue;
    }
    above.erase(same);
    factor = below.erase(factor);
  }
  MLIRContext *context = numerator.getContext();
  if (belowConstant != 0 && aboveConstant % belowConstant == 0) {
    aboveConstant /= belowConstant;
    belowConstant = 1;
  }
  AffineExpr result = getAffineConstantExpr(aboveConstant, context);
  for (AffineExpr factor : above)
    result = result * factor;
  AffineExpr rest = getAffineConstantExpr(belowConstant, context);
  for (AffineExpr factor : below)
    rest = rest * factor;
  if (constantDim(rest) == 1)
    return result;
  // Nothing is divided by an extent that is 0: what is left of no elements is 0.
  return result.floorDiv(constantDim(rest) ? rest : writeAtLeastZero(rest - 1) + 1);
}

LogicalResult copyDims(llvm::ArrayRef<AffineExpr> operand, Dims &result) {
  result.assign(operand.begin(), operand.end());
  return success();
}

/// Whether the value of `expr` depends on a symbol.
static bool mentionsSymbol(AffineExpr expr) {
  bool found = false;
  expr.walk([&](AffineExpr part) { found |= llvm::isa<AffineSymbolExpr>(part); });
  return found;
}

LogicalResult inferReturnType(MLIRContext *context, std::optional<Location> location, TypeRange operandTypes,
                              llvm::function_ref<LogicalResult(llvm::ArrayRef<Dims>, Dims &)> shape,
                              llvm::function_ref<Type()> elementType, llvm::SmallVectorImpl<Type> &types) {
  llvm::SmallVector<Dims> operandDims;
  unsigned symbols = 0;
  for (Type type : operandTypes) {
    Dims dims;
    auto tensor = llvm::dyn_cast<RankedTensorType>(type);
    if (!tensor)
      return emitOptionalError(location, "expects ranked tensors, got ", type);
    for (int64_t extent : tensor.getShape())
      dims.push_back(ShapedType::isDynamic(extent) ? getAffineSymbolExpr(symbols++, context)
                                                   : getAffineConstantExpr(extent, context));
    operandDims.push_back(std::move(dims));
  }
  Dims result;
  if (failed(shape(operandDims, result)))
    return failure();
  constexpr int64_t maxElements = int64_t(1) << 40;
  int64_t elements = 1;
  llvm::SmallVector<int64_t> extents;
  for (AffineExpr dim : result) {
    std::optional<int64_t> constant = constantDim(dim);
    extents.push_back(constant ? *constant : ShapedType::kDynamic);
    // Affine expressions leave a sum or product of constants as it is where it overflows.
    if (!constant && dim.isSymbolicOrConstant() && !mentionsSymbol(dim))
      return emitOptionalError(location, "the result would have an extent of 2^63 or more");
    if (!constant)
      continue;
    if (*constant < 0)
      return emitOptionalError(location, "the result would have the extent ", *constant);
    int64_t factor = std::max<int64_t>(*constant, 1);
    if (factor > (maxElements - 1) / elements)
      return emitOptionalError(location, "the result would have 2^40 elements or more");
    elements *= factor;
  }
  types.push_back(RankedTensorType::get(extents, elementType()));
  return success();
}

Type getProductType(ValueRange operands) {
  Type type = getElementTypeOrSelf(operands.front());
  auto isNarrow = [](Value operand) {
    auto integer = llvm::dyn_cast<IntegerType>(getElementTypeOrSelf(operand));
    return integer && integer.getWidth() > 1 && integer.getWidth() < 32;
  };
  return llvm::all_of(operands.take_front(2), isNarrow) ? IntegerType::get(type.getContext(), 32) : type;
}

bool areCompatibleIgnoringLayout(TypeRange inferred, TypeRange actual) {
  if (inferred.size() != actual.size())
    return false;
  for (auto [expected, given] : llvm::zip(inferred, actual))
    if (getElementTypeOrSelf(expected) != getElementTypeOrSelf(given) || failed(verifyCompatibleShape(expected, given)))
      return false;
  return true;
}

Dims staticDims(RankedTensorType type) {
  Dims dims;
  for (int64_t extent : type.getShape()) {
    assert(!ShapedType::isDynamic(extent) && "the caller knows that the shape is static");
    dims.push_back(getAffineConstantExpr(extent, type.getContext()));
  }
  return dims;
}

} // namespace dlc
