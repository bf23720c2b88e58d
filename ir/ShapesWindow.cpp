// SPDX-License-Identifier: Apache-2.0
// Shape functions of windows and reductions.
#include "ir/DlcDialect.h"
#include "ir/ExtentAlgebra.h"
#include "ir/ExtentRequirements.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;

namespace dlc {

LogicalResult windowDims(std::optional<Location> location, llvm::ArrayRef<AffineExpr> operand,
                         llvm::ArrayRef<int64_t> kernel, llvm::ArrayRef<int64_t> strides,
                         llvm::ArrayRef<int64_t> dilations, llvm::ArrayRef<int64_t> pads, bool ceilMode, Dims &result) {
  if (operand.size() < 3 || operand.size() > 5)
    return emitOptionalError(location, "expects an operand of rank 3 to 5, [N, C, spatial...], got rank ",
                             operand.size());
  size_t spatial = operand.size() - 2;
  if (kernel.size() != spatial || strides.size() != spatial || dilations.size() != spatial ||
      pads.size() != 2 * spatial)
    return emitOptionalError(location, "a window over ", spatial, " dimensions takes ", spatial,
                             " kernel extents, strides and dilations and ", 2 * spatial, " pads");
  result = {operand[0], operand[1]};
  int64_t size = 1;
  for (size_t i = 0; i < spatial; ++i) {
    if (kernel[i] < 1 || strides[i] < 1 || dilations[i] < 1)
      return emitOptionalError(location, "kernel extents, strides and dilations are positive");
    constexpr int64_t limit = int64_t(1) << 31;
    if (kernel[i] >= limit || strides[i] >= limit || dilations[i] >= limit || std::abs(pads[i]) >= limit ||
        std::abs(pads[i + spatial]) >= limit || dilations[i] * kernel[i] >= limit)
      return emitOptionalError(location, "kernel extents, strides, dilations and pads are below 2^31");
    if (size *= kernel[i]; size >= limit)
      return emitOptionalError(location, "a window has fewer than 2^31 elements");
    int64_t reach = dilations[i] * (kernel[i] - 1) + 1;
    AffineExpr span = operand[i + 2] + (pads[i] + pads[i + spatial] - reach);
    std::optional<int64_t> extent = constantDim(operand[i + 2]), constantSpan = constantDim(span);
    if (constantSpan && *constantSpan < 0) {
      // A window that never fits gives an empty result only where the operand is empty.
      if (*extent != 0)
        return emitOptionalError(location, "a window of ", reach, " elements does not fit into spatial dimension ", i,
                                 " of ", *extent, " elements with ", pads[i] + pads[i + spatial], " of padding");
      result.push_back(getAffineConstantExpr(0, operand[i + 2].getContext()));
      continue;
    }
    AffineExpr count = (ceilMode ? span.ceilDiv(strides[i]) : span.floorDiv(strides[i])) + 1;
    // A last window that starts in the high padding covers nothing; windows before it stay.
    if (ceilMode && pads[i + spatial] + strides[i] > reach)
      count = maximumExtent(count - 1, minimumExtent(count, (operand[i + 2] + pads[i]).ceilDiv(strides[i])));
    result.push_back(count);
  }
  return success();
}

LogicalResult windowGradientDims(std::optional<Location> location, llvm::ArrayRef<AffineExpr> gradient,
                                 llvm::ArrayRef<AffineExpr> x, llvm::ArrayRef<int64_t> kernel,
                                 llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> dilations,
                                 llvm::ArrayRef<int64_t> pads, bool ceilMode, Dims &result) {
  Dims windows;
  if (failed(windowDims(location, x, kernel, strides, dilations, pads, ceilMode, windows)))
    return failure();
  if (gradient.size() != windows.size())
    return emitOptionalError(location, "expects a gradient of rank ", windows.size(), ", got rank ", gradient.size());
  for (auto [dim, pair] : llvm::enumerate(llvm::zip(gradient, windows)))
    if (!requireEqual(std::get<0>(pair), std::get<1>(pair)))
      return emitOptionalError(location, "dimension ", dim, " of the gradient has ", *constantDim(std::get<0>(pair)),
                               " elements, the windows ", *constantDim(std::get<1>(pair)));
  return copyDims(x, result);
}

LogicalResult reducedDims(std::optional<Location> location, llvm::ArrayRef<AffineExpr> operand,
                          llvm::ArrayRef<int64_t> axes, bool keepDims, Dims &result) {
  llvm::SmallBitVector reduced(operand.size());
  for (int64_t axis : axes) {
    if (axis < 0 || axis >= static_cast<int64_t>(operand.size()))
      return emitOptionalError(location, "axis ", axis, " is not one of the ", operand.size(), " dimensions");
    reduced.set(axis);
  }
  for (auto [i, extent] : llvm::enumerate(operand)) {
    if (!reduced.test(i))
      result.push_back(extent);
    else if (keepDims)
      result.push_back(getAffineConstantExpr(1, extent.getContext()));
  }
  return success();
}

} // namespace dlc
