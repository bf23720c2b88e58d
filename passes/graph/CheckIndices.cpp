// SPDX-License-Identifier: Apache-2.0
#include "ir/DlcDialect.h"
#include "ir/InputChecks.h"
#include "ir/Names.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsControl.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsMovement.h"
#include "ir/OpsShape.h"
#include "ir/SymbolicShapes.h"
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
      FailureOr<dlc::SymbolicShapes> shapes = dlc::SymbolicShapes::analyze(function);
      if (failed(shapes))
        return signalPassFailure();
      function.walk([&](Operation *op) {
        if (auto gather = llvm::dyn_cast<dlc::GatherOp>(op))
          checkGather(gather, *shapes);
        else if (op->hasAttr("dlc.lengths"))
          checkLengths(op, *shapes);
      });
    }
  }

  void checkGather(dlc::GatherOp gather, const dlc::SymbolicShapes &shapes) {
    bool isVocabulary = gather->hasAttr("dlc.vocabulary");
    std::string name = dlc::getLayerName(gather.getLoc());
    note(gather.getIndices(), (isVocabulary ? "the vocabulary of '" : "the indices of '") + name + "'",
         isVocabulary ? "index" : "index_from_end", shapes.getDims(gather.getX())[gather.getAxis()], shapes);
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
    note(lengths, "the lengths of '" + dlc::getLayerName(loop.getLoc()) + "'", "length", shapes.getStepCount(loop),
         shapes);
  }

  /// Notes the check at the argument that brings `value`, if one does.
  void note(Value value, llvm::Twine what, llvm::StringRef kind, AffineExpr extent, const dlc::SymbolicShapes &shapes) {
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
    llvm::SmallVector<NamedAttribute> entries = {builder.getNamedAttr("what", builder.getStringAttr(what)),
                                                 builder.getNamedAttr("kind", builder.getStringAttr(kind)),
                                                 builder.getNamedAttr("extent", bound)};
    if (!origin->sizes.empty()) {
      entries.push_back(builder.getNamedAttr("starts", builder.getDenseI64ArrayAttr(origin->starts)));
      entries.push_back(builder.getNamedAttr("sizes", builder.getDenseI64ArrayAttr(origin->sizes)));
    }
    auto function = llvm::cast<func::FuncOp>(origin->argument.getOwner()->getParentOp());
    dlc::addInputCheck(function, origin->argument.getArgNumber(), builder.getDictionaryAttr(entries));
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
          return function.getArgAttr(argument.getArgNumber(), "dlc.state") ? std::nullopt : std::optional(origin);
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
      } else if (!llvm::isa<dlc::CastOp>(op) &&
                 !(origin.sizes.empty() &&
                   llvm::isa<dlc::ReshapeOp, dlc::TransposeOp, dlc::ExpandOp, dlc::TileOp>(op))) {
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
