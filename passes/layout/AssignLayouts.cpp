// SPDX-License-Identifier: Apache-2.0
#include "analysis/LoadTimeAnalysis.h"
#include "analysis/SymbolicShapesAnalysis.h"
#include "ir/Annotations.h"
#include "ir/Layout.h"
#include "ir/OpsAttention.h"
#include "ir/OpsConstant.h"
#include "ir/OpsControl.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLayout.h"
#include "ir/OpsLinear.h"
#include "ir/OpsReduction.h"
#include "ir/OpsTransposition.h"
#include "passes/Passes.h"
#include "passes/PipelineOptions.h"
#include "passes/schedule/PlanContraction.h"
#include "passes/schedule/PlanConvolution.h"
#include "llvm/ADT/MapVector.h"

#define DEBUG_TYPE "dlc-assign-layouts"

namespace dlc {
#define GEN_PASS_DEF_ASSIGNLAYOUTS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// A reduction of all spatial dimensions reads any layout; what is left is a vector of channels.
bool readsAnyLayout(Operation *op) {
  auto reduce = llvm::dyn_cast<dlc::ReduceOp>(op);
  if (!reduce)
    return false;
  int64_t rank = llvm::cast<RankedTensorType>(reduce.getX().getType()).getRank();
  for (int64_t dim = 2; dim < rank; ++dim)
    if (!llvm::is_contained(reduce.getAxes(), dim))
      return false;
  return true;
}

class LayoutAssignment {
public:
  LayoutAssignment(func::FuncOp function, const dlc::PipelineOptions &options, const dlc::LoadTimeValues &known,
                   const dlc::SymbolicShapes *shapes)
      : function(function), options(options), known(known), shapes(shapes) {}

  void run() {
    assign(function.getBody().front());
    for (auto &[value, halo] : halos)
      addHalo(value, halo.first, halo.second);
  }

private:
  /// Operands come before their users, also those of steps.
  void assign(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(block)) {
      if (auto conv = llvm::dyn_cast<dlc::ConvOp>(op))
        assignConvolution(conv);
      else if (auto transposed = llvm::dyn_cast<dlc::ConvTransposeOp>(op))
        assignConvolution(transposed);
      else if (auto gradient = llvm::dyn_cast<dlc::ConvWeightGradientOp>(op))
        assignWeightGradient(gradient);
      else if (auto matmul = llvm::dyn_cast<dlc::MatMulOp>(op))
        assignMatMul(matmul);
      else if (auto attention = llvm::dyn_cast<dlc::AttentionOp>(op))
        assignAttention(attention);
      else if (auto around = llvm::dyn_cast<RegionBranchOpInterface>(op))
        assignControlFlow(around);
      else if (op.hasTrait<dlc::FollowsLayout>())
        follow(&op);
      else if (!readsAnyLayout(&op) && !llvm::isa<dlc::PackOp, dlc::UnpackOp, dlc::KernelOp>(op) && !dlc::isAlias(&op))
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

  template <typename OpTy> void assignConvolution(OpTy conv) {
    dlc::ConvolutionPlan plan =
        dlc::planConvolution(conv, options, [&](Value tensor, int64_t dim) { return estimateExtent(tensor, dim); });
    assignInput(conv.getXMutable(), plan);
    if (plan.weight)
      conv.getWMutable().set(pack(conv.getW(), plan.weight, conv));
    else
      unpack(conv.getWMutable());
    conv.getResult().setType(dlc::withLayout(getType(conv.getResult()), plan.result));
    dlc::annotation::algorithm.set(conv, StringAttr::get(conv.getContext(), plan.algorithm));
  }

  void assignWeightGradient(dlc::ConvWeightGradientOp op) {
    dlc::ConvolutionPlan plan = dlc::planConvolution(op, options);
    assignInput(op.getXMutable(), plan);
    op.getYGradientMutable().set(pack(op.getYGradient(), plan.weight, op));
    if (!plan.weightHaloHigh.empty()) {
      dlc::ConvolutionPlan border;
      border.haloLow.assign(plan.weightHaloHigh.size(), 0);
      border.haloHigh = plan.weightHaloHigh;
      requireHalo(op.getYGradient(), border);
    }
    dlc::annotation::algorithm.set(op, StringAttr::get(op.getContext(), plan.algorithm));
  }

  void assignInput(OpOperand &operand, const dlc::ConvolutionPlan &plan) {
    auto isZero = [](int64_t extent) { return extent == 0; };
    if (!plan.input && llvm::all_of(plan.haloLow, isZero) && llvm::all_of(plan.haloHigh, isZero)) {
      unpack(operand);
      return;
    }
    // A halo needs a layout, even if the order is row-major.
    Value x =
        pack(operand.get(), plan.input ? plan.input : getRowMajorLayout(getType(operand.get())), operand.getOwner());
    operand.set(x);
    requireHalo(x, plan);
  }

  static dlc::LayoutAttr getRowMajorLayout(RankedTensorType type) {
    auto order = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
    return dlc::LayoutAttr::get(type.getContext(), DenseI64ArrayAttr::get(type.getContext(), order), {}, {}, {}, {}, 0);
  }

  void requireHalo(Value value, const dlc::ConvolutionPlan &plan) {
    auto &halo = halos[value];
    halo.first.resize(plan.haloLow.size());
    halo.second.resize(plan.haloHigh.size());
    for (size_t i = 0; i < plan.haloLow.size(); ++i) {
      halo.first[i] = std::max(halo.first[i], plan.haloLow[i]);
      halo.second[i] = std::max(halo.second[i], plan.haloHigh[i]);
    }
  }

  void assignMatMul(dlc::MatMulOp matmul) {
    unpack(matmul.getLhsMutable());
    // A matrix is packed once: a constant, or one that all steps of a loop read.
    dlc::LoopOp loop;
    dlc::LayoutAttr layout = dlc::planMatMulWeight(matmul, known);
    if (auto around = matmul->getParentOfType<dlc::LoopOp>();
        !layout && around && around.isDefinedOutsideOfLoop(matmul.getRhs())) {
      layout = dlc::planMatrixLayout(matmul);
      loop = around;
    }
    unpack(matmul.getRhsMutable());
    if (layout)
      matmul.getRhsMutable().set(pack(matmul.getRhs(), layout, matmul, loop));
  }

  /// Steps and branches take and give what is row-major.
  void assignControlFlow(RegionBranchOpInterface op) {
    for (OpOperand &operand : op->getOpOperands())
      unpack(operand);
    for (Region &region : op->getRegions())
      assign(region.front());
  }

  /// Heads are split off and merged by transposes that keep the last dimension: attention takes on their order instead.
  void assignAttention(dlc::AttentionOp attention) {
    for (OpOperand &operand : attention->getOpOperands())
      unpack(operand);
    for (OpOperand *operand :
         {&attention.getQueryMutable(), &attention.getKeyMutable(), &attention.getValueMutable()}) {
      auto transpose = operand->get().getDefiningOp<dlc::TransposeOp>();
      if (!transpose || transpose.getPermutation().back() != 3 || dlc::getLayout(transpose.getX().getType()))
        continue;
      llvm::SmallVector<int64_t> order(4);
      for (auto [to, from] : llvm::enumerate(transpose.getPermutation()))
        order[from] = to;
      OpBuilder builder(transpose);
      operand->set(dlc::TransposeOp::create(builder, transpose.getLoc(), inOrder(transpose.getResult(), order),
                                            transpose.getX(), transpose.getPermutationAttr()));
    }
    Value result = attention.getResult();
    auto merge = result.hasOneUse() ? llvm::dyn_cast<dlc::TransposeOp>(*result.user_begin()) : dlc::TransposeOp();
    if (merge && merge.getPermutation().back() == 3)
      result.setType(inOrder(result, merge.getPermutation()));
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
  const dlc::PipelineOptions &options;
  const dlc::LoadTimeValues &known;  ///< of the values that were there before layouts
  const dlc::SymbolicShapes *shapes; ///< likewise; null if no convolution has a result of open size
  llvm::DenseMap<std::pair<Value, dlc::LayoutAttr>, Value> packs;
  llvm::DenseMap<Value, Value> unpacks;
  llvm::MapVector<Value, std::pair<llvm::SmallVector<int64_t>, llvm::SmallVector<int64_t>>> halos;
};

class AssignLayouts final : public dlc::impl::AssignLayoutsBase<AssignLayouts> {
  using AssignLayoutsBase::AssignLayoutsBase;
  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    dlc::PipelineOptions options;
    std::optional<dlc::MathMode> parsed = dlc::parseMathMode(math);
    if (!parsed) {
      getOperation().emitError() << "math is 'strict', 'default' or 'fast', not '" << math << "'";
      return signalPassFailure();
    }
    options.math = *parsed;
    if (!isas.empty())
      options.isas.assign(isas.begin(), isas.end());
    bool isOpen = getOperation()
                      .walk([](Operation *op) {
                        return llvm::isa<dlc::ConvOp, dlc::ConvTransposeOp>(op) &&
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
    LayoutAssignment(getOperation(), options, getAnalysis<dlc::LoadTimeAnalysis>().values, shapes).run();
  }
};

} // namespace
