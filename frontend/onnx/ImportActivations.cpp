// SPDX-License-Identifier: Apache-2.0
// Activation functions as early opsets define them. The rest is in the table of ops (formats/onnx).
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/OpsActivation.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

void importSeluOfOpset1(NodeImporter &node) {
  if (node.expectOperands(1, 1) && expectElements(node, 0, ElementClass::Real))
    node.setResult(0, node.create<SeluOp>(node.getOperand(0), node.real(node.getReal("alpha", 1.6732)),
                                          node.real(node.getReal("gamma", 1.0507))));
}

/// A slope of rank 1 is one number per channel.
void importPReluOfOpset1(NodeImporter &node) {
  if (!node.expectOperands(2, 2) || !expectElements(node, 0, ElementClass::Number))
    return;
  if (node.getElementType(0) != node.getElementType(1))
    node.error() << "operands have different element types";
  Value slope = node.getOperand(1);
  if (node.getRank(1) == 1 && node.getRank(0) > 2 && constantDim(node.getDims(1)[0]) != 1)
    slope = unsqueezeAround(node, slope, 0, node.getRank(0) - 2);
  node.setResult(0, node.create<PReluOp>(node.getOperand(0), slope));
}

void importSwiGlu(NodeImporter &node) {
  if (!node.expectOperands(2, 2) || !expectElements(node, 0, ElementClass::Real))
    return;
  if (node.getElementType(0) != node.getElementType(1) || node.getDims(0) != node.getDims(1)) {
    node.error() << "expects operands of one shape and element type";
    return;
  }
  Value gate = node.create<SwishOp>(node.getOperand(0), node.real(node.getReal("alpha", 1)));
  node.setResult(0, node.multiply(gate, node.getOperand(1)));
}

} // namespace

void registerActivations(OpRegistry &registry) {
  registry.add("Selu", 1, importSeluOfOpset1);
  registry.add("PRelu", 1, importPReluOfOpset1);
  registry.add("SwiGLU", 28, importSwiGlu);
}

} // namespace dlc::onnx_import
