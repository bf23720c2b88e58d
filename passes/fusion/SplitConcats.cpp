// SPDX-License-Identifier: Apache-2.0
#include "ir/OpsMovement.h"
#include "passes/Passes.h"
#include "llvm/Support/MathExtras.h"

#define DEBUG_TYPE "dlc-split-concats"

namespace dlc {
#define GEN_PASS_DEF_SPLITCONCATS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// Operands of one kernel: 32 take 0.2 s to compile, 200 take 16 s.
constexpr size_t maxOperands = 32;

/// The concatenation of `parts` along `axis`, of the element type and rank of `type`.
Value concatenate(OpBuilder &builder, dlc::ConcatOp like, ValueRange parts) {
  auto whole = llvm::cast<RankedTensorType>(like.getType());
  llvm::SmallVector<int64_t> shape(whole.getShape());
  int64_t axis = like.getAxis();
  shape[axis] = 0;
  for (Value part : parts) {
    int64_t extent = llvm::cast<RankedTensorType>(part.getType()).getDimSize(axis);
    bool isKnown = !ShapedType::isDynamic(extent) && !ShapedType::isDynamic(shape[axis]);
    shape[axis] = isKnown ? shape[axis] + extent : ShapedType::kDynamic;
  }
  return dlc::ConcatOp::create(builder, like.getLoc(), RankedTensorType::get(shape, whole.getElementType()), parts,
                               like.getAxisAttr());
}

class SplitConcats final : public dlc::impl::SplitConcatsBase<SplitConcats> {
  void runOnOperation() override {
    for (auto concat : llvm::make_early_inc_range(getOperation().getBody().front().getOps<dlc::ConcatOp>()))
      if (concat->getNumOperands() > maxOperands && !llvm::cast<RankedTensorType>(concat.getType()).getEncoding())
        splitOperands(concat);
  }

  void splitOperands(dlc::ConcatOp concat) {
    OpBuilder builder(concat);
    llvm::SmallVector<Value> operands(concat->getOperands());
    while (operands.size() > maxOperands) {
      // Groups of one size, but for the last: their kernels are equal where shapes are.
      size_t size = llvm::divideCeil(operands.size(), llvm::divideCeil(operands.size(), maxOperands));
      llvm::SmallVector<Value> joined;
      for (llvm::ArrayRef<Value> rest = operands; !rest.empty(); rest = rest.drop_front(std::min(size, rest.size()))) {
        llvm::ArrayRef<Value> group = rest.take_front(size);
        joined.push_back(group.size() == 1 ? group.front() : concatenate(builder, concat, group));
      }
      operands = std::move(joined);
    }
    concat->setOperands(operands);
  }
};

} // namespace
