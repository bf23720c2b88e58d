// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsPooling.h"
#include "ir/OpsReduction.h"
#include <limits>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

struct Window {
  SmallVector<int64_t> kernel, strides, dilations, pads;
  bool ceilMode = false;
  bool padsOperand = false; ///< `pads` are 0: how much padding there is follows from extents that only a run knows
};

/// Nothing after an error.
std::optional<Window> getWindow(NodeImporter &node, ElementClass allowed) {
  if (!node.expectOperands(1, 1) || !expectElements(node, 0, allowed))
    return std::nullopt;
  int64_t rank = node.getRank(0);
  if (rank < 3 || rank > 5)
    node.error() << "expects an operand of rank 3 to 5, [N, C, spatial...], got rank " << rank;
  else if (!node.hasAttribute("kernel_shape"))
    node.error() << "has no attribute 'kernel_shape'";
  if (node.hasFailed())
    return std::nullopt;
  Window window;
  window.kernel = node.getSizes("kernel_shape", rank - 2, 1, 1);
  window.strides = node.getSizes("strides", rank - 2, 1, 1);
  window.dilations = node.getSizes("dilations", rank - 2, 1, 1);
  window.padsOperand = needsPaddedOperand(node, window.strides);
  window.ceilMode = node.getFlag("ceil_mode") && !window.padsOperand;
  window.pads.assign(2 * window.kernel.size(), 0);
  if (!window.padsOperand)
    window.pads = getPads(node, window.kernel, window.strides, window.dilations);
  return node.hasFailed() ? std::nullopt : std::optional(window);
}

/// Operand 0, around which elements with the value `padding` (zeros, if it is null) are added where the window needs
/// it.
Value getPaddedOperand(NodeImporter &node, const Window &window, Value padding = {}) {
  Value x = node.getOperand(0);
  return window.padsOperand ? padToSame(node, x, window.kernel, window.strides, window.dilations, padding) : x;
}

/// What no element of `type` is less than, as a scalar.
Value createLowest(NodeImporter &node, Type type) {
  if (isa<FloatType>(type))
    return node.createScalar(type, -std::numeric_limits<double>::infinity());
  unsigned width = type.getIntOrFloatBitWidth();
  APInt lowest = type.isUnsignedInteger() ? APInt::getZero(width) : APInt::getSignedMinValue(width);
  return node.createFilled(type, {}, IntegerAttr::get(type, lowest));
}

void importMaxPool(NodeImporter &node) {
  std::optional<Window> window = getWindow(node, ElementClass::Number);
  if (!window)
    return;
  bool isColumnMajor = node.getFlag("storage_order");
  if (window->padsOperand && node.hasResult(1)) {
    node.error() << "gives indices with an auto_pad that follows from an extent that only a run knows, which is not "
                    "supported";
    return;
  }
  Value padding = window->padsOperand ? createLowest(node, node.getElementType(0)) : Value();
  Value x = getPaddedOperand(node, *window, padding);
  auto create = [&](auto op, auto... more) {
    return node.create<decltype(op)>(x, ArrayRef<int64_t>(window->kernel), ArrayRef<int64_t>(window->strides),
                                     ArrayRef<int64_t>(window->dilations), ArrayRef<int64_t>(window->pads),
                                     window->ceilMode, more...);
  };
  node.setResult(0, create(MaxPoolOp()));
  if (node.hasResult(1))
    node.setResult(1, create(MaxPoolIndicesOp(), isColumnMajor));
}

void importAveragePool(NodeImporter &node) {
  std::optional<Window> window = getWindow(node, ElementClass::Real);
  if (!window)
    return;
  bool countsPadding = node.getFlag("count_include_pad");
  auto average = [&](Value x) {
    return node.create<AveragePoolOp>(x, ArrayRef<int64_t>(window->kernel), ArrayRef<int64_t>(window->strides),
                                      ArrayRef<int64_t>(window->dilations), ArrayRef<int64_t>(window->pads),
                                      window->ceilMode, countsPadding);
  };
  Value result = average(getPaddedOperand(node, *window));
  if (window->padsOperand && !countsPadding) {
    // The part of each window that is not padding.
    Dims dims(node.getDims(0));
    dims[0] = dims[1] = node.extent(1);
    Value ones = node.fill(node.getElementType(0), dims, 1.0);
    result = node.divide(result, average(padToSame(node, ones, window->kernel, window->strides, window->dilations)));
  }
  node.setResult(0, result);
}

/// The norm's exponent; a floating-point attribute in opset 1.
int64_t getExponent(NodeImporter &node) {
  double p = node.getOpset() < 2 ? node.getReal("p", 2) : static_cast<double>(node.getInteger("p", 2));
  if ((p < 1 || p != static_cast<int32_t>(p)) && !node.hasFailed())
    node.error() << "p = " << p << " is not a positive integer";
  return node.hasFailed() ? 1 : static_cast<int64_t>(p);
}

void importLpPool(NodeImporter &node) {
  int64_t p = getExponent(node);
  if (std::optional<Window> window = getWindow(node, ElementClass::Real))
    node.setResult(0, node.create<LpPoolOp>(getPaddedOperand(node, *window), ArrayRef<int64_t>(window->kernel),
                                            ArrayRef<int64_t>(window->strides), ArrayRef<int64_t>(window->dilations),
                                            ArrayRef<int64_t>(window->pads), window->ceilMode, p));
}

/// The spatial dimensions, over which global pooling reduces. Nothing after an error.
std::optional<SmallVector<int64_t>> getSpatialAxes(NodeImporter &node) {
  if (!node.expectOperands(1, 1) || !expectElements(node, 0, ElementClass::Real))
    return std::nullopt;
  if (node.getRank(0) < 2) {
    node.error() << "expects an operand of rank 2 or more";
    return std::nullopt;
  }
  return llvm::to_vector(llvm::seq<int64_t>(2, node.getRank(0)));
}

template <ReductionKind kind> void importGlobalPool(NodeImporter &node) {
  if (auto axes = getSpatialAxes(node))
    node.setResult(0, node.create<ReduceOp>(kind, node.getOperand(0), ArrayRef<int64_t>(*axes), true));
}

void importGlobalLpPool(NodeImporter &node) {
  auto axes = getSpatialAxes(node);
  int64_t p = getExponent(node);
  if (!axes || node.hasFailed())
    return;
  if (p <= 2) {
    node.setResult(0, node.create<ReduceOp>(p == 1 ? ReductionKind::L1 : ReductionKind::L2, node.getOperand(0),
                                            ArrayRef<int64_t>(*axes), true));
    return;
  }
  Type type = node.getElementType(0);
  Value powers = node.create<PowOp>(node.create<AbsOp>(node.getOperand(0)), node.createScalar(type, p));
  Value sum = node.create<ReduceOp>(ReductionKind::Sum, powers, ArrayRef<int64_t>(*axes), true);
  node.setResult(0, node.create<PowOp>(sum, node.createScalar(type, 1.0 / p)));
}

} // namespace

void registerPooling(OpRegistry &registry) {
  registry.add("MaxPool", 1, importMaxPool);
  registry.add("AveragePool", 1, importAveragePool);
  registry.add("LpPool", 1, importLpPool);
  registry.add("GlobalAveragePool", 1, importGlobalPool<ReductionKind::Mean>);
  registry.add("GlobalMaxPool", 1, importGlobalPool<ReductionKind::Max>);
  registry.add("GlobalLpPool", 1, importGlobalLpPool);
}

} // namespace dlc::onnx_import
