// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/Layouts.h"
#include "backends/cpu/PlanContraction.h"
#include "backends/cpu/PlanConvolution.h"
#include "ir/OpsAttention.h"
#include "ir/OpsReduction.h"

using namespace mlir;

namespace dlc {

/// Heads are split off and merged by transposes that keep the last dimension: attention takes on their order instead.
static LayoutPlan planLayouts(AttentionOp, const LayoutQuery &) { return LayoutPlan::absorbTransposes(3); }

/// A reduction of all spatial dimensions reads any layout; what is left is a vector of channels.
static LayoutPlan planLayouts(ReduceOp op, const LayoutQuery &) {
  int64_t rank = llvm::cast<RankedTensorType>(op.getX().getType()).getRank();
  LayoutPlan plan;
  plan.operands.resize(1);
  plan.operands[0].isAny = llvm::all_of(llvm::seq<int64_t>(std::min<int64_t>(2, rank), rank),
                                        [&](int64_t dim) { return llvm::is_contained(op.getAxes(), dim); });
  return plan;
}

namespace {
template <typename OpTy> struct PlannedLayouts : public LayoutOpInterface::ExternalModel<PlannedLayouts<OpTy>, OpTy> {
  LayoutPlan planLayouts(Operation *op, const LayoutQuery &query) const {
    return dlc::planLayouts(llvm::cast<OpTy>(op), query);
  }
};
} // namespace

template <typename... Ops> static void attach(MLIRContext *context) {
  (Ops::template attachInterface<PlannedLayouts<Ops>>(*context), ...);
}

void attachCpuLayouts(MLIRContext *context) {
  attach<ConvOp, ConvTransposeOp, ConvWeightGradientOp, MatMulOp, AttentionOp, ReduceOp>(context);
}

} // namespace dlc
