// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/Passes.h"
#include "ir/Annotations.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

#define DEBUG_TYPE "dlc-outline-ranges"

namespace dlc {
#define GEN_PASS_DEF_OUTLINERANGES
#include "backends/llvm/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

class OutlineRanges final : public dlc::impl::OutlineRangesBase<OutlineRanges> {
  void runOnOperation() override {
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      unsigned number = 0;
      llvm::SmallVector<scf::ParallelOp> all;
      function.walk([&](scf::ParallelOp ranges) { all.push_back(ranges); });
      for (scf::ParallelOp ranges : all)
        outline(ranges, (function.getName() + ".ranges" + llvm::Twine(number++)).str());
    }
  }

  static void outline(scf::ParallelOp ranges, llvm::StringRef name) {
    Location location = ranges.getLoc();
    OpBuilder builder(ranges);
    // Constants cost nothing where they are used.
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(ranges.getRegion(), captured);
    llvm::SmallVector<Value> operands, constants;
    for (Value value : captured)
      (value.getDefiningOp<arith::ConstantOp>() ? constants : operands).push_back(value);
    operands.append({ranges.getLowerBound().front(), ranges.getUpperBound().front()});
    auto type = builder.getFunctionType(TypeRange(ValueRange(operands)), {});

    auto parent = ranges->getParentOfType<func::FuncOp>();
    OpBuilder outside(parent->getContext());
    outside.setInsertionPointAfter(parent);
    auto task = func::FuncOp::create(outside, location, name, type);
    task.setPrivate();
    dlc::annotation::rangeGrain.set(task, builder.getI64IntegerAttr(*getConstantIntValue(ranges.getStep().front())));
    Block *entry = task.addEntryBlock();
    OpBuilder inside = OpBuilder::atBlockEnd(entry);
    auto isInside = [&](OpOperand &use) { return ranges->isProperAncestor(use.getOwner()); };
    for (Value constant : constants)
      constant.replaceUsesWithIf(inside.clone(*constant.getDefiningOp())->getResult(0), isInside);
    for (auto [value, argument] : llvm::zip(operands, entry->getArguments().drop_back(2)))
      value.replaceUsesWithIf(argument, isInside);
    ranges.getBody()->getTerminator()->erase();
    entry->getOperations().splice(entry->end(), ranges.getBody()->getOperations());
    inside.setInsertionPointToEnd(entry);
    func::ReturnOp::create(inside, location);

    func::CallOp::create(builder, location, task, operands);
    ranges.erase();
  }
};

} // namespace
