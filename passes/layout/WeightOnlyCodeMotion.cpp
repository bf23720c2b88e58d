// SPDX-License-Identifier: Apache-2.0
#include "analysis/LoadTimeAnalysis.h"
#include "dlc/abi.h"
#include "ir/Layout.h"
#include "ir/Names.h"
#include "ir/OpsConstant.h"
#include "ir/OpsParameter.h"
#include "ir/OpsShape.h"
#include "ir/OpsTraining.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/CSE.h"
#include "passes/Passes.h"
#include "passes/graph/EraseDeadOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

#define DEBUG_TYPE "dlc-weight-only-code-motion"

namespace dlc {
#define GEN_PASS_DEF_WEIGHTONLYCODEMOTION
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

constexpr llvm::StringLiteral entryName = "prepare_weights", stampName = "derived.stamp";

/// The values of `function` that depend on weights only and that something else reads, in order. What only renames or
/// repeats elements stays behind: it costs nothing there.
llvm::SmallVector<Value> findWeightWork(func::FuncOp function, const dlc::LoadTimeValues &known) {
  llvm::SetVector<Operation *> work;
  function.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op->getNumResults() == 1 && !llvm::isa<dlc::LoadParameterOp>(op) &&
        llvm::cast<RankedTensorType>(op->getResult(0).getType()).hasStaticShape() &&
        known.dependsOnWeightsOnly(op->getResult(0)))
      work.insert(op);
  });
  auto isReadOutside = [&](Operation *op) {
    return llvm::any_of(op->getUsers(), [&](Operation *user) { return !work.contains(user); });
  };
  llvm::SmallVector<Operation *> all(work.begin(), work.end());
  for (Operation *op : llvm::reverse(all))
    if ((dlc::isAlias(op) || llvm::isa<dlc::ExpandOp>(op)) && isReadOutside(op))
      work.remove(op);
  llvm::SmallVector<Value> read;
  for (Operation *op : work)
    if (isReadOutside(op))
      read.push_back(op->getResult(0));
  return read;
}

/// Copies `value` and everything it depends on to the builder's insertion point.
Value copyWork(OpBuilder &builder, Value value, IRMapping &copies) {
  llvm::SmallVector<Value> pending{value};
  while (!pending.empty()) {
    Value next = pending.back();
    if (copies.contains(next)) {
      pending.pop_back();
      continue;
    }
    Operation *op = next.getDefiningOp();
    size_t before = pending.size();
    for (Value operand : llvm::reverse(op->getOperands()))
      if (!copies.contains(operand))
        pending.push_back(operand);
    if (pending.size() > before)
      continue;
    builder.clone(*op, copies);
    pending.pop_back();
  }
  return copies.lookup(value);
}

class WeightOnlyCodeMotion final : public dlc::impl::WeightOnlyCodeMotionBase<WeightOnlyCodeMotion> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (Operation *taken = module.lookupSymbol(entryName)) {
      taken->emitError() << "an entry point called '" << entryName
                         << "' is made for models whose weights can be replaced: choose another name";
      return signalPassFailure();
    }
    OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
    auto prepare = func::FuncOp::create(builder, module.getLoc(), entryName, builder.getFunctionType({}, {}));
    builder.setInsertionPointToEnd(prepare.addEntryBlock());
    llvm::SmallVector<Value> readers, copied;
    for (auto function : module.getOps<func::FuncOp>()) {
      IRMapping copies;
      for (Value value : findWeightWork(function, getChildAnalysis<dlc::LoadTimeAnalysis>(function).values)) {
        readers.push_back(value);
        copied.push_back(copyWork(builder, value, copies));
      }
    }
    // What several entry points need is computed once. The end keeps track of what became of each value.
    auto end = func::ReturnOp::create(builder, module.getLoc(), copied);
    IRRewriter rewriter(&getContext());
    DominanceInfo dominance;
    eliminateCommonSubExpressions(rewriter, dominance, prepare);
    llvm::SmallVector<Value> unique(end.getOperands());
    end.getOperandsMutable().clear();

    builder.setInsertionPoint(end);
    dlc::ParameterOp stamp = declareStamp();
    Value mark = dlc::ConstantOp::create(builder, module.getLoc(), stamp.getType(),
                                         DenseElementsAttr::get(llvm::cast<RankedTensorType>(stamp.getType()),
                                                                builder.getI64IntegerAttr(DLC_STAMP_PREPARED)));
    dlc::AssignOp::create(builder, module.getLoc(), stamp.getSymName(), mark);
    SymbolTable symbols(module);
    names = {};
    llvm::DenseMap<Value, dlc::ParameterOp> derived;
    for (auto [value, copy] : llvm::zip(readers, unique)) {
      dlc::ParameterOp &parameter = derived[copy];
      if (!parameter) {
        parameter = declare(symbols, stamp, copy);
        dlc::AssignOp::create(builder, copy.getLoc(), parameter.getSymName(), copy);
      }
      OpBuilder atValue(value.getDefiningOp());
      value.replaceAllUsesWith(
          dlc::LoadParameterOp::create(atValue, value.getLoc(), value.getType(), parameter.getSymName()).getResult());
    }
    for (auto function : module.getOps<func::FuncOp>())
      dlc::eraseDeadOps(function.getBody().front());
  }

  dlc::ParameterOp declareStamp() {
    OpBuilder builder = OpBuilder::atBlockBegin(getOperation().getBody());
    for (auto parameter : getOperation().getOps<dlc::ParameterOp>())
      builder.setInsertionPointAfter(parameter);
    auto type = RankedTensorType::get({}, builder.getI64Type());
    return dlc::ParameterOp::create(builder, getOperation().getLoc(), stampName, type,
                                    DenseElementsAttr::get(type, builder.getI64IntegerAttr(0)), DictionaryAttr(),
                                    "stamp");
  }

  dlc::ParameterOp declare(SymbolTable &symbols, Operation *before, Value value) {
    std::string layer = dlc::getLayerName(value.getLoc()), name = "derived" + (layer.empty() ? "" : "." + layer);
    std::string unique = names.make(name, [&](StringRef tried) { return symbols.lookup(tried) != nullptr; });
    OpBuilder builder(before->getContext());
    builder.setInsertionPointAfter(before);
    auto parameter =
        dlc::ParameterOp::create(builder, value.getLoc(), unique, llvm::cast<RankedTensorType>(value.getType()),
                                 ElementsAttr(), DictionaryAttr(), "derived");
    symbols.insert(parameter);
    return parameter;
  }

  dlc::UniqueNames names; ///< of parameters
};

} // namespace
