// SPDX-License-Identifier: Apache-2.0
// Shapes, effects and structure of ops that a user's C functions compute.
#include "ir/ExtentMaps.h"
#include "ir/ExtentRequirements.h"
#include "ir/OpsCustom.h"
#include "ir/OpsKernel.h"

using namespace mlir;

namespace dlc {

static CustomOp getFunction(Value first) { return first ? first.getDefiningOp<CustomOp>() : CustomOp(); }

Type getFurtherType(Value first, uint64_t number) {
  CustomOp op = getFunction(first);
  if (!op || number >= op.getTypes().size())
    return getElementTypeOrSelf(first);
  return llvm::cast<TypeAttr>(op.getTypes()[number]).getValue();
}

LogicalResult CustomOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                   Dims &result) {
  if (adaptor.getDims().empty() || adaptor.getTypes().size() != adaptor.getDims().size())
    return emitOptionalError(location, "a custom op has one type and one list of extents for each result, got ",
                             adaptor.getTypes().size(), " and ", adaptor.getDims().size());
  llvm::SmallVector<AffineExpr> equal;
  if (adaptor.getEqual() && failed(applyToExtents(location, *adaptor.getEqual(), dims, equal)))
    return failure();
  for (size_t i = 0; i + 1 < equal.size(); i += 2)
    if (!requireEqual(equal[i], equal[i + 1]))
      return emitOptionalError(location, "takes operands of equal extents, got ", *constantDim(equal[i]), " and ",
                               *constantDim(equal[i + 1]));
  return inferFromExtents(location, llvm::cast<AffineMapAttr>(adaptor.getDims()[0]).getValue(), dims, result);
}

LogicalResult CustomResultOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                         Dims &result) {
  CustomOp op = getFunction(adaptor.getFirst());
  if (!op || adaptor.getNumber() < 1 || adaptor.getNumber() >= op.getDims().size())
    return emitOptionalError(location, "is not a further result of a dlc.custom");
  auto map = llvm::cast<AffineMapAttr>(op.getDims()[adaptor.getNumber()]).getValue();
  return inferFromExtents(location, map, dims.drop_front(), result);
}

LogicalResult CustomOp::verify() {
  unsigned extents = 0;
  for (Type type : getOperandTypes())
    extents += llvm::cast<RankedTensorType>(type).getRank();
  llvm::SmallVector<AffineMap> maps(getDims().getAsValueRange<AffineMapAttr>());
  if (getEqual())
    maps.push_back(*getEqual());
  for (AffineMap map : maps)
    if (map.getNumDims() != 0 || map.getNumSymbols() != extents)
      return emitOpError("has a map of ") << map.getNumDims() << " dimensions and " << map.getNumSymbols()
                                          << " symbols for operands with " << extents << " extents";
  if (getEqual() && getEqual()->getNumResults() % 2 != 0)
    return emitOpError("has an extent without another that it equals");
  for (Type type : getTypes().getAsValueRange<TypeAttr>())
    if (!type.isIntOrFloat())
      return emitOpError("has a result with elements of type ") << type;
  if (getOpName().empty())
    return emitOpError("has no name");
  return success();
}

LogicalResult CustomResultOp::verify() {
  CustomOp op = getFunction(getFirst());
  if (!op || op->getBlock() != (*this)->getBlock())
    return emitOpError("is not in the block of the dlc.custom that gives it");
  if (getExtentsOf().size() != op->getNumOperands())
    return emitOpError("has ") << getExtentsOf().size() << " operands, and its dlc.custom " << op->getNumOperands();
  return success();
}

void CustomOp::getEffects(llvm::SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  if (getHasEffects()) {
    effects.emplace_back(MemoryEffects::Read::get());
    effects.emplace_back(MemoryEffects::Write::get());
  }
}

// The function's own parallel loops use the threads.
int64_t CustomOp::getParallelRank() { return 0; }
int64_t CustomOp::getScalarOperations() { return 10; }

llvm::SmallVector<Value> getFunctionResults(CustomOp op) {
  llvm::SmallVector<Value> results(op.getTypes().size());
  results[0] = op.getResult();
  for (Operation *user : op->getUsers())
    if (auto further = llvm::dyn_cast<CustomResultOp>(user); further && further.getFirst() == op.getResult())
      results[further.getNumber()] = further.getResult();
  return results;
}

bool callsFunction(Operation *op) {
  auto kernel = llvm::dyn_cast<KernelOp>(op);
  return kernel && llvm::isa_and_present<CustomOp>(kernel.getAnchorOp());
}

} // namespace dlc
