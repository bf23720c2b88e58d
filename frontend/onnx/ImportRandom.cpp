// SPDX-License-Identifier: Apache-2.0
// Random numbers. They are a function of the attribute `seed`, or of the name of the node, and of the position of the
// element: every run draws the same.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/OpsComparison.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// Numbers between 0 and 1, neither of them, in the shape of `like`: f32. Two streams of a node are independent.
Value createUniform(NodeImporter &node, Value like, int64_t stream) {
  uint64_t seed = 0;
  if (node.hasAttribute("seed")) {
    seed = llvm::bit_cast<uint64_t>(node.getReal("seed", 0));
  } else {
    auto name = llvm::dyn_cast<NameLoc>(node.getLocation());
    seed = llvm::xxh3_64bits(name ? name.getName().getValue() : StringRef());
  }
  Type i64 = node.getBuilder().getI64Type();
  auto number = [&](uint64_t value) {
    return node.createFilled(i64, {}, node.getBuilder().getIntegerAttr(i64, static_cast<int64_t>(value)));
  };
  return node.create<RandomUniformOp>(number(seed), number(static_cast<uint64_t>(stream)), like);
}

/// The tensor whose shape the numbers have: operand 0, or one in the shape of the attribute.
Value getLike(NodeImporter &node, bool hasOperand) {
  if (hasOperand)
    return node.expectOperands(1, 1) ? node.getOperand(0) : Value();
  std::optional<SmallVector<int64_t>> shape = node.getIntegers("shape");
  if (!shape && !node.hasFailed())
    node.error() << "lacks the attribute 'shape'";
  return shape ? node.createFilled(node.getBuilder().getF32Type(), *shape, 0.0) : Value();
}

/// The element type of the result: an attribute says it, or `otherwise`.
Type getRealType(NodeImporter &node, Type otherwise) {
  Type type = node.getTypeAttribute("dtype", otherwise);
  if (type && !llvm::isa<FloatType>(type) && !node.hasFailed())
    node.error() << "gives floating-point numbers only";
  return type;
}

void importUniform(NodeImporter &node, bool hasOperand) {
  Value like = getLike(node, hasOperand);
  Type f32 = node.getBuilder().getF32Type();
  Type type = getRealType(node, hasOperand && !node.hasFailed() ? node.getElementType(0) : f32);
  double low = node.getReal("low", 0), high = node.getReal("high", 1);
  Value x = node.multiply(createUniform(node, like, 0), node.createScalar(f32, high - low));
  node.setResult(0, node.cast(node.add(x, node.createScalar(f32, low)), type));
}

/// Box and Muller, 1958.
void importNormal(NodeImporter &node, bool hasOperand) {
  Value like = getLike(node, hasOperand);
  Type f32 = node.getBuilder().getF32Type();
  Type type = getRealType(node, hasOperand && !node.hasFailed() ? node.getElementType(0) : f32);
  auto number = [&](double value) { return node.createScalar(f32, value); };
  Value log = node.create<LogOp>(createUniform(node, like, 0));
  Value radius = node.create<SqrtOp>(node.multiply(log, number(-2)));
  Value angle = node.multiply(createUniform(node, like, 1), number(2 * llvm::numbers::pi));
  Value x = node.multiply(radius, node.create<CosOp>(angle));
  x = node.multiply(x, number(node.getReal("scale", 1)));
  node.setResult(0, node.cast(node.add(x, number(node.getReal("mean", 0))), type));
}

void importBernoulli(NodeImporter &node) {
  if (!node.expectOperands(1, 1) || !expectElements(node, 0, ElementClass::Real))
    return;
  Type type = node.getTypeAttribute("dtype", node.getElementType(0));
  Value x = node.getOperand(0);
  Value isOne = node.create<LessOp>(node.cast(createUniform(node, x, 0), node.getElementType(0)), x);
  if (!node.hasFailed())
    node.setResult(0, node.cast(isOne, type));
}

/// Of logarithms of probabilities that Gumbel-distributed numbers are added to, the largest is one of the classes with
/// these probabilities.
void importMultinomial(NodeImporter &node) {
  if (!node.expectOperands(1, 1) || !expectElements(node, 0, ElementClass::Real))
    return;
  Type type = node.getTypeAttribute("dtype", node.getBuilder().getI32Type()), f32 = node.getBuilder().getF32Type();
  int64_t samples = node.getInteger("sample_size", 1);
  Dims dims(node.getDims(0));
  if (dims.size() != 2 || samples < 0 || samples > INT32_MAX || (constantDim(dims[1]) == 0)) {
    node.error() << "expects rows of at least one class, and a sample_size that is not negative";
    return;
  }
  Value logits = node.reshape(node.cast(node.getOperand(0), f32), {dims[0], node.extent(1), dims[1]});
  Value each = node.create<ExpandOp>(logits, node.integers({1, samples, 1}));
  Value noise =
      node.create<NegOp>(node.create<LogOp>(node.create<NegOp>(node.create<LogOp>(createUniform(node, each, 0)))));
  Value chosen = node.create<ArgExtremeOp>(node.add(each, noise), node.integer(2), node.flag(false), node.flag(false),
                                           node.flag(false));
  if (!node.hasFailed())
    node.setResult(0, node.cast(chosen, type));
}

} // namespace

void registerRandom(OpRegistry &registry) {
  registry.add("RandomUniform", 1, [](NodeImporter &node) { importUniform(node, false); });
  registry.add("RandomUniformLike", 1, [](NodeImporter &node) { importUniform(node, true); });
  registry.add("RandomNormal", 1, [](NodeImporter &node) { importNormal(node, false); });
  registry.add("RandomNormalLike", 1, [](NodeImporter &node) { importNormal(node, true); });
  registry.add("Bernoulli", 15, importBernoulli);
  registry.add("Multinomial", 7, importMultinomial);
}

} // namespace dlc::onnx_import
