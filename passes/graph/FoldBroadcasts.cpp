// SPDX-License-Identifier: Apache-2.0
#include "ir/OpsArithmetic.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsShape.h"
#include "ir/OpsSize.h"
#include "mlir/IR/Matchers.h"
#include "passes/Passes.h"

#define DEBUG_TYPE "dlc-fold-broadcasts"

namespace dlc {
#define GEN_PASS_DEF_FOLDBROADCASTS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// Whether `value` is -0 everywhere, whose addition changes nothing.
bool isNegativeZero(Value value) {
  if (auto fill = value.getDefiningOp<dlc::FillOp>())
    return fill.getValue().isNegZero() && llvm::isa<FloatType>(fill.getElementType());
  DenseElementsAttr elements;
  return matchPattern(value, m_Constant(&elements)) && elements.isSplat() &&
         llvm::isa<FloatType>(elements.getElementType()) && elements.getSplatValue<APFloat>().isNegZero();
}

/// What `value` is a broadcast of, and nothing else; null if it computes something.
Value getBroadcastSource(Value value) {
  if (auto expand = value.getDefiningOp<dlc::ExpandOp>())
    return expand.getX();
  // What may be 1 in a run counts as equal to what it meets.
  if (auto expand = value.getDefiningOp<dlc::ExpandLikeOp>(); expand && expand.getOpen().empty())
    return expand.getX();
  if (auto add = value.getDefiningOp<dlc::AddOp>()) {
    if (isNegativeZero(add.getLhs()))
      return add.getRhs();
    if (isNegativeZero(add.getRhs()))
      return add.getLhs();
  }
  return {};
}

class FoldBroadcasts final : public dlc::impl::FoldBroadcastsBase<FoldBroadcasts> {
  void runOnOperation() override {
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (op->hasTrait<dlc::Elementwise>() && !getBroadcastSource(op->getResult(0)))
        for (OpOperand &operand : op->getOpOperands())
          while (Value source = getBroadcastSource(operand.get()))
            if (!absorb(operand, source))
              break;
    });
  }

  /// Lets the op read `source`, if the other operands still give its result the shape that it has.
  bool absorb(OpOperand &operand, Value source) {
    Operation *op = operand.getOwner();
    Value before = operand.get();
    operand.set(source);
    llvm::SmallVector<Type> types;
    auto inference = llvm::cast<InferTypeOpInterface>(op);
    if (succeeded(inference.inferReturnTypes(&getContext(), std::nullopt, op->getOperands(),
                                             op->getDiscardableAttrDictionary(), op->getPropertiesStorage(),
                                             op->getRegions(), types)) &&
        types.front() == op->getResult(0).getType())
      return true;
    operand.set(before);
    return false;
  }
};

} // namespace
