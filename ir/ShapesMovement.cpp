// SPDX-License-Identifier: Apache-2.0
// Shape functions of ops that move elements.
#include "ir/DlcDialect.h"
#include "ir/ExtentRequirements.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsMovement.h"
#include "ir/OpsShape.h"
#include "ir/OpsSlicing.h"
#include "ir/OpsTransposition.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;

namespace dlc {

LogicalResult ReshapeOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                    Dims &result) {
  MLIRContext *context = adaptor.getX().getContext();
  const Dims &x = dims[0];
  std::optional<size_t> inferred;
  AffineExpr known = getAffineConstantExpr(1, context);
  for (int64_t extent : adaptor.getShape()) {
    if (extent == -1) {
      if (inferred)
        return emitOptionalError(location, "only one extent of a reshape can be inferred");
      inferred = result.size();
      result.push_back(nullptr);
      continue;
    }
    if (extent < -1 && -2 - extent >= static_cast<int64_t>(x.size()))
      return emitOptionalError(location, "a reshape refers to dimension ", -2 - extent, " of an operand of rank ",
                               x.size());
    result.push_back(extent < 0 ? x[-2 - extent] : getAffineConstantExpr(extent, context));
    known = known * result.back();
  }
  AffineExpr total = elementCount(x, context);
  std::optional<int64_t> totalConstant = constantDim(total), knownConstant = constantDim(known);
  if (inferred) {
    if (knownConstant && *knownConstant == 0)
      return emitOptionalError(location, "an extent cannot be inferred if another extent is 0");
    if (totalConstant && knownConstant && *totalConstant % *knownConstant != 0)
      return emitOptionalError(location, "a reshape of ", *totalConstant, " elements to rows of ", *knownConstant);
    result[*inferred] = divideExactly(total, known);
    requireEqual(total, known * result[*inferred]);
    return success();
  }
  if (!requireEqual(total, known))
    return emitOptionalError(location, "a reshape of ", *totalConstant, " elements to ", *knownConstant);
  return success();
}

LogicalResult ReshapeLikeOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                        Dims &result) {
  MLIRContext *context = adaptor.getX().getContext();
  AffineExpr from = elementCount(dims[0], context), to = elementCount(dims[1], context);
  if (!requireEqual(from, to))
    return emitOptionalError(location, "a reshape of ", *constantDim(from), " elements to ", *constantDim(to));
  return copyDims(dims[1], result);
}

LogicalResult TransposeOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                      Dims &result) {
  llvm::ArrayRef<int64_t> permutation = adaptor.getPermutation();
  llvm::SmallBitVector seen(dims[0].size());
  if (permutation.size() != dims[0].size())
    return emitOptionalError(location, "a permutation of ", permutation.size(), " for a tensor of rank ",
                             dims[0].size());
  for (int64_t dim : permutation) {
    if (dim < 0 || dim >= static_cast<int64_t>(seen.size()) || seen.test(dim))
      return emitOptionalError(location, "[", permutation, "] is not a permutation");
    seen.set(dim);
    result.push_back(dims[0][dim]);
  }
  return success();
}

LogicalResult ExpandOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                   Dims &result) {
  Dims shape;
  for (int64_t extent : adaptor.getShape()) {
    if (extent < 0 && (extent == -1 || -2 - extent >= static_cast<int64_t>(dims[0].size())))
      return emitOptionalError(
          location, "an extent of expand is a number or -2 - d for dimension d of the operand, got ", extent);
    shape.push_back(extent < 0 ? dims[0][-2 - extent] : getAffineConstantExpr(extent, adaptor.getX().getContext()));
  }
  return broadcastDims(location, {dims[0], shape}, result);
}

LogicalResult FillOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                 Dims &result) {
  for (int64_t extent : adaptor.getShape()) {
    if (extent < 0 && (extent == -1 || -2 - extent >= static_cast<int64_t>(dims[0].size())))
      return emitOptionalError(location, "an extent of fill is a number or -2 - d for dimension d of the operand, got ",
                               extent);
    result.push_back(extent < 0 ? dims[0][-2 - extent] : getAffineConstantExpr(extent, adaptor.getLike().getContext()));
  }
  return success();
}

LogicalResult ConcatOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                   Dims &result) {
  if (dims.empty())
    return emitOptionalError(location, "concat takes at least one operand");
  int64_t axis = adaptor.getAxis();
  result = dims[0];
  if (axis < 0 || axis >= static_cast<int64_t>(result.size()))
    return emitOptionalError(location, "axis ", axis, " is not one of the ", result.size(), " dimensions");
  for (const Dims &operand : llvm::drop_begin(dims)) {
    if (operand.size() != result.size())
      return emitOptionalError(location, "concat takes operands of one rank, got ", result.size(), " and ",
                               operand.size());
    for (size_t i = 0; i < result.size(); ++i) {
      if (static_cast<int64_t>(i) == axis)
        result[i] = result[i] + operand[i];
      else if (!requireEqual(result[i], operand[i]))
        return emitOptionalError(location, "concat along dimension ", axis, " with extents ", *constantDim(result[i]),
                                 " and ", *constantDim(operand[i]), " of dimension ", i);
      else if (constantDim(operand[i]))
        result[i] = operand[i];
    }
  }
  return success();
}

LogicalResult SliceOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                  Dims &result) {
  size_t rank = dims[0].size();
  if (adaptor.getStarts().size() != rank || adaptor.getSizes().size() != rank || adaptor.getSteps().size() != rank)
    return emitOptionalError(location, "a slice has one start, size and step for each of the ", rank, " dimensions");
  for (size_t i = 0; i < rank; ++i) {
    int64_t start = adaptor.getStarts()[i], size = adaptor.getSizes()[i], step = adaptor.getSteps()[i];
    if (size == -1) {
      if (start != 0 || step != 1)
        return emitOptionalError(location, "a whole dimension starts at 0 and has step 1");
      result.push_back(dims[0][i]);
      continue;
    }
    int64_t last = start + (size - 1) * step;
    if (size < -1 || start < 0 || step == 0 ||
        (size > 0 && (last < 0 || !requireAtLeast(dims[0][i], std::max(start, last) + 1))))
      return emitOptionalError(location, "slice of ", size, " elements from ", start, " in steps of ", step,
                               " leaves dimension ", i);
    result.push_back(getAffineConstantExpr(size, adaptor.getX().getContext()));
  }
  return success();
}

LogicalResult PadOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                Dims &result) {
  const Dims &x = dims[0];
  if (adaptor.getLow().size() != x.size() || adaptor.getHigh().size() != x.size())
    return emitOptionalError(location, "padding has one entry for each of the ", x.size(), " dimensions");
  for (auto [extent, low, high] : llvm::zip(x, adaptor.getLow(), adaptor.getHigh())) {
    std::optional<int64_t> constant = constantDim(extent);
    if (adaptor.getMode() != PadMode::Constant && constant && *constant == 0 && (low > 0 || high > 0))
      return emitOptionalError(location, "an empty dimension has no elements to pad with");
    if (adaptor.getMode() == PadMode::Reflect && constant && (low >= *constant || high >= *constant) && *constant > 0 &&
        (low > 0 || high > 0) && *constant == 1)
      return emitOptionalError(location, "a dimension of 1 element has nothing to reflect");
    result.push_back(extent + (low + high));
  }
  return success();
}

LogicalResult TileOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                 Dims &result) {
  if (adaptor.getRepeats().size() != dims[0].size())
    return emitOptionalError(location, "tile has one repeat for each of the ", dims[0].size(), " dimensions");
  for (auto [extent, repeat] : llvm::zip(dims[0], adaptor.getRepeats())) {
    if (repeat < 0)
      return emitOptionalError(location, "repeats are not negative");
    result.push_back(extent * repeat);
  }
  return success();
}

LogicalResult topKDims(std::optional<Location> location, llvm::ArrayRef<AffineExpr> operand, int64_t k, int64_t axis,
                       Dims &result) {
  if (axis < 0 || axis >= static_cast<int64_t>(operand.size()))
    return emitOptionalError(location, "axis ", axis, " is not one of the ", operand.size(), " dimensions");
  if (k == -1)
    return copyDims(operand, result);
  std::optional<int64_t> extent = constantDim(operand[axis]);
  if (k < 0 || (extent && k > *extent))
    return emitOptionalError(location, "the ", k, " largest of ", extent.value_or(0), " elements");
  result.assign(operand.begin(), operand.end());
  result[axis] = getAffineConstantExpr(k, operand[axis].getContext());
  return success();
}

LogicalResult GatherOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                   Dims &result) {
  int64_t axis = adaptor.getAxis();
  if (axis < 0 || axis >= static_cast<int64_t>(dims[0].size()))
    return emitOptionalError(location, "axis ", axis, " is not one of the ", dims[0].size(), " dimensions");
  llvm::append_range(result, llvm::ArrayRef(dims[0]).take_front(axis));
  llvm::append_range(result, dims[1]);
  llvm::append_range(result, llvm::ArrayRef(dims[0]).drop_front(axis + 1));
  return success();
}

LogicalResult ScatterAddOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                       Dims &result) {
  int64_t axis = adaptor.getAxis();
  llvm::ArrayRef<AffineExpr> like = dims[0], indices = dims[1], updates = dims[2];
  if (axis < 0 || axis >= static_cast<int64_t>(like.size()))
    return emitOptionalError(location, "axis ", axis, " is not one of the ", like.size(), " dimensions");
  if (updates.size() + 1 != like.size() + indices.size())
    return emitOptionalError(location, "updates of rank ", updates.size(), " for indices of rank ", indices.size(),
                             " and a result of rank ", like.size());
  for (auto [index, update] : llvm::zip(indices, updates.drop_front(axis)))
    if (!requireEqual(index, update))
      return emitOptionalError(location, *constantDim(index), " indices for ", *constantDim(update), " updates");
  llvm::append_range(result, updates.take_front(axis));
  result.push_back(like[axis]);
  llvm::append_range(result, updates.drop_front(axis + indices.size()));
  return success();
}

LogicalResult UpdateSliceOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                        Dims &result) {
  int64_t axis = adaptor.getAxis();
  if (axis < 0 || axis >= static_cast<int64_t>(dims[0].size()))
    return emitOptionalError(location, "axis ", axis, " is not one of the ", dims[0].size(), " dimensions");
  if (dims[1].size() != dims[0].size())
    return emitOptionalError(location, "an update of rank ", dims[1].size(), " for a tensor of rank ", dims[0].size());
  for (size_t i = 0; i < dims[0].size(); ++i) {
    std::optional<int64_t> whole = constantDim(dims[0][i]), part = constantDim(dims[1][i]);
    bool isAxis = static_cast<int64_t>(i) == axis;
    if (isAxis ? whole && part && *part > *whole : !requireEqual(dims[0][i], dims[1][i]))
      return emitOptionalError(location, "an update of extent ", *part, " for extent ", *whole, " of dimension ", i);
  }
  if (!dims[2].empty())
    return emitOptionalError(location, "a position is a tensor of rank 0, got rank ", dims[2].size());
  return copyDims(dims[0], result);
}

LogicalResult IotaOp::inferShape(std::optional<Location>, Adaptor adaptor, llvm::ArrayRef<Dims>, Dims &result) {
  result.push_back(getAffineConstantExpr(adaptor.getSize(), adaptor.getElementTypeAttr().getContext()));
  return success();
}

LogicalResult IndexOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                  Dims &result) {
  int64_t axis = adaptor.getAxis();
  if (axis < 0 || axis >= static_cast<int64_t>(dims[0].size()))
    return emitOptionalError(location, "axis ", axis, " is not one of the ", dims[0].size(), " dimensions");
  result.push_back(dims[0][axis]);
  return success();
}

LogicalResult ExtentOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                   Dims &) {
  for (int64_t axis : adaptor.getAxes())
    if (axis < 0 || axis >= static_cast<int64_t>(dims[0].size()))
      return emitOptionalError(location, "axis ", axis, " is not one of the ", dims[0].size(), " dimensions");
  return success();
}

LogicalResult ResizeOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                   Dims &result) {
  size_t rank = dims[0].size();
  if (adaptor.getSizes().size() != rank || adaptor.getScales().size() != rank ||
      (!adaptor.getRoi().empty() && adaptor.getRoi().size() != 2 * rank))
    return emitOptionalError(location, "resize has one size and scale for each of the ", rank, " dimensions");
  for (auto [dim, size] : llvm::enumerate(adaptor.getSizes())) {
    if (size < -2 || (size == -2 && (dims.size() < 2 || dims[1].size() != rank)))
      return emitOptionalError(location, "a size of resize is a number, -1, or -2 for the extent of `like`, got ",
                               size);
    result.push_back(size == -1   ? dims[0][dim]
                     : size == -2 ? dims[1][dim]
                                  : getAffineConstantExpr(size, adaptor.getX().getContext()));
  }
  return success();
}

} // namespace dlc
