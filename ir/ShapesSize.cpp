// SPDX-License-Identifier: Apache-2.0
// Shape functions of ops whose results have sizes that a run computes.
#include "ir/DlcDialect.h"
#include "ir/ExtentAlgebra.h"
#include "ir/ExtentMaps.h"
#include "ir/ExtentRequirements.h"
#include "ir/OpsSize.h"

using namespace mlir;

namespace dlc {

/// The extents of `operands`, which are the symbols of `map`.
static FailureOr<llvm::SmallVector<AffineExpr>> collectExtents(std::optional<Location> location, AffineMap map,
                                                               llvm::ArrayRef<Dims> operands) {
  llvm::SmallVector<AffineExpr> extents;
  for (const Dims &dims : operands)
    llvm::append_range(extents, dims);
  if (map.getNumDims() != 0 || map.getNumSymbols() != extents.size())
    return emitOptionalError(location, "a map of ", map.getNumDims(), " dimensions and ", map.getNumSymbols(),
                             " symbols for operands with ", extents.size(), " extents");
  return extents;
}

LogicalResult applyToExtents(std::optional<Location> location, AffineMap map, llvm::ArrayRef<Dims> operands,
                             llvm::SmallVectorImpl<AffineExpr> &results) {
  FailureOr<llvm::SmallVector<AffineExpr>> extents = collectExtents(location, map, operands);
  if (failed(extents))
    return failure();
  for (AffineExpr expr : map.getResults())
    results.push_back(normalizeExtent(expr.replaceSymbols(*extents)));
  return success();
}

LogicalResult inferFromExtents(std::optional<Location> location, AffineMap map, llvm::ArrayRef<Dims> operands,
                               Dims &result) {
  if (failed(applyToExtents(location, map, operands, result)))
    return failure();
  for (AffineExpr extent : result)
    requireAtLeast(extent, 0);
  return success();
}

LogicalResult ShapeOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                  Dims &result) {
  return inferFromExtents(location, adaptor.getDims(), dims, result);
}

LogicalResult IntegersOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                     Dims &result) {
  AffineMap values = adaptor.getValues();
  if (failed(collectExtents(location, values, dims)))
    return failure();
  result.push_back(getAffineConstantExpr(values.getNumResults(), adaptor.getElementTypeAttr().getContext()));
  return success();
}

LogicalResult ReadbackOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                     Dims &result) {
  llvm::SmallVector<AffineExpr> bound;
  if (failed(applyToExtents(location, adaptor.getBound(), dims.drop_front(), bound)))
    return failure();
  // No expression of the operands' extents, but a number of its own, which SymbolicShapes names.
  constexpr unsigned nameless = 1u << 20;
  result.push_back(getAffineSymbolExpr(nameless, adaptor.getSymbolAttr().getContext()));
  return success();
}

LogicalResult ExpandLikeOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                       Dims &result) {
  const Dims &x = dims[0], &like = dims[1];
  if (adaptor.getOpen().empty())
    return broadcastDims(location, {x, like}, result);
  if (x.size() > like.size())
    return emitOptionalError(location, "an operand of rank ", x.size(), " does not broadcast to rank ", like.size());
  Dims closed(x);
  for (int64_t dim : adaptor.getOpen()) {
    if (dim < 0 || dim >= static_cast<int64_t>(x.size()))
      return emitOptionalError(location, "there is no dimension ", dim, " of ", x.size());
    closed[dim] = getAffineConstantExpr(1, x[dim].getContext());
  }
  // Both ways as elsewhere, but for the open dimensions.
  if (failed(broadcastDims(location, {like, closed}, result)))
    return failure();
  for (int64_t dim : adaptor.getOpen()) {
    AffineExpr extent = x[dim], whole = result[result.size() - x.size() + dim];
    AffineExpr isOne = isEqualExtent(extent, getAffineConstantExpr(1, extent.getContext()));
    requireEqual(whole, chooseExtent(isOne, whole, extent));
  }
  return success();
}

LogicalResult SliceLikeOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                      Dims &result) {
  size_t rank = dims[0].size();
  llvm::ArrayRef<int64_t> steps = adaptor.getSteps();
  if (dims[1].size() != rank || dims[2].size() != rank || steps.size() != rank)
    return emitOptionalError(location, "a slice has one start, size and step for each of the ", rank, " dimensions");
  for (size_t i = 0; i < rank; ++i) {
    std::optional<int64_t> extent = constantDim(dims[0][i]), start = constantDim(dims[1][i]),
                           size = constantDim(dims[2][i]);
    if (steps[i] == 0)
      return emitOptionalError(location, "a slice has the step 0 in dimension ", i);
    if (!start || !size || *size == 0)
      continue;
    int64_t last = *start + (*size - 1) * steps[i];
    if (last < 0 || (extent && std::max(*start, last) >= *extent))
      return emitOptionalError(location, "slice of ", *size, " elements from ", *start, " in steps of ", steps[i],
                               " leaves dimension ", i);
  }
  return copyDims(dims[2], result);
}

LogicalResult PadLikeOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                    Dims &result) {
  size_t rank = dims[0].size();
  const Dims &low = dims[dims.size() - 2], &sizes = dims.back();
  if (low.size() != rank || sizes.size() != rank)
    return emitOptionalError(location, "padding has one entry for each of the ", rank, " dimensions");
  for (size_t i = 0; i < rank; ++i) {
    std::optional<int64_t> extent = constantDim(dims[0][i]), before = constantDim(low[i]), size = constantDim(sizes[i]);
    if (extent && before && size && *before + *extent > *size)
      return emitOptionalError(location, "padding of ", *extent, " elements to ", *size, " after ", *before);
    if (adaptor.getMode() != PadMode::Constant && extent && *extent == 0 && size.value_or(0) > 0)
      return emitOptionalError(location, "an empty dimension has no elements to pad with");
  }
  return copyDims(sizes, result);
}

} // namespace dlc
