// SPDX-License-Identifier: Apache-2.0
// Products and sums that an element of a sum of products takes: ContractionOpInterface.
#include "ir/OpsAttention.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsLinear.h"

using namespace mlir;

namespace dlc {

/// One product and one sum for each of `terms`.
static AffineExpr countSums(llvm::ArrayRef<AffineExpr> terms, MLIRContext *context) {
  return elementCount(terms, context) * 2;
}

/// Of one element of `operand`, without dimension 1: images, then spatial positions or taps.
static AffineExpr countWithoutChannels(llvm::ArrayRef<AffineExpr> operand, MLIRContext *context) {
  return operand[0] * elementCount(operand.drop_front(2), context) * 2;
}

OperationCount ConvOp::countOperationsPerElement(llvm::ArrayRef<Dims> operandDims) {
  // Each element of its filter.
  return {countSums(llvm::ArrayRef(operandDims[1]).drop_front(), getContext())};
}

OperationCount ConvTransposeOp::countOperationsPerElement(llvm::ArrayRef<Dims> operandDims) {
  int64_t phases = 1;
  for (int64_t stride : getStrides())
    phases *= stride;
  return {countWithoutChannels(operandDims[1], getContext()), phases};
}

OperationCount ConvWeightGradientOp::countOperationsPerElement(llvm::ArrayRef<Dims> operandDims) {
  return {countWithoutChannels(operandDims[1], getContext())};
}

OperationCount MatMulOp::countOperationsPerElement(llvm::ArrayRef<Dims> operandDims) {
  const Dims &lhs = operandDims[0];
  bool takesFirst = getTransposeLhs() && lhs.size() > 1;
  return {(takesFirst ? lhs[lhs.size() - 2] : lhs.back()) * 2};
}

OperationCount AttentionOp::countOperationsPerElement(llvm::ArrayRef<Dims> operandDims) {
  // Two products per key, of about the same depth, and an exponential function that the head shares.
  return {operandDims[1][2] * 5};
}

OperationCount EinsumOp::countOperationsPerElement(llvm::ArrayRef<Dims> operandDims) {
  // The labels of operands are not distinguished here: an overestimate, which only decides about threads.
  AffineExpr largest = getAffineConstantExpr(2, getContext());
  for (const Dims &dims : operandDims)
    largest = largest * elementCount(dims, getContext());
  return {largest};
}

} // namespace dlc
