// SPDX-License-Identifier: Apache-2.0
// Ops of com.microsoft that ONNX Runtime's optimizer makes of several nodes: an activation or a bias drawn into what is
// before it, and normalizations of sums.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/SumsOfProducts.h"
#include "ir/OpsActivation.h"
#include "ir/OpsComparison.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLinear.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsReduction.h"
#include "ir/OpsTransposition.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

//===-- Activations --------------------------------------------------------===//

/// `x`, and operand `i` added to it if there is one.
Value addOperand(NodeImporter &node, Value x, int64_t i) {
  return node.hasOperand(i) && !node.hasFailed() ? node.add(x, node.getOperand(i)) : x;
}

void importGelu(NodeImporter &node, bool isApproximate) {
  if (node.expectOperands(1, 2) && expectElements(node, 0, ElementClass::Real))
    node.setResult(0, node.create<GeluOp>(addOperand(node, node.getOperand(0), 1), node.flag(isApproximate)));
}
void importExactGelu(NodeImporter &node) { importGelu(node, false); }
void importFastGelu(NodeImporter &node) { importGelu(node, true); }

void importQuickGelu(NodeImporter &node) {
  if (node.expectOperands(1, 1) && expectElements(node, 0, ElementClass::Real))
    node.setResult(0, node.create<SwishOp>(node.getOperand(0), node.real(node.getReal("alpha", 1.702))));
}

/// The left half of the biased channels, times the activation of the right half.
void importBiasSplitGelu(NodeImporter &node) {
  if (!node.expectOperands(2, 2) || !expectElements(node, 0, ElementClass::Real))
    return;
  std::optional<int64_t> channels = node.getRank(0) >= 1 ? constantDim(node.getDims(0).back()) : std::nullopt;
  if (!channels || *channels % 2 != 0) {
    node.error() << "expects an even number of channels that is known";
    return;
  }
  Value x = addOperand(node, node.getOperand(0), 1);
  int64_t half = *channels / 2, last = node.getRank(0) - 1;
  node.setResult(0, node.multiply(node.sliceAlong(x, last, 0, half),
                                  node.create<GeluOp>(node.sliceAlong(x, last, half, half), node.flag(false))));
}

/// The activation called `name` with up to three parameters, of `x`. The parameters' names in messages are ONNX's.
Value activate(NodeImporter &node, StringRef name, ArrayRef<std::optional<double>> parameters, Value x) {
  auto parameter = [&](size_t i, double otherwise) {
    return node.real(i < parameters.size() ? parameters[i].value_or(otherwise) : otherwise);
  };
  if (name.empty())
    return x;
  if (name == "Relu")
    return node.create<ReluOp>(x);
  if (name == "Sigmoid")
    return node.create<SigmoidOp>(x);
  if (name == "Tanh")
    return node.create<TanhOp>(x);
  if (name == "Softplus")
    return node.create<SoftplusOp>(x);
  if (name == "Softsign")
    return node.create<SoftsignOp>(x);
  if (name == "HardSwish")
    return node.create<HardSwishOp>(x);
  if (name == "Gelu")
    return node.create<GeluOp>(x, node.flag(false));
  if (name == "LeakyRelu")
    return node.create<LeakyReluOp>(x, parameter(0, 0.01));
  if (name == "ThresholdedRelu")
    return node.create<ThresholdedReluOp>(x, parameter(0, 1));
  if (name == "Elu")
    return node.create<EluOp>(x, parameter(0, 1));
  if (name == "Selu")
    return node.create<SeluOp>(x, parameter(0, 1.67326319217681884765625), parameter(1, 1.05070102214813232421875));
  if (name == "HardSigmoid")
    return node.create<HardSigmoidOp>(x, parameter(0, 0.2), parameter(1, 0.5));
  if (name == "Clip" && parameters.size() >= 2)
    return node.create<ClampOp>(x, parameter(0, 0), parameter(1, 0));
  if (!node.hasFailed())
    node.error() << "has the activation '" << name << "' with " << parameters.size()
                 << " parameters, which is not supported";
  return {};
}

void importFusedConv(NodeImporter &node) {
  Value result = addOperand(node, createConv(node, 4), 3);
  std::string name = node.getString("activation", "");
  SmallVector<std::optional<double>> parameters;
  llvm::append_range(parameters, node.getReals("activation_params").value_or(SmallVector<double>()));
  node.setResult(0, activate(node, name, parameters, result));
}

void importFusedGemm(NodeImporter &node) {
  Value result = createGemm(node);
  std::string name = node.getString("activation", "");
  SmallVector<std::optional<double>> parameters;
  for (StringRef attribute : {"activation_alpha", "activation_beta", "activation_gamma"})
    parameters.push_back(node.hasAttribute(attribute) ? std::optional(node.getReal(attribute, 0)) : std::nullopt);
  // Scale of Selu is called gamma.
  if (name == "Selu")
    parameters[1] = parameters[2];
  node.setResult(0, activate(node, name, parameters, result));
}

/// Operand `i` with the dimensions that the attributes name in the positions of a product's operand.
Value getFactor(NodeImporter &node, int64_t i, bool isBatchTransposed) {
  Value x = node.getOperand(i);
  int64_t rank = node.getRank(i);
  if (!isBatchTransposed || rank < 3 || node.hasFailed())
    return x;
  SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(1, rank - 1));
  permutation.push_back(0);
  permutation.push_back(rank - 1);
  return node.create<TransposeOp>(x, node.integers(permutation));
}

void importFusedMatMul(NodeImporter &node) {
  if (!node.expectOperands(2, 2) || !expectElements(node, 0, ElementClass::Number))
    return;
  if (node.getElementType(0) != node.getElementType(1))
    node.error() << "operands have different element types";
  // A vector is not transposed.
  bool transA = node.getFlag("transA") && node.getRank(0) > 1, transB = node.getFlag("transB") && node.getRank(1) > 1;
  Value a = getFactor(node, 0, node.getFlag("transBatchA")), b = getFactor(node, 1, node.getFlag("transBatchB"));
  Value result = node.create<MatMulOp>(a, b, transA, transB);
  double alpha = node.getReal("alpha", 1);
  if (alpha != 1)
    result = node.multiply(result, node.createScalar(node.getElementType(0), alpha));
  node.setResult(0, result);
}

//===-- Normalizations -----------------------------------------------------===//

/// Operands: x, what is added to it, scale, shift (unless `isRootMeanSquare`), bias.
void importSkipNormalization(NodeImporter &node, bool isRootMeanSquare) {
  int64_t biasOperand = isRootMeanSquare ? 3 : 4;
  if (!node.expectOperands(3, biasOperand + 1) || !expectElements(node, 0, ElementClass::Real))
    return;
  int64_t rank = node.getRank(0);
  if (rank < 2) {
    node.error() << "expects an operand of rank 2 or 3, got rank " << rank;
    return;
  }
  Value sum = addOperand(node, addOperand(node, node.getOperand(0), 1), biasOperand);
  Value shift = !isRootMeanSquare && node.hasOperand(3) && !node.hasFailed() ? node.getOperand(3) : Value();
  double epsilon = node.getReal("epsilon", 1e-12);
  node.setResult(0, node.create<LayerNormOp>(sum, node.getOperand(2), shift, node.integer(rank - 1), node.real(epsilon),
                                             node.flag(isRootMeanSquare)));
  if (node.hasResult(3))
    node.setResult(3, sum);
}
void importSkipLayerNormalization(NodeImporter &node) { importSkipNormalization(node, false); }
void importSkipSimplifiedLayerNormalization(NodeImporter &node) { importSkipNormalization(node, true); }

void importSimplifiedLayerNormalization(NodeImporter &node) {
  if (!node.expectOperands(2, 2) || !expectElements(node, 0, ElementClass::Real))
    return;
  int64_t axis = node.normalizeAxis(node.getInteger("axis", -1), node.getRank(0));
  node.setResult(0, node.create<LayerNormOp>(node.getOperand(0), node.cast(node.getOperand(1), node.getElementType(0)),
                                             Value(), node.integer(axis), node.real(node.getReal("epsilon", 1e-5)),
                                             node.flag(true)));
}

/// Rows of tables of words, positions and segments, added and normalized.
void importEmbedLayerNormalization(NodeImporter &node) {
  // Segments (operands 1 and 4) may be left out.
  if (!node.expectOperands(0, 9) || !expectElements(node, 0, ElementClass::Integer))
    return;
  if (node.getRank(0) != 2) {
    node.error() << "expects words of rank 2, got rank " << node.getRank(0);
    return;
  }
  auto getRows = [&](int64_t table, Value indices) {
    return node.create<GatherOp>(node.getOperand(table), indices, node.integer(0));
  };
  Value words = node.getOperand(0);
  Value positions = node.hasOperand(8) ? node.getOperand(8) : node.create<IndexOp>(words, node.integer(1));
  Value sum = node.add(getRows(2, words), getRows(3, positions));
  if (node.hasOperand(1) && node.hasOperand(4))
    sum = node.add(sum, getRows(4, node.getOperand(1)));
  node.setResult(0, node.create<LayerNormOp>(sum, node.getOperand(5), node.getOperand(6), node.integer(2),
                                             node.real(node.getReal("epsilon", 1e-12)), node.flag(false)));
  if (node.hasResult(1)) {
    // The number of words of each row that are not masked; 0 without a mask.
    Type type = node.getBuilder().getI32Type();
    Value count;
    if (node.hasOperand(7)) {
      Value isOne = node.create<EqualOp>(node.getOperand(7), node.createScalar(node.getElementType(7), 1));
      count = node.create<ReduceOp>(ReductionKind::Sum, node.cast(isOne, type), ArrayRef<int64_t>{1}, false);
    } else {
      count = node.fill(type, node.getDims(0).take_front(1), 0);
    }
    node.setResult(1, count);
  }
  if (node.hasResult(2))
    node.setResult(2, sum);
}

} // namespace

void registerFusedOps(OpRegistry &registry) {
  registry.add("com.microsoft.Gelu", 1, importExactGelu);
  registry.add("com.microsoft.BiasGelu", 1, importExactGelu);
  registry.add("com.microsoft.FastGelu", 1, importFastGelu);
  registry.add("com.microsoft.QuickGelu", 1, importQuickGelu);
  registry.add("com.microsoft.BiasSplitGelu", 1, importBiasSplitGelu);
  registry.add("com.microsoft.FusedConv", 1, importFusedConv);
  registry.add("com.microsoft.FusedGemm", 1, importFusedGemm);
  registry.add("com.microsoft.FusedMatMul", 1, importFusedMatMul);
  registry.add("com.microsoft.TransposeMatMul", 1, importFusedMatMul);
  registry.add("com.microsoft.SkipLayerNormalization", 1, importSkipLayerNormalization);
  registry.add("com.microsoft.SkipSimplifiedLayerNormalization", 1, importSkipSimplifiedLayerNormalization);
  registry.add("com.microsoft.EmbedLayerNormalization", 1, importEmbedLayerNormalization);
  // ONNX Runtime's optimizer writes it in ONNX's own domain.
  registry.add("SimplifiedLayerNormalization", 1, importSimplifiedLayerNormalization);
}

} // namespace dlc::onnx_import
