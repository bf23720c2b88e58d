// SPDX-License-Identifier: Apache-2.0
#include "analysis/LayoutInterface.h"
#include "analysis/LoadTimeAnalysis.h"
#include "analysis/SymbolicShapesAnalysis.h"
#include "ir/Annotations.h"
#include "ir/Layout.h"
#include "ir/OpsConstant.h"
#include "ir/OpsControl.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLayout.h"
#include "ir/OpsTransposition.h"
#include "passes/Passes.h"
#include "llvm/ADT/MapVector.h"

#define DEBUG_TYPE "dlc-assign-layouts"

namespace dlc {
#define GEN_PASS_DEF_ASSIGNLAYOUTS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

class LayoutAssignment {
public:
  LayoutAssignment(func::FuncOp function, dlc::MathMode math, const dlc::LoadTimeValues &known,
                   const dlc::SymbolicShapes *shapes)
      : function(function), math(math), known(known), shapes(shapes) {}

  void run() {
    assign(function.getBody().front());
    for (auto &[value, halo] : halos)
      addHalo(value, halo.first, halo.second);
  }

private:
  /// Operands come before their users, also those of steps.
  void assign(Block &block) {
    auto estimate = [&](Value tensor, int64_t dim) { return estimateExtent(tensor, dim); };
    for (Operation &op : llvm::make_early_inc_range(block)) {
      if (auto planned = llvm::dyn_cast<dlc::LayoutOpInterface>(op))
        apply(&op, planned.planLayouts({math, estimate, known}));
      else if (auto around = llvm::dyn_cast<RegionBranchOpInterface>(op))
        assignControlFlow(around);
      else if (op.hasTrait<dlc::FollowsLayout>())
        follow(&op);
      else if (!op.hasTrait<dlc::ConvertsLayout>() && !llvm::isa<dlc::KernelOp>(op) && !dlc::isAlias(&op))
        for (OpOperand &operand : op.getOpOperands())
          unpack(operand);
    }
  }

  static RankedTensorType getType(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

  /// `value` in `layout`, through a `dlc.pack` that all users of the same value and layout share: where `value` is
  /// computed or, if `user` is in `loop`, `value` is not, and a run computes it, right before that loop.
  Value pack(Value value, dlc::LayoutAttr layout, Operation *user, dlc::LoopOp loop = {}) {
    if (dlc::getLayout(value.getType()) == layout)
      return value;
    Value &packed = packs[{value, layout}];
    if (!packed) {
      OpBuilder builder(user);
      builder.setInsertionPointAfterValue(value);
      Value plain = value;
      if (dlc::getLayout(value.getType()))
        plain = unpacked(value);
      if (auto *definition = plain.getDefiningOp())
        builder.setInsertionPointAfter(definition);
      // Of the loops and branches around the user, the outermost that does not compute the value.
      if (loop)
        builder.setInsertionPoint(plain.getParentBlock()->findAncestorOpInBlock(*user));
      packed = dlc::PackOp::create(builder, loop ? loop.getLoc() : value.getLoc(),
                                   dlc::withLayout(getType(value), layout), plain);
    }
    return packed;
  }

  Value unpacked(Value value) {
    Value &plain = unpacks[value];
    if (!plain) {
      OpBuilder builder(value.getContext());
      builder.setInsertionPointAfterValue(value);
      plain = dlc::UnpackOp::create(builder, value.getLoc(), dlc::withLayout(getType(value), {}), value);
    }
    return plain;
  }

  void unpack(OpOperand &operand) {
    if (dlc::getLayout(operand.get().getType()))
      operand.set(unpacked(operand.get()));
  }

  /// The extent where inputs whose size a run decides have that of images as ImageNet's networks take them.
  int64_t estimateExtent(Value tensor, int64_t dim) const {
    if (!getType(tensor).isDynamicDim(dim))
      return getType(tensor).getDimSize(dim);
    constexpr int64_t usualExtent = 224;
    llvm::SmallVector<AffineExpr> symbols(shapes->getSymbols().size(),
                                          getAffineConstantExpr(usualExtent, tensor.getContext()));
    return std::max<int64_t>(dlc::constantDim(shapes->getDims(tensor)[dim].replaceSymbols(symbols)).value_or(0), 0);
  }

  void apply(Operation *op, const dlc::LayoutPlan &plan) {
    for (OpOperand &operand : op->getOpOperands())
      if (operand.getOperandNumber() < plan.operands.size())
        apply(operand, plan.operands[operand.getOperandNumber()]);
      else
        unpack(operand);
    Value result = op->getResult(0);
    if (plan.result)
      result.setType(dlc::withLayout(getType(result), plan.result));
    if (plan.resultAbsorbsTranspose)
      absorbTranspose(result);
    if (!plan.algorithm.empty())
      dlc::annotation::algorithm.set(op, StringAttr::get(op->getContext(), plan.algorithm));
  }

  void apply(OpOperand &operand, const dlc::OperandLayout &plan) {
    if (plan.isAny)
      return;
    auto isZero = [](int64_t extent) { return extent == 0; };
    bool hasHalo = !llvm::all_of(plan.haloLow, isZero) || !llvm::all_of(plan.haloHigh, isZero);
    if (!plan.layout && !hasHalo) {
      unpack(operand);
      if (plan.absorbsTranspose)
        absorbTranspose(operand);
      return;
    }
    Operation *op = operand.getOwner();
    dlc::LoopOp loop = plan.isPackedOnce ? op->getParentOfType<dlc::LoopOp>() : dlc::LoopOp();
    // A halo needs a layout, even if the order is row-major.
    Value packed = pack(operand.get(), plan.layout ? plan.layout : getRowMajorLayout(getType(operand.get())), op, loop);
    operand.set(packed);
    if (hasHalo)
      requireHalo(packed, plan);
  }

  static dlc::LayoutAttr getRowMajorLayout(RankedTensorType type) {
    auto order = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
    return dlc::LayoutAttr::get(type.getContext(), DenseI64ArrayAttr::get(type.getContext(), order), {}, {}, {}, {}, 0);
  }

  void requireHalo(Value value, const dlc::OperandLayout &plan) {
    auto &halo = halos[value];
    halo.first.resize(plan.haloLow.size());
    halo.second.resize(plan.haloHigh.size());
    for (size_t i = 0; i < plan.haloLow.size(); ++i) {
      halo.first[i] = std::max(halo.first[i], plan.haloLow[i]);
      halo.second[i] = std::max(halo.second[i], plan.haloHigh[i]);
    }
  }

  /// Steps and branches take and give what is row-major.
  void assignControlFlow(RegionBranchOpInterface op) {
    for (OpOperand &operand : op->getOpOperands())
      unpack(operand);
    for (Region &region : op->getRegions())
      assign(region.front());
  }

  /// The transpose before `operand`, if it keeps the last dimension, becomes one that moves no bytes: its result takes
  /// on the order of its operand.
  void absorbTranspose(OpOperand &operand) {
    auto transpose = operand.get().getDefiningOp<dlc::TransposeOp>();
    if (!transpose || !keepsLastDim(transpose) || dlc::getLayout(transpose.getX().getType()))
      return;
    llvm::SmallVector<int64_t> order(transpose.getPermutation().size());
    for (auto [to, from] : llvm::enumerate(transpose.getPermutation()))
      order[from] = to;
    OpBuilder builder(transpose);
    operand.set(dlc::TransposeOp::create(builder, transpose.getLoc(), inOrder(transpose.getResult(), order),
                                         transpose.getX(), transpose.getPermutationAttr()));
  }

  /// The same for the transpose that alone reads `result`.
  void absorbTranspose(Value result) {
    auto transpose = result.hasOneUse() ? llvm::dyn_cast<dlc::TransposeOp>(*result.user_begin()) : dlc::TransposeOp();
    if (transpose && keepsLastDim(transpose))
      result.setType(inOrder(result, transpose.getPermutation()));
  }

  static bool keepsLastDim(dlc::TransposeOp transpose) {
    llvm::ArrayRef<int64_t> permutation = transpose.getPermutation();
    return !permutation.empty() && permutation.back() == static_cast<int64_t>(permutation.size()) - 1;
  }

  static RankedTensorType inOrder(Value value, llvm::ArrayRef<int64_t> order) {
    MLIRContext *context = value.getContext();
    return dlc::withLayout(getType(value),
                           dlc::LayoutAttr::get(context, DenseI64ArrayAttr::get(context, order), {}, {}, {}, {}, 0));
  }

  void follow(Operation *op) {
    RankedTensorType result = getType(op->getResult(0));
    dlc::LayoutAttr layout;
    for (Value operand : op->getOperands())
      if (dlc::LayoutAttr candidate = dlc::getLayout(operand.getType());
          candidate && getType(operand).getRank() == result.getRank() && !layout)
        layout = candidate;
    if (!layout)
      return;
    for (OpOperand &operand : op->getOpOperands()) {
      RankedTensorType type = getType(operand.get());
      // Broadcast operands and constants are read in place: they are small, or are loaded once into a register.
      bool isFull = type.getRank() == result.getRank() && !operand.get().getDefiningOp<dlc::ConstantOp>() &&
                    (!op->hasTrait<dlc::Elementwise>() || type.getShape() == result.getShape());
      if (isFull)
        operand.set(pack(operand.get(), layout, op));
    }
    op->getResult(0).setType(dlc::withLayout(result, layout));
  }

  /// Gives `value`'s memory a halo. All users read through strides, so only the type changes.
  void addHalo(Value value, llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high) {
    if (llvm::all_of(low, [](int64_t e) { return e == 0; }) && llvm::all_of(high, [](int64_t e) { return e == 0; }))
      return;
    dlc::LayoutAttr layout = dlc::getLayout(value.getType());
    auto array = [&](llvm::ArrayRef<int64_t> extents) { return DenseI64ArrayAttr::get(value.getContext(), extents); };
    value.setType(dlc::withLayout(getType(value), dlc::LayoutAttr::get(value.getContext(), layout.getOrder(),
                                                                       array(low), array(high), layout.getInnerDims(),
                                                                       layout.getInnerTiles(), layout.getWinograd())));
  }

  func::FuncOp function;
  dlc::MathMode math;
  const dlc::LoadTimeValues &known;  ///< of the values that were there before layouts
  const dlc::SymbolicShapes *shapes; ///< likewise; null if no planned op has a result of open size
  llvm::DenseMap<std::pair<Value, dlc::LayoutAttr>, Value> packs;
  llvm::DenseMap<Value, Value> unpacks;
  llvm::MapVector<Value, std::pair<llvm::SmallVector<int64_t>, llvm::SmallVector<int64_t>>> halos;
};

class AssignLayouts final : public dlc::impl::AssignLayoutsBase<AssignLayouts> {
  using AssignLayoutsBase::AssignLayoutsBase;
  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    std::optional<dlc::MathMode> parsed = dlc::parseMathMode(math);
    if (!parsed) {
      getOperation().emitError() << "math is 'strict', 'default' or 'fast', not '" << math << "'";
      return signalPassFailure();
    }
    bool isOpen = getOperation()
                      .walk([](Operation *op) {
                        return llvm::isa<dlc::LayoutOpInterface>(op) &&
                                       !llvm::cast<RankedTensorType>(op->getResult(0).getType()).hasStaticShape()
                                   ? WalkResult::interrupt()
                                   : WalkResult::advance();
                      })
                      .wasInterrupted();
    const dlc::SymbolicShapes *shapes = nullptr;
    if (isOpen) {
      auto &found = getAnalysis<dlc::SymbolicShapesAnalysis>().shapes;
      if (failed(found))
        return signalPassFailure();
      shapes = &*found;
    }
    LayoutAssignment(getOperation(), *parsed, getAnalysis<dlc::LoadTimeAnalysis>().values, shapes).run();
  }
};

} // namespace
