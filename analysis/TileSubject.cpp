// SPDX-License-Identifier: Apache-2.0
#include "analysis/TileSubject.h"
#include "ir/Annotations.h"
#include "ir/RowRange.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace dlc {

TileSubject::TileSubject(KernelLikeOpInterface kernel, std::optional<CollapsedSpace> collapsed)
    : body(&kernel.getBody().front()), anchorOp(kernel.getAnchorOp()), kind(kernel.getKind()),
      rowRange(getRowRange(kernel)), collapsed(std::move(collapsed)) {
  result = getType(kernel.getYielded());
}

FailureOr<TileSubject> TileSubject::read(KernelLikeOpInterface kernel,
                                         llvm::function_ref<InFlightDiagnostic()> emitError) {
  Attribute recorded = annotation::collapse.get(kernel);
  if (!recorded)
    return TileSubject(kernel);
  // Launches for ranges of rows count on dimension 0.
  if (getRowRange(kernel))
    return emitError() << "it has both " << annotation::collapse.getKey() << " and " << annotation::rowRange.getKey()
                       << ", whose ranges are those of its own dimensions";
  FailureOr<KernelShapes> shapes = KernelShapes::analyze(kernel);
  if (failed(shapes))
    return failure();
  FailureOr<CollapsedSpace> space = CollapsedSpace::read(kernel, *shapes, recorded, emitError);
  if (failed(space))
    return failure();
  std::optional<CollapsedSpace> collapsed;
  collapsed.emplace(std::move(*space));
  return TileSubject(kernel, std::move(collapsed));
}

RankedTensorType TileSubject::getType(Value value) const {
  if (collapsed)
    if (const CollapsedSpace::Tensor *tensor = collapsed->find(value))
      return tensor->type;
  return llvm::cast<RankedTensorType>(value.getType());
}

llvm::SmallVector<int64_t> TileSubject::getTotalledDims() const {
  auto reduction = llvm::dyn_cast<ReductionOpInterface>(anchorOp);
  llvm::SmallVector<int64_t> dims = reduction ? reduction.getReducedDims() : llvm::SmallVector<int64_t>();
  return collapsed ? collapsed->getMerged(dims) : dims;
}

} // namespace dlc
