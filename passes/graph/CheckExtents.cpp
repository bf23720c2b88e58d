// SPDX-License-Identifier: Apache-2.0
#include "analysis/SymbolicShapesAnalysis.h"
#include "ir/Annotations.h"
#include "ir/ExtentAlgebra.h"
#include "ir/ExtentRequirements.h"
#include "ir/Names.h"
#include "ir/OpsControl.h"
#include "passes/Passes.h"
#include "llvm/ADT/SetVector.h"

#define DEBUG_TYPE "dlc-check-extents"

namespace dlc {
#define GEN_PASS_DEF_CHECKEXTENTS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// What has to hold in a run: two extents are equal, or the first is at least, or other than, the second.
struct Condition {
  AffineExpr lhs, rhs;
  dlc::ExtentRelation relation;
  bool operator==(const Condition &other) const {
    return lhs == other.lhs && rhs == other.rhs && relation == other.relation;
  }
};

class CheckExtents final : public dlc::impl::CheckExtentsBase<CheckExtents> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isPrivate())
        continue;
      FailureOr<dlc::SymbolicShapes> &analyzed = getChildAnalysis<dlc::SymbolicShapesAnalysis>(function).shapes;
      if (failed(analyzed))
        return signalPassFailure();
      entrySymbols.assign(analyzed->getSymbols().begin(), analyzed->getSymbols().end());
      shapes = &*analyzed;
      if (dlc::ExtentChecksAttr found = collect(function.getBody(), dlc::annotation::extentChecks.get(function)))
        dlc::annotation::extentChecks.set(function, found);
      function.walk([&](dlc::IfOp op) {
        op.setThenChecksAttr(collect(op.getThenRegion(), op.getThenChecksAttr()));
        op.setElseChecksAttr(collect(op.getElseRegion(), op.getElseChecksAttr()));
      });
    }
    markAnalysesPreserved<dlc::SymbolicShapesAnalysis>();
  }

  /// What a run that enters `region` has to check: what an importer has `imported` beside the meaning of ops, and what
  /// these take for granted; null if there is nothing.
  dlc::ExtentChecksAttr collect(Region &region, dlc::ExtentChecksAttr imported) {
    conditions.clear();
    checks.clear();
    takeImported(imported);
    collect(region);
    if (checks.empty())
      return {};
    Builder builder(&getContext());
    llvm::SmallVector<llvm::StringRef> names(entrySymbols.begin(), entrySymbols.end());
    return dlc::ExtentChecksAttr::get(&getContext(), builder.getStrArrayAttr(names), builder.getArrayAttr(checks));
  }

  void takeImported(dlc::ExtentChecksAttr all) {
    if (!all)
      return;
    llvm::SmallVector<llvm::StringRef> names;
    for (auto name : all.getSymbols().getAsRange<StringAttr>())
      names.push_back(name.getValue());
    for (auto check : all.getChecks().getAsRange<dlc::ExtentCheckAttr>()) {
      AffineMap values = check.getValues().getValue();
      add(check.getWhat(), names, {values.getResult(0), values.getResult(1), check.getRelation()});
    }
  }

  /// What the ops of `region` and of the steps of its loops take for granted. Branches check for themselves.
  void collect(Region &region) {
    for (Block &block : region)
      for (Operation &op : block) {
        if (op.getNumResults() == 1 && llvm::isa<RankedTensorType>(op.getResult(0).getType()))
          check(&op);
        if (auto loop = llvm::dyn_cast<dlc::LoopOp>(op))
          collect(loop.getRegion());
      }
  }

  /// What the op's shape rule requires of its operands.
  void check(Operation *op) {
    auto rule = llvm::dyn_cast<dlc::DimensionOpInterface>(op);
    if (!rule)
      return;
    llvm::SmallVector<dlc::Dims> operands;
    for (Value operand : op->getOperands())
      operands.emplace_back(shapes->getDims(operand));
    dlc::ExtentRequirements requirements;
    dlc::Dims result;
    if (failed(rule.inferDims(operands, result)))
      return signalPassFailure();
    for (const dlc::ExtentRequirement &required : requirements.get()) {
      if (required.mayBeMore)
        expectAtLeast(op, required.extent, *dlc::constantDim(required.other));
      else
        expectEqual(op, required.extent, required.other);
    }
  }

  void expectEqual(Operation *op, AffineExpr lhs, AffineExpr rhs) {
    if (lhs == rhs)
      return;
    lhs = dlc::normalizeExtent(lhs);
    rhs = dlc::normalizeExtent(rhs);
    if (dlc::constantDim(lhs))
      std::swap(lhs, rhs);
    if (lhs != rhs)
      add(op, {lhs, rhs, dlc::ExtentRelation::Equal});
  }

  void expectAtLeast(Operation *op, AffineExpr extent, int64_t least) {
    if (!dlc::constantDim(extent) && dlc::getExtentRange(extent).low < least)
      add(op,
          {dlc::normalizeExtent(extent), getAffineConstantExpr(least, &getContext()), dlc::ExtentRelation::AtLeast});
  }

  void add(Operation *op, const Condition &condition) {
    std::string layer = dlc::getLayerName(op->getLoc());
    llvm::SmallVector<llvm::StringRef> names(shapes->getSymbols().begin(), shapes->getSymbols().end());
    add(StringAttr::get(&getContext(), layer.empty() ? op->getName().stripDialect().str() : layer), names, condition);
  }

  /// Adds a condition over the symbols called `names`, unless it is about one that nothing computes any more.
  void add(StringAttr what, llvm::ArrayRef<llvm::StringRef> names, const Condition &given) {
    llvm::SmallVector<AffineExpr> own;
    for (auto [position, name] : llvm::enumerate(names)) {
      auto *found = llvm::find(entrySymbols, name);
      bool isAboutIt = given.lhs.isFunctionOfSymbol(position) || given.rhs.isFunctionOfSymbol(position);
      if (found == entrySymbols.end() && isAboutIt)
        return;
      own.push_back(getAffineSymbolExpr(found - entrySymbols.begin(), &getContext()));
    }
    Condition condition{given.lhs.replaceSymbols(own), given.rhs.replaceSymbols(own), given.relation};
    if (llvm::is_contained(conditions, condition))
      return;
    conditions.push_back(condition);
    auto map = AffineMap::get(0, entrySymbols.size(), {condition.lhs, condition.rhs}, &getContext());
    checks.push_back(dlc::ExtentCheckAttr::get(&getContext(), condition.relation, AffineMapAttr::get(map), what));
  }

  const dlc::SymbolicShapes *shapes = nullptr; ///< of the function that is looked at
  llvm::SmallVector<std::string> entrySymbols;
  llvm::SmallVector<Condition> conditions;
  llvm::SmallVector<Attribute> checks;
};

} // namespace
