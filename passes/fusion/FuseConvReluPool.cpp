// SPDX-License-Identifier: Apache-2.0
#include "analysis/EpilogueInterface.h"
#include "analysis/TargetInterface.h"
#include "ir/Annotations.h"
#include "ir/Layout.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsPooling.h"
#include "passes/Passes.h"
#include "passes/fusion/WrapInKernel.h"

#define DEBUG_TYPE "dlc-fuse-conv-relu-pool"

namespace dlc {
#define GEN_PASS_DEF_FUSECONVRELUPOOL
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// The pooling that alone uses `last`'s result, if each element falls into at most one window: computing it with the
/// convolution then repeats nothing.
Operation *getFusiblePool(Operation *last) {
  Value result = last->getResult(0);
  if (!result.hasOneUse())
    return nullptr;
  auto fits = [](auto pool) {
    return llvm::all_of(llvm::zip(pool.getKernel(), pool.getStrides()),
                        [](auto pair) { return std::get<0>(pair) == std::get<1>(pair); }) &&
           llvm::all_of(pool.getDilations(), [](int64_t dilation) { return dilation == 1; }) &&
           llvm::all_of(pool.getPads(), [](int64_t pad) { return pad == 0; }) && !pool.getCeilMode();
  };
  Operation *user = *result.user_begin();
  if (auto pool = llvm::dyn_cast<dlc::MaxPoolOp>(user))
    return fits(pool) ? user : nullptr;
  if (auto pool = llvm::dyn_cast<dlc::AveragePoolOp>(user))
    return fits(pool) ? user : nullptr;
  return nullptr;
}

/// Whether vectors run along what windows do not: the result's channels.
bool hasVectorsOfChannels(dlc::ConvOp conv) {
  auto type = llvm::cast<RankedTensorType>(conv.getType());
  return !dlc::annotation::algorithm.get(conv) || dlc::getDimsInnermostFirst(type)[0] == 1;
}

/// Whether the tiles of Winograd's algorithm, of m x m results, are made of whole windows, as many as extents tell.
bool fitsTiles(dlc::ConvOp conv, Operation *pool) {
  dlc::LayoutAttr layout = dlc::getLayout(conv.getW().getType());
  int64_t m = layout ? layout.getWinograd() : 0;
  auto from = llvm::cast<RankedTensorType>(conv.getType()),
       to = llvm::cast<RankedTensorType>(pool->getResult(0).getType());
  auto kernel = pool->getAttrOfType<DenseI64ArrayAttr>("kernel").asArrayRef();
  for (auto [dim, window] : llvm::enumerate(kernel))
    if (m &&
        (m % window != 0 || to.getDimSize(dim + 2) == 0 || from.getDimSize(dim + 2) / to.getDimSize(dim + 2) != window))
      return false;
  return true;
}

class FuseConvReluPool final : public dlc::impl::FuseConvReluPoolBase<FuseConvReluPool> {
  void runOnOperation() override {
    bool pools = dlc::TargetInterface::get(&getContext()).poolsInConvolutions();
    // Where two anchor ops meet in a residual sum, the later one takes the sum: the earlier one's result exists by
    // then.
    llvm::SmallVector<Operation *> anchors;
    getOperation().walk([&](Operation *op) {
      auto sum = llvm::dyn_cast<dlc::EpilogueOpInterface>(op);
      if (sum && sum.takesEpilogue() && op->getParentOp() == getOperation())
        anchors.push_back(op);
    });
    dlc::VariableIndex variables(getOperation());
    for (Operation *anchor : llvm::reverse(anchors)) {
      llvm::SmallVector<Operation *> group{anchor};
      dlc::appendFusibleUsers(group, variables);
      bool isFourDimensional = llvm::cast<RankedTensorType>(anchor->getResult(0).getType()).getRank() == 4;
      if (auto conv = llvm::dyn_cast<dlc::ConvOp>(anchor); conv && pools && isFourDimensional)
        if (Operation *pool = getFusiblePool(group.back()); pool && hasVectorsOfChannels(conv) && fitsTiles(conv, pool))
          group.push_back(pool);
      dlc::wrapInKernel(group, dlc::getKernelKind(anchor), anchor, variables);
    }
  }
};

} // namespace
