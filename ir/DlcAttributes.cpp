// SPDX-License-Identifier: Apache-2.0
#include "ir/Annotations.h"
#include "ir/DlcDialect.h"
#include "llvm/ADT/SmallBitVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#include "ir/AnnotationEnums.cpp.inc"
// Of Annotations.td, too: the dialect has one parser for all its attributes.
#define GET_ATTRDEF_CLASSES
#include "ir/DlcAttributes.cpp.inc"

namespace dlc {

void DlcDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "ir/DlcAttributes.cpp.inc"
      >();
}

int64_t ScheduleAttr::getTile(llvm::StringRef name, int64_t otherwise) const {
  if (!getTiles())
    return otherwise;
  auto size = getTiles().getAs<IntegerAttr>(name);
  return size ? size.getInt() : otherwise;
}

LogicalResult ScheduleAttr::verify(function_ref<InFlightDiagnostic()> emitError, StringAttr, StringAttr, int64_t,
                                   int64_t, int64_t, DictionaryAttr tiles) {
  for (NamedAttribute tile : tiles ? tiles.getValue() : llvm::ArrayRef<NamedAttribute>())
    if (auto size = llvm::dyn_cast<IntegerAttr>(tile.getValue()); !size || !size.getType().isSignlessInteger(64))
      return emitError() << "the tile size '" << tile.getName().getValue() << "' must be an integer, got "
                         << tile.getValue();
  return success();
}

LogicalResult LayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError, DenseI64ArrayAttr order,
                                 DenseI64ArrayAttr haloLow, DenseI64ArrayAttr haloHigh, DenseI64ArrayAttr innerDims,
                                 DenseI64ArrayAttr innerTiles, int64_t winograd) {
  int64_t rank = order.size();
  llvm::SmallBitVector seen(rank);
  for (int64_t dim : order.asArrayRef()) {
    if (dim < 0 || dim >= rank || seen.test(dim))
      return emitError() << "order " << order << " is not a permutation of 0 to " << rank - 1;
    seen.set(dim);
  }
  if (bool(haloLow) != bool(haloHigh))
    return emitError() << "halo_low and halo_high are given together";
  for (DenseI64ArrayAttr halo : {haloLow, haloHigh}) {
    if (!halo)
      continue;
    if (halo.size() != rank)
      return emitError() << "a halo has one extent for each of the " << rank << " dimensions";
    if (llvm::any_of(halo.asArrayRef(), [](int64_t extent) { return extent < 0; }))
      return emitError() << "halo extents are not negative";
  }
  if (bool(innerDims) != bool(innerTiles) || (innerDims && innerDims.size() != innerTiles.size()))
    return emitError() << "inner_dims and inner_tiles are given together and have one entry per block";
  if (innerDims)
    for (auto [dim, tile] : llvm::zip(innerDims.asArrayRef(), innerTiles.asArrayRef()))
      if (dim < 0 || dim >= rank || tile < 2)
        return emitError() << "a block splits an existing dimension by 2 or more";
  if (winograd != 0 && (winograd < 2 || winograd > 6 || rank != 4))
    return emitError() << "winograd output tiles of a rank-4 weight have 2 to 6 elements per side";
  return success();
}

} // namespace dlc
