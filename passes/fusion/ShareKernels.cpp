// SPDX-License-Identifier: Apache-2.0
#include "ir/Annotations.h"
#include "ir/OpsConstant.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsSlicing.h"
#include "passes/Passes.h"
#include "passes/fusion/WrapInKernel.h"
#include "llvm/ADT/MapVector.h"

#define DEBUG_TYPE "dlc-share-kernels"

namespace dlc {
#define GEN_PASS_DEF_SHAREKERNELS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

/// The axis of which `slice` takes one element, if it takes all of the others.
std::optional<int64_t> getChosenAxis(dlc::SliceOp slice) {
  RankedTensorType x = typeOf(slice.getX());
  if (x.getEncoding() || typeOf(slice.getResult()).getEncoding())
    return std::nullopt;
  std::optional<int64_t> chosen;
  for (int64_t dim = 0; dim < x.getRank(); ++dim) {
    int64_t extent = x.getDimSize(dim), size = slice.getSizes()[dim];
    if (size == -1 || (slice.getStarts()[dim] == 0 && slice.getSteps()[dim] == 1 && size == extent))
      continue;
    if (size != 1 || chosen || ShapedType::isDynamic(extent))
      return std::nullopt;
    chosen = dim;
  }
  return chosen;
}

/// Whether `constant` is one floating-point number that arithmetic reads. The exponent of a power decides how that is
/// computed.
bool isNumber(dlc::ConstantOp constant) {
  RankedTensorType type = typeOf(constant.getResult());
  return llvm::isa<DenseElementsAttr>(constant.getValue()) && type.hasStaticShape() && type.getNumElements() == 1 &&
         !type.getEncoding() && llvm::isa<FloatType>(type.getElementType()) &&
         llvm::all_of(constant->getUsers(), [](Operation *user) {
           return user->hasTrait<dlc::Elementwise>() && !llvm::isa<dlc::PowOp>(user);
         });
}

/// Whether `constant` distinguishes random numbers from others of the same seed, mostly those of one variable.
bool isCounter(dlc::ConstantOp constant) {
  return !constant->use_empty() && llvm::all_of(constant->getUses(), [](OpOperand &use) {
    auto random = llvm::dyn_cast<dlc::RandomUniformOp>(use.getOwner());
    return random && use.get() == random.getCounter() && use.get() != random.getLike();
  });
}

class ShareKernels final : public dlc::impl::ShareKernelsBase<ShareKernels> {
  using ShareKernelsBase::ShareKernelsBase;
  void runOnOperation() override {
    shareSlices();
    shareConstants(isNumber, numberLimit);
    shareConstants(isCounter, counterLimit);
  }

  void shareSlices() {
    llvm::MapVector<std::pair<Value, int64_t>, llvm::SmallVector<dlc::SliceOp>> families;
    for (auto slice : getOperation().getBody().front().getOps<dlc::SliceOp>())
      if (std::optional<int64_t> axis = getChosenAxis(slice))
        families[{slice.getX(), *axis}].push_back(slice);
    for (auto &[family, slices] : families)
      if (static_cast<int64_t>(slices.size()) > sliceLimit)
        for (dlc::SliceOp slice : slices)
          gather(slice, family.second);
  }

  void gather(dlc::SliceOp slice, int64_t axis) {
    OpBuilder builder(slice);
    auto type = RankedTensorType::get({1}, builder.getI64Type());
    auto index =
        dlc::ConstantOp::create(builder, slice.getLoc(), type,
                                DenseElementsAttr::get(type, builder.getI64IntegerAttr(slice.getStarts()[axis])));
    dlc::annotation::asInput.set(index, builder.getUnitAttr());
    auto gather = dlc::GatherOp::create(builder, slice.getLoc(), slice.getType(), slice.getX(), index,
                                        builder.getI64IntegerAttr(axis));
    slice.getResult().replaceAllUsesWith(gather.getResult());
    slice.erase();
  }

  /// Lets kernels read the constants of one kind, if more than `limit` of them differ.
  void shareConstants(llvm::function_ref<bool(dlc::ConstantOp)> isOfKind, int64_t limit) {
    llvm::SmallVector<dlc::ConstantOp> constants;
    llvm::DenseSet<Attribute> values;
    for (auto constant : getOperation().getBody().front().getOps<dlc::ConstantOp>())
      if (isOfKind(constant)) {
        constants.push_back(constant);
        values.insert(constant.getValue());
      }
    if (static_cast<int64_t>(values.size()) <= limit)
      return;
    for (dlc::ConstantOp constant : constants)
      dlc::annotation::asInput.set(constant, UnitAttr::get(&getContext()));
  }
};

} // namespace
