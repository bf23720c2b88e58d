// SPDX-License-Identifier: Apache-2.0
// Shapes of ops whose operands broadcast.
#include "ir/ExtentRequirements.h"
#include "ir/ShapeInference.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;

namespace dlc {

LogicalResult broadcastDims(std::optional<Location> location, llvm::ArrayRef<Dims> operands, Dims &result) {
  size_t rank = 0;
  for (const Dims &dims : operands)
    rank = std::max(rank, dims.size());
  result.assign(rank, nullptr);
  for (const Dims &dims : operands)
    for (size_t i = 0; i < dims.size(); ++i) {
      AffineExpr &extent = result[rank - dims.size() + i];
      std::optional<int64_t> known = extent ? constantDim(extent) : std::nullopt, other = constantDim(dims[i]);
      if (known && *known != 1 && other && *other != 1 && *other != *known)
        return emitOptionalError(location, "operands do not broadcast: extents ", *known, " and ", *other,
                                 " of dimension ", rank - dims.size() + i, " differ");
      if (!extent || known == 1 || (!known && other && *other != 1))
        extent = dims[i];
    }
  for (const Dims &dims : operands)
    for (auto [extent, whole] : llvm::zip(dims, llvm::ArrayRef(result).take_back(dims.size())))
      if (constantDim(extent) != 1)
        requireEqual(whole, extent);
  return success();
}

} // namespace dlc
