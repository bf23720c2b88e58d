// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/ConvolutionAttributes.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/SumsOfProducts.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsActivation.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsMovement.h"

using namespace mlir;

namespace dlc::onnx_import {
std::optional<ConvolutionAttributes> getConvolutionAttributes(NodeImporter &node, int64_t xIndex, int64_t wIndex) {
  ArrayRef<AffineExpr> x = node.getDims(xIndex), w = node.getDims(wIndex);
  if (x.size() < 3 || x.size() > 5 || w.size() != x.size()) {
    node.error() << "expects an operand of rank 3 to 5 and a weight of that rank, got ranks " << x.size() << " and "
                 << w.size();
    return std::nullopt;
  }
  ConvolutionAttributes result;
  for (AffineExpr extent : w) {
    if (constantDim(extent).value_or(0) < 1) {
      node.error() << "expects a weight of static extents of at least 1";
      return std::nullopt;
    }
    result.kernel.push_back(*constantDim(extent));
  }
  result.kernel.erase(result.kernel.begin(), result.kernel.begin() + 2);
  int64_t spatial = result.kernel.size();
  if (node.hasAttribute("kernel_shape") && node.getSizes("kernel_shape", spatial, 1, 1) != result.kernel &&
      !node.hasFailed())
    node.error() << "attribute 'kernel_shape' is not the weight's shape";
  result.strides = node.getSizes("strides", spatial, 1, 1);
  result.dilations = node.getSizes("dilations", spatial, 1, 1);
  result.groups = node.getInteger("group", 1);
  if ((result.groups < 1 || result.groups > INT32_MAX) && !node.hasFailed())
    node.error() << "attribute 'group' is " << result.groups;
  return node.hasFailed() ? std::nullopt : std::optional(result);
}

/// Those of Conv and ConvTranspose, whose operands are of one type; nothing after an error.
static std::optional<ConvolutionAttributes> getConvolution(NodeImporter &node, int64_t mostOperands = 3) {
  if (!node.expectOperands(2, mostOperands) || !expectElements(node, 0, ElementClass::Real))
    return std::nullopt;
  for (int64_t i = 1; i < node.getNumOperands(); ++i)
    if (node.hasOperand(i) && node.getElementType(i) != node.getElementType(0)) {
      node.error() << "operands have different element types";
      return std::nullopt;
    }
  return getConvolutionAttributes(node, 0, 1);
}

/// Adds the bias, one number per channel.
static Value addBias(NodeImporter &node, Value result) {
  if (node.hasOperand(2) && !node.hasFailed()) {
    ArrayRef<AffineExpr> bias = node.getDims(2);
    if (bias.size() != 1 || (constantDim(bias[0]) != 1 && bias[0] != node.getDims(result)[1]))
      node.error() << "expects one bias per channel of its result";
    result = node.add(result, unsqueezeAround(node, node.getOperand(2), 0, node.getRank(0) - 2));
  }
  return result;
}

Value createConv(NodeImporter &node, int64_t mostOperands) {
  std::optional<ConvolutionAttributes> conv = getConvolution(node, mostOperands);
  if (!conv)
    return {};
  Value x = node.getOperand(0);
  SmallVector<int64_t> pads(2 * conv->kernel.size(), 0);
  if (needsPaddedOperand(node, conv->strides))
    x = padToSame(node, x, conv->kernel, conv->strides, conv->dilations);
  else
    pads = getPads(node, conv->kernel, conv->strides, conv->dilations);
  return addBias(node, node.create<ConvOp>(x, node.getOperand(1), ArrayRef<int64_t>(conv->strides),
                                           ArrayRef<int64_t>(conv->dilations), ArrayRef<int64_t>(pads), conv->groups));
}

namespace {

void importConv(NodeImporter &node) { node.setResult(0, createConv(node, 3)); }

void importConvTranspose(NodeImporter &node) {
  std::optional<ConvolutionAttributes> conv = getConvolution(node);
  if (!conv)
    return;
  size_t spatial = conv->kernel.size();
  SmallVector<int64_t> outputPadding = node.getSizes("output_padding", spatial, 0, 0);
  std::string mode = node.getString("auto_pad", "NOTSET");
  bool isSame = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  SmallVector<int64_t> pads(2 * spatial, 0);
  if (!isSame && !node.hasAttribute("output_shape"))
    pads = getPads(node, conv->kernel, conv->strides, conv->dilations);
  if (isSame || node.hasAttribute("output_shape")) {
    // The result's extents are given; padding is computed from them.
    ArrayRef<AffineExpr> dims = node.getDims(0);
    SmallVector<int64_t> shape(spatial, 0);
    if (auto given = node.getIntegers("output_shape")) {
      // Some exporters also give the batch and the channels.
      if (given->size() == spatial + 2)
        given->erase(given->begin(), given->begin() + 2);
      if (given->size() != spatial || llvm::any_of(*given, [](int64_t d) { return d < 0 || d > INT32_MAX; }))
        node.error() << "attribute 'output_shape' must have " << spatial << " extents between 0 and 2147483647";
      else
        shape = *given;
    }
    for (size_t i = 0; i < spatial && !node.hasFailed(); ++i) {
      AffineExpr scaled = multiplyExtents(dims[i + 2], node.extent(conv->strides[i]));
      int64_t reach = (conv->kernel[i] - 1) * conv->dilations[i] + 1 - conv->strides[i] + outputPadding[i];
      // Where the result is the stride times as large, its extent does not matter.
      AffineExpr wanted = node.hasAttribute("output_shape") ? node.extent(shape[i]) : scaled;
      std::optional<int64_t> missing = constantDim(subtractExtents(scaled, wanted));
      if (!missing) {
        node.error() << "has a given output shape, which needs an operand whose extents are known";
        return;
      }
      int64_t total = *missing + reach;
      if (total < 0) { // more is wanted than the windows reach
        outputPadding[i] -= total;
        total = 0;
      }
      pads[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
      pads[i + spatial] = total - pads[i];
    }
  }
  Value result = node.create<ConvTransposeOp>(node.getOperand(0), node.getOperand(1), ArrayRef<int64_t>(conv->strides),
                                              ArrayRef<int64_t>(conv->dilations), ArrayRef<int64_t>(pads),
                                              ArrayRef<int64_t>(outputPadding), conv->groups);
  node.setResult(0, addBias(node, result));
}

/// A convolution over time, a filter a channel, that sees the present and the past: what came before the input is a
/// state, and its last positions are the next one.
void importCausalConvWithState(NodeImporter &node) {
  if (!node.expectOperands(2, 4) || !expectElements(node, 0, ElementClass::Real))
    return;
  if (node.getRank(0) != 3 || node.getRank(1) != 3 || (node.hasOperand(3) && node.getRank(3) != 3)) {
    node.error() << "expects an input, a weight and a state of rank 3";
    return;
  }
  Dims x(node.getDims(0)), weight(node.getDims(1));
  std::optional<int64_t> channels = constantDim(x[1]), length = constantDim(x[2]), taps = constantDim(weight[2]);
  if (!channels || *channels < 1 || weight[0] != x[1] || constantDim(weight[1]) != 1 || !taps || *taps < 1) {
    node.error() << "expects a weight of [channels, 1, taps] for an input of [batch, channels, length]";
    return;
  }
  int64_t past = *taps - 1;
  if (node.hasOperand(3) && (node.getDims(3)[1] != x[1] || constantDim(node.getDims(3)[2]) != past)) {
    node.error() << "expects a state of " << past << " positions per channel";
    return;
  }
  std::string activation = node.getString("activation", "none");
  if (activation != "none" && activation != "silu" && activation != "swish")
    node.error() << "does not support activation '" << activation << "'; supported are none, silu and swish";
  if (node.hasResult(1) && !length)
    node.error() << "gives a state where the length of its input is known";
  if (node.hasFailed())
    return;
  Value whole = node.getOperand(0);
  if (node.hasOperand(3))
    whole = node.create<ConcatOp>(ValueRange{node.getOperand(3), whole}, node.integer(2));
  else if (past > 0)
    whole =
        node.create<PadOp>(whole, Value(), node.integers({0, 0, past}), node.integers({0, 0, 0}), PadMode::Constant);
  Value y = node.create<ConvOp>(whole, node.getOperand(1), ArrayRef<int64_t>{1}, ArrayRef<int64_t>{1},
                                ArrayRef<int64_t>{0, 0}, *channels);
  if (node.hasOperand(2))
    y = node.add(y, unsqueezeAround(node, node.getOperand(2), 0, 1));
  if (activation != "none")
    y = node.create<SwishOp>(y, node.real(1.0));
  node.setResult(0, y);
  if (node.hasResult(1))
    node.setResult(1, node.create<PadOp>(whole, Value(), node.integers({0, 0, -*length}), node.integers({0, 0, 0}),
                                         PadMode::Constant));
}

} // namespace

void registerConvolution(OpRegistry &registry) {
  registry.add("Conv", 1, importConv);
  registry.add("ConvTranspose", 1, importConvTranspose);
  registry.add("CausalConvWithState", 27, importCausalConvWithState);
}

} // namespace dlc::onnx_import
