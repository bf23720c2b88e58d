// SPDX-License-Identifier: Apache-2.0
// Activation functions.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/OpsActivation.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

template <typename OpTy, ElementClass allowed = ElementClass::Real> void importActivation(NodeImporter &node) {
  if (node.expectOperands(1, 1) && expectElements(node, 0, allowed))
    node.setResult(0, node.create<OpTy>(node.getOperand(0)));
}

/// An activation with one number, called alpha.
template <typename OpTy> void importWithAlpha(NodeImporter &node, double otherwise) {
  if (node.expectOperands(1, 1) && expectElements(node, 0, ElementClass::Real))
    node.setResult(0, node.create<OpTy>(node.getOperand(0), node.real(node.getReal("alpha", otherwise))));
}
void importLeakyRelu(NodeImporter &node) { importWithAlpha<LeakyReluOp>(node, 0.01); }
void importThresholdedRelu(NodeImporter &node) { importWithAlpha<ThresholdedReluOp>(node, 1.0); }
void importElu(NodeImporter &node) { importWithAlpha<EluOp>(node, 1.0); }
void importCelu(NodeImporter &node) { importWithAlpha<CeluOp>(node, 1.0); }
void importSwish(NodeImporter &node) { importWithAlpha<SwishOp>(node, 1.0); }

void selu(NodeImporter &node, double alpha, double gamma) {
  if (node.expectOperands(1, 1) && expectElements(node, 0, ElementClass::Real))
    node.setResult(0, node.create<SeluOp>(node.getOperand(0), node.real(node.getReal("alpha", alpha)),
                                          node.real(node.getReal("gamma", gamma))));
}
void importSeluOfOpset1(NodeImporter &node) { selu(node, 1.6732, 1.0507); }
void importSelu(NodeImporter &node) { selu(node, 1.67326319217681884765625, 1.05070102214813232421875); }

void importHardSigmoid(NodeImporter &node) {
  if (node.expectOperands(1, 1) && expectElements(node, 0, ElementClass::Real))
    node.setResult(0, node.create<HardSigmoidOp>(node.getOperand(0), node.real(node.getReal("alpha", 0.2)),
                                                 node.real(node.getReal("beta", 0.5))));
}

void importGelu(NodeImporter &node) {
  std::string form = node.getString("approximate", "none");
  if (form != "none" && form != "tanh" && !node.hasFailed())
    node.error() << "approximate '" << form << "' is neither none nor tanh";
  if (node.expectOperands(1, 1) && expectElements(node, 0, ElementClass::Real))
    node.setResult(0, node.create<GeluOp>(node.getOperand(0), form == "tanh"));
}

void importShrink(NodeImporter &node) {
  if (node.expectOperands(1, 1) && expectElements(node, 0, ElementClass::Real))
    node.setResult(0, node.create<ShrinkOp>(node.getOperand(0), node.real(node.getReal("bias", 0)),
                                            node.real(node.getReal("lambd", 0.5))));
}

void importPRelu(NodeImporter &node) {
  if (!node.expectOperands(2, 2) || !expectElements(node, 0, ElementClass::Number))
    return;
  if (node.getElementType(0) != node.getElementType(1))
    node.error() << "operands have different element types";
  Value slope = node.getOperand(1);
  // Before opset 7, a slope of rank 1 is one number a channel.
  if (node.getOpset() < 7 && node.getRank(1) == 1 && node.getRank(0) > 2 && constantDim(node.getDims(1)[0]) != 1)
    slope = unsqueezeAround(node, slope, 0, node.getRank(0) - 2);
  node.setResult(0, node.create<PReluOp>(node.getOperand(0), slope));
}

} // namespace

void registerActivations(OpRegistry &registry) {
  registry.add("Relu", 1, importActivation<ReluOp, ElementClass::Number>);
  registry.add("Sigmoid", 1, importActivation<SigmoidOp>);
  registry.add("Tanh", 1, importActivation<TanhOp>);
  registry.add("Softplus", 1, importActivation<SoftplusOp>);
  registry.add("Softsign", 1, importActivation<SoftsignOp>);
  registry.add("HardSwish", 14, importActivation<HardSwishOp>);
  registry.add("Mish", 18, importActivation<MishOp>);
  registry.add("LeakyRelu", 1, importLeakyRelu);
  registry.add("ThresholdedRelu", 10, importThresholdedRelu);
  registry.add("Elu", 1, importElu);
  registry.add("Celu", 12, importCelu);
  registry.add("Swish", 24, importSwish);
  registry.add("Selu", 1, importSeluOfOpset1);
  registry.add("Selu", 6, importSelu);
  registry.add("HardSigmoid", 1, importHardSigmoid);
  registry.add("Gelu", 20, importGelu);
  registry.add("Shrink", 9, importShrink);
  registry.add("PRelu", 1, importPRelu);
}

} // namespace dlc::onnx_import
