// SPDX-License-Identifier: Apache-2.0
#include "analysis/SymbolicShapesAnalysis.h"
#include "ir/Annotations.h"
#include "ir/DlcDialect.h"
#include "ir/InputChecks.h"
#include "ir/Names.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsControl.h"
#include "ir/OpsConversion.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsSampling.h"
#include "ir/OpsSlicing.h"
#include "passes/Passes.h"

#define DEBUG_TYPE "dlc-check-indices"

namespace dlc {
#define GEN_PASS_DEF_CHECKINDICES
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// An argument of an entry point, or a part of it.
struct Origin {
  BlockArgument argument;
  llvm::SmallVector<int64_t> starts, sizes; ///< empty: all of it
};

class CheckIndices final : public dlc::impl::CheckIndicesBase<CheckIndices> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    for (auto function : module.getOps<func::FuncOp>()) {
      FailureOr<dlc::SymbolicShapes> &shapes = getChildAnalysis<dlc::SymbolicShapesAnalysis>(function).shapes;
      if (failed(shapes))
        return signalPassFailure();
      function.walk([&](Operation *op) {
        if (auto gather = llvm::dyn_cast<dlc::GatherOp>(op))
          checkGather(gather, *shapes);
        else if (auto align = llvm::dyn_cast<dlc::RoiAlignOp>(op))
          checkRegions(align, *shapes);
        else if (dlc::annotation::lengths.get(op))
          checkLengths(op, *shapes);
      });
    }
    markAnalysesPreserved<dlc::SymbolicShapesAnalysis>();
  }

  void checkGather(dlc::GatherOp gather, const dlc::SymbolicShapes &shapes) {
    // A run may not take the branch.
    if (gather->getParentOfType<dlc::IfOp>())
      return;
    bool isVocabulary = dlc::annotation::vocabulary.get(gather) != nullptr;
    std::string name = dlc::getLayerName(gather.getLoc());
    note(gather.getIndices(), (isVocabulary ? "the vocabulary of '" : "the indices of '") + name + "'",
         isVocabulary ? dlc::ElementCheckKind::Index : dlc::ElementCheckKind::IndexFromEnd,
         shapes.getDims(gather.getX())[gather.getAxis()], shapes);
  }

  void checkRegions(dlc::RoiAlignOp align, const dlc::SymbolicShapes &shapes) {
    if (!align->getParentOfType<dlc::IfOp>())
      note(align.getImages(), "the images of '" + dlc::getLayerName(align.getLoc()) + "'", dlc::ElementCheckKind::Index,
           shapes.getDims(align.getX())[0], shapes);
  }

  /// `comparison` is of the number of a loop's step with the lengths of sequences.
  void checkLengths(Operation *comparison, const dlc::SymbolicShapes &shapes) {
    auto loop = comparison->getParentOfType<dlc::LoopOp>();
    if (!loop || comparison->getNumOperands() != 2)
      return;
    // In reverse, a loop is given the number of steps to skip.
    Value lengths = comparison->getOperand(1);
    if (auto skipped = lengths.getDefiningOp<dlc::SubOp>())
      lengths = skipped.getRhs();
    note(lengths, "the lengths of '" + dlc::getLayerName(loop.getLoc()) + "'", dlc::ElementCheckKind::Length,
         shapes.getStepCount(loop), shapes);
  }

  /// Notes the check at the argument that brings `value`, if one does.
  void note(Value value, llvm::Twine what, dlc::ElementCheckKind kind, AffineExpr extent,
            const dlc::SymbolicShapes &shapes) {
    Builder builder(&getContext());
    Attribute bound;
    if (std::optional<int64_t> known = dlc::constantDim(extent))
      bound = builder.getI64IntegerAttr(*known);
    else if (auto symbol = llvm::dyn_cast<AffineSymbolExpr>(extent);
             symbol && !dlc::isDerived(extent, shapes.getBounds()))
      bound = builder.getStringAttr(shapes.getSymbols()[symbol.getPosition()]);
    std::optional<Origin> origin = findOrigin(value);
    if (!bound || !origin)
      return;
    auto list = [&](llvm::ArrayRef<int64_t> values) {
      return values.empty() ? DenseI64ArrayAttr() : builder.getDenseI64ArrayAttr(values);
    };
    auto check = dlc::ElementCheckAttr::get(&getContext(), kind, builder.getStringAttr(what), bound, /*steps=*/{},
                                            /*exception=*/{}, list(origin->starts), list(origin->sizes));
    auto function = llvm::cast<func::FuncOp>(origin->argument.getOwner()->getParentOp());
    dlc::addInputCheck(function, origin->argument.getArgNumber(), check);
  }

  /// Follows `value` back through ops that neither change nor compute elements.
  std::optional<Origin> findOrigin(Value value) {
    Origin origin;
    while (true) {
      if (!llvm::isa<IntegerType>(getElementTypeOrSelf(value)))
        return std::nullopt;
      if (auto argument = llvm::dyn_cast<BlockArgument>(value)) {
        Operation *owner = argument.getOwner()->getParentOp();
        if (auto function = llvm::dyn_cast<func::FuncOp>(owner)) {
          origin.argument = argument;
          // A state is what an earlier run has computed.
          return dlc::annotation::state.getOfArgument(function, argument.getArgNumber()) ? std::nullopt
                                                                                         : std::optional(origin);
        }
        // A loop computes its other arguments.
        auto loop = llvm::dyn_cast<dlc::LoopOp>(owner);
        size_t first = loop ? 1 + loop.getInitialValues().size() : 0;
        if (!loop || argument.getArgNumber() < first || !origin.sizes.empty())
          return std::nullopt;
        value = loop.getScanInputs()[argument.getArgNumber() - first];
        continue;
      }
      Operation *op = value.getDefiningOp();
      if (auto slice = llvm::dyn_cast<dlc::SliceOp>(op)) {
        if (!origin.sizes.empty() || !takePart(slice, origin))
          return std::nullopt;
      } else if (!llvm::isa<dlc::CastOp>(op) && !(origin.sizes.empty() && op->hasTrait<dlc::MovesAllElements>())) {
        // After a slice only ops that keep every element's position.
        return std::nullopt;
      }
      value = op->getOperand(0);
    }
  }

  /// Enters the part that `slice` takes; false if that is not a box.
  static bool takePart(dlc::SliceOp slice, Origin &origin) {
    for (auto [start, size, step] : llvm::zip(slice.getStarts(), slice.getSizes(), slice.getSteps())) {
      if (size >= 0 && size != 1 && step != 1 && step != -1)
        return false;
      origin.starts.push_back(size > 1 && step == -1 ? start - (size - 1) : start);
      origin.sizes.push_back(size);
    }
    return true;
  }
};

} // namespace
