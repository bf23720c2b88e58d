// SPDX-License-Identifier: Apache-2.0
// Ops that pass tensors on: identity, dropout.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/OpsComparison.h"
#include "ir/OpsConversion.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsLogic.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

void importIdentity(NodeImporter &node) {
  if (node.expectOperands(1, 1))
    node.setTensor(0, node.getTensor(0));
}

/// Numbers of [0, 1), one per element of `shape`, made from the seed and the element's position by a 32-bit mixing
/// function
/// ("lowbias32", https://nullprogram.com/blog/2018/07/31/). A run draws the same numbers each time.
Value createUniform(NodeImporter &node, ArrayRef<AffineExpr> shape) {
  std::optional<int64_t> count = constantDim(elementCount(shape, node.getContext()));
  if (!count || *count > INT32_MAX) {
    node.error() << "of training takes an operand of known extents; give the inputs' extents with --shape";
    return {};
  }
  Builder &builder = node.getBuilder();
  Type type = builder.getIntegerType(32, /*isSigned=*/false);
  auto number = [&](uint32_t value) { return node.createScalar(type, value); };
  auto mix = [&](Value x, uint32_t shift) {
    return node.create<BitwiseXorOp>(x, node.create<BitShiftOp>(x, number(shift), false));
  };
  auto seed = static_cast<uint32_t>(node.getInteger("seed", 0)) * 0x9e3779b9u;
  Value x = node.create<IotaOp>(node.real(0), node.real(1), node.integer(*count), TypeAttr::get(type));
  x = node.add(x, number(seed));
  x = node.multiply(mix(x, 16), number(0x7feb352du));
  x = node.multiply(mix(x, 15), number(0x846ca68bu));
  x = mix(x, 16);
  // 24 bits are what f32 holds exactly.
  Value fraction = node.cast(node.create<BitShiftOp>(x, number(8), false), builder.getF32Type());
  return node.reshape(node.multiply(fraction, node.createScalar(builder.getF32Type(), 0x1p-24)), shape);
}

/// Dropout while training, which may be decided at run time: elements survive with probability 1 - ratio, scaled by its
/// inverse.
void importTrainingDropout(NodeImporter &node) {
  Type type = node.getElementType(0), real = node.getBuilder().getF32Type();
  Value x = node.getOperand(0);
  Value ratio =
      node.hasOperand(1) ? node.reshape(node.cast(node.getOperand(1), real), {}) : node.createScalar(real, 0.5);
  Value training = node.reshape(node.getOperand(2), {});
  Value keeps = node.create<GreaterOrEqualOp>(createUniform(node, node.getDims(0)), ratio);
  Value scale = node.create<ReciprocalOp>(node.subtract(node.createScalar(real, 1), ratio));
  Value scaled = node.cast(node.multiply(node.cast(x, real), scale), type);
  Value dropped = node.create<WhereOp>(keeps, scaled, node.createScalar(type, 0));
  node.setResult(0, node.create<WhereOp>(training, dropped, x));
  if (node.hasResult(1))
    node.setResult(1, node.create<OrOp>(keeps, node.create<NotOp>(training)));
}

/// The probability of an element to be dropped, if it is known.
std::optional<double> getRatio(NodeImporter &node) {
  if (node.getOpset() < 12)
    return node.getReal("ratio", 0.5);
  if (!node.hasOperand(1))
    return 0.5;
  // The value that the file gives counts, though it may be an initializer.
  const KnownValue *known = node.getImporter().getKnown(*node.getTensor(1));
  if (!known || known->elements.size() != 1 || !known->isConstant())
    return std::nullopt;
  return known->elements.front().asReal();
}

/// That of a dropout that drops nothing. It got a type of its own in opset 10.
Value createMask(NodeImporter &node) {
  Value mask = node.fill(node.getBuilder().getI1Type(), node.getDims(0), 1);
  return node.getOpset() < 10 ? node.cast(mask, node.getElementType(0)) : mask;
}

void importDropout(NodeImporter &node) {
  if (!node.expectOperands(1, 3) || !expectElements(node, 0, ElementClass::Real))
    return;
  auto isKnownZero = [&](int64_t i) {
    const KnownValue *known = node.getKnown(i);
    return known && known->elements.size() == 1 && known->isConstant() && known->elements.front().asReal() == 0;
  };
  // The mask of a dropout that is trained is nobody's but its own.
  bool isInference = node.hasOperand(2) && isKnownZero(2);
  if (node.getImporter().isTrained() && !isInference && !(node.hasOperand(1) && isKnownZero(1)))
    if (std::optional<double> ratio = getRatio(node); ratio && *ratio > 0 && *ratio < 1) {
      Value marked = node.create<CastOp>(node.getOperand(0), node.getElementType(0));
      if (!marked)
        return;
      annotation::dropout.set(marked.getDefiningOp(), node.getBuilder().getF64FloatAttr(*ratio));
      node.setResult(0, marked);
      if (node.hasResult(1))
        node.setResult(1, createMask(node));
      return;
    }
  if (node.hasOperand(2) && !isKnownZero(2) && !(node.hasOperand(1) && isKnownZero(1))) {
    if (expectElements(node, 2, ElementClass::Bool))
      importTrainingDropout(node);
    return;
  }
  node.setTensor(0, node.getTensor(0));
  if (node.hasResult(1))
    node.setResult(1, createMask(node));
}

} // namespace

void registerControl(OpRegistry &registry) {
  registry.addForSequences("Identity", 1, importIdentity);
  registry.add("Dropout", 1, importDropout);
}

} // namespace dlc::onnx_import
