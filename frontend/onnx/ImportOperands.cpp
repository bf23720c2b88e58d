// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/ImportOperands.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsSize.h"
#include "ir/TensorDescription.h"

using namespace mlir;

namespace dlc::onnx_import {

bool expectElements(NodeImporter &node, int64_t i, ElementClass allowed) {
  Type type = node.getElementType(i);
  if (!type || node.hasFailed())
    return false;
  // What is narrower than a byte, and floating point of a byte, is moved, compared and converted, but not computed
  // with.
  bool isQuantized = type.getIntOrFloatBitWidth() < (llvm::isa<FloatType>(type) ? 16 : 8) && !isBool(type);
  bool isAllowed = !isQuantized || allowed == ElementClass::Any;
  switch (allowed) {
  case ElementClass::Any:
    break;
  case ElementClass::Number:
    isAllowed &= !isBool(type);
    break;
  case ElementClass::Real:
    isAllowed &= llvm::isa<FloatType>(type);
    break;
  case ElementClass::Integer:
    isAllowed &= isInteger(type) && !isBool(type);
    break;
  case ElementClass::Bool:
    isAllowed = isBool(type);
    break;
  }
  if (!isAllowed)
    node.error() << "does not take the element type " << describeType(type) << " of operand " << i;
  return isAllowed;
}

std::pair<Value, Value> getBroadcastOperands(NodeImporter &node, ElementClass allowed) {
  if (!node.expectOperands(2, 2) || !expectElements(node, 0, allowed))
    return {};
  if (node.getElementType(0) != node.getElementType(1)) {
    node.error() << "operands have the element types " << describeType(node.getElementType(0)) << " and "
                 << describeType(node.getElementType(1));
    return {};
  }
  Value lhs = node.getOperand(0), rhs = node.getOperand(1);
  if (node.getOpset() >= 7 || !node.hasAttribute("axis"))
    return {lhs, rhs};
  int64_t rank = node.getRank(0), rhsRank = node.getRank(1);
  int64_t axis = node.normalizeAxis(node.getInteger("axis", 0), std::max<int64_t>(rank, 1));
  if (axis + rhsRank > rank && !node.hasFailed())
    node.error() << "aligns an operand of rank " << rhsRank << " at dimension " << axis << " of one of rank " << rank;
  if (node.hasFailed())
    return {};
  return {lhs, unsqueezeAround(node, rhs, 0, rank - axis - rhsRank)};
}

SmallVector<int64_t> getPads(NodeImporter &node, ArrayRef<int64_t> kernel, ArrayRef<int64_t> strides,
                             ArrayRef<int64_t> dilations) {
  size_t spatial = kernel.size();
  std::string mode = node.getString("auto_pad", "NOTSET");
  if (mode == "NOTSET" || mode.empty())
    return node.getSizes("pads", 2 * spatial, 0, 0);
  SmallVector<int64_t> pads(2 * spatial, 0);
  if (mode == "VALID")
    return pads;
  if (mode != "SAME_UPPER" && mode != "SAME_LOWER") {
    if (!node.hasFailed())
      node.error() << "auto_pad '" << mode << "' is not one of NOTSET, VALID, SAME_UPPER and SAME_LOWER";
    return pads;
  }
  ArrayRef<AffineExpr> dims = node.getDims(0);
  for (size_t i = 0; i < spatial && !node.hasFailed(); ++i) {
    std::optional<int64_t> extent = constantDim(dims[i + 2]);
    int64_t reach = dilations[i] * (kernel[i] - 1) + 1, total = reach - 1;
    if (!extent && strides[i] != 1)
      node.error() << "auto_pad of an extent that only a run knows with stride " << strides[i]
                   << " is not supported here, because its padding follows from that extent";
    else if (extent)
      total = std::max<int64_t>(((*extent + strides[i] - 1) / strides[i] - 1) * strides[i] + reach - *extent, 0);
    int64_t smaller = total / 2, larger = total - smaller;
    pads[i] = mode == "SAME_UPPER" ? smaller : larger;
    pads[i + spatial] = mode == "SAME_UPPER" ? larger : smaller;
  }
  return pads;
}

bool needsPaddedOperand(NodeImporter &node, ArrayRef<int64_t> strides) {
  std::string mode = node.getString("auto_pad", "NOTSET");
  ArrayRef<AffineExpr> dims = node.getDims(0);
  bool isSame = StringRef(mode).starts_with("SAME_");
  for (size_t i = 0; i < strides.size() && isSame; ++i)
    if (!constantDim(dims[i + 2]) && strides[i] != 1)
      return true;
  return false;
}

Value padToSame(NodeImporter &node, Value x, ArrayRef<int64_t> kernel, ArrayRef<int64_t> strides,
                ArrayRef<int64_t> dilations, Value padding) {
  if (node.hasFailed())
    return {};
  bool isUpper = node.getString("auto_pad", "") == "SAME_UPPER";
  Dims low(2, node.extent(0)), sizes(node.getDims(x));
  for (size_t i = 0; i < kernel.size(); ++i) {
    AffineExpr &extent = sizes[i + 2];
    AffineExpr steps = subtractExtents(divideExtentsUp(extent, node.extent(strides[i])), node.extent(1));
    AffineExpr reached =
        addExtents(multiplyExtents(steps, node.extent(strides[i])), node.extent(dilations[i] * (kernel[i] - 1) + 1));
    AffineExpr total = atLeastZero(subtractExtents(reached, extent)), smaller = divideExtents(total, node.extent(2));
    low.push_back(isUpper ? smaller : subtractExtents(total, smaller));
    extent = addExtents(extent, total);
  }
  return node.create<PadLikeOp>(x, padding, node.createShape(low), node.createShape(sizes), PadMode::Constant);
}

Value fixExtent(NodeImporter &node, Value value, size_t dim, AffineExpr extent) {
  Dims dims(node.getDims(value));
  node.expectInRun(ExtentRelation::Equal, dims[dim], extent);
  dims[dim] = extent;
  return node.reshape(value, dims);
}

Value unsqueezeAround(NodeImporter &node, Value x, int64_t before, int64_t after) {
  if (node.hasFailed())
    return {};
  Dims dims(before, node.extent(1));
  llvm::append_range(dims, node.getDims(x));
  dims.append(after, node.extent(1));
  return node.reshape(x, dims);
}

} // namespace dlc::onnx_import
