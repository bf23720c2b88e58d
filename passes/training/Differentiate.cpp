// SPDX-License-Identifier: Apache-2.0
#include "ir/GradientBuilder.h"
#include "passes/Passes.h"
#include "passes/training/GradientRules.h"
#include "llvm/ADT/SetVector.h"

#define DEBUG_TYPE "dlc-differentiate"

namespace dlc {
#define GEN_PASS_DEF_DIFFERENTIATE
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

static bool isDifferentiable(Value value) { return llvm::isa<FloatType>(getElementTypeOrSelf(value.getType())); }

namespace {

/// Reverse-mode differentiation of one scalar in one function: walks back from it, op by op, and adds up what reaches
/// each value.
class ReverseSweep {
public:
  ReverseSweep(OpBuilder &builder, ValueRange withRespectTo, Location askedAt) : builder(builder), askedAt(askedAt) {
    for (Value value : withRespectTo)
      influenced.insert(value);
  }

  /// Writes the gradients of `of`, which ends at the builder's place.
  LogicalResult run(Value of) {
    // Forward: everything that the variables influence. Ops stand in an order in which operands come first.
    for (Operation &op : *builder.getInsertionBlock()) {
      if (&op == &*builder.getInsertionPoint())
        break;
      if (llvm::any_of(op.getOperands(), [&](Value operand) { return influenced.contains(operand); }))
        for (Value result : op.getResults())
          if (isDifferentiable(result))
            influenced.insert(result);
    }
    if (!influenced.contains(of))
      return success();
    auto like = llvm::cast<RankedTensorType>(of.getType());
    gradients[of] =
        dlc::FillOp::create(builder, of.getLoc(), of, dlc::getShapeFrom(of), llvm::APFloat(1.0), like.getElementType());
    llvm::SmallVector<Operation *> ops;
    for (Operation &op : *builder.getInsertionBlock()) {
      if (op.getBlock()->getTerminator() == &op)
        break;
      ops.push_back(&op);
    }
    for (Operation *op : llvm::reverse(ops))
      if (op->getNumResults() > 0 && op->isBeforeInBlock(&*builder.getInsertionPoint()) && failed(passThrough(op)))
        return failure();
    return success();
  }

  Value getGradient(Value value) const { return gradients.lookup(value); }

private:
  LogicalResult passThrough(Operation *op) {
    if (llvm::none_of(op->getResults(), [&](Value result) { return gradients.contains(result); }))
      return success();
    llvm::SmallVector<bool> isWanted;
    for (Value operand : op->getOperands())
      isWanted.push_back(isDifferentiable(operand) && influenced.contains(operand));
    if (!llvm::is_contained(isWanted, true))
      return success();
    auto rule = llvm::dyn_cast<dlc::GradientOpInterface>(op);
    dlc::GradientBuilder gradient(builder, op, gradients.lookup(op->getResult(0)), isWanted, askedAt);
    if (!rule)
      return gradient.reportMissingRule();
    if (failed(rule.buildGradients(gradient)))
      return failure();
    for (auto [operand, value] : llvm::zip(op->getOperands(), gradient.getGradients()))
      if (value)
        accumulate(operand, value);
    return success();
  }

  void accumulate(Value value, Value gradient) {
    Value &sum = gradients[value];
    sum = sum ? dlc::AddOp::create(builder, gradient.getLoc(), sum, gradient).getResult() : gradient;
  }

  OpBuilder &builder;
  Location askedAt;
  llvm::DenseSet<Value> influenced;
  llvm::DenseMap<Value, Value> gradients;
};

class Differentiate final : public dlc::impl::DifferentiateBase<Differentiate> {
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<dlc::DlcDialect>();
    dlc::registerGradientRules(registry);
  }

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      llvm::SmallVector<dlc::GradientOp> ops(function.getOps<dlc::GradientOp>());
      if (ops.empty())
        continue;
      mergeLoads(function);
      // In order: the gradient of a gradient finds the inner one written out.
      for (dlc::GradientOp op : ops)
        if (failed(expand(op)))
          return signalPassFailure();
    }
    getOperation().walk([](dlc::StopGradientOp op) {
      op.replaceAllUsesWith(op.getX());
      op.erase();
    });
  }

  /// Makes all loads of one parameter one value.
  static void mergeLoads(func::FuncOp function) {
    llvm::DenseMap<Attribute, Value> first;
    for (auto load : llvm::make_early_inc_range(function.getOps<dlc::LoadParameterOp>())) {
      Value &value = first[load.getParameterAttr()];
      if (!value) {
        value = load;
        continue;
      }
      load.replaceAllUsesWith(value);
      load.erase();
    }
  }

  LogicalResult expand(dlc::GradientOp op) {
    OpBuilder builder(op);
    ReverseSweep sweep(builder, op.getWithRespectTo(), op.getLoc());
    if (failed(sweep.run(op.getOf())))
      return failure();
    for (auto [result, variable] : llvm::zip(op.getGradients(), op.getWithRespectTo())) {
      Value gradient = sweep.getGradient(variable);
      if (!gradient)
        gradient = dlc::FillOp::create(builder, op.getLoc(), variable, dlc::getShapeFrom(variable), llvm::APFloat(0.0),
                                       getElementTypeOrSelf(variable.getType()));
      if (gradient.getType() != variable.getType())
        gradient = dlc::ReshapeLikeOp::create(builder, op.getLoc(), gradient, variable);
      result.replaceAllUsesWith(gradient);
    }
    ++differentiated;
    op.erase();
    return success();
  }
};

} // namespace
