// SPDX-License-Identifier: Apache-2.0
#include "ir/OpsGeneration.h"
#include "ir/OpsParameter.h"
#include "ir/OpsShape.h"
#include "ir/OpsTraining.h"
#include "passes/Passes.h"
#include "passes/training/GradientRules.h"
#include "passes/training/ReverseMode.h"

#define DEBUG_TYPE "dlc-differentiate"

namespace dlc {
#define GEN_PASS_DEF_DIFFERENTIATE
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

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
    dlc::ReverseMode reverse(builder, op.getWithRespectTo(), op.getLoc());
    Value of = op.getOf();
    if (reverse.isInfluenced(of)) {
      reverse.add(of, dlc::FillOp::create(builder, op.getLoc(), of, dlc::getShapeFrom(of), llvm::APFloat(1.0),
                                          getElementTypeOrSelf(of.getType())));
      if (failed(reverse.run()))
        return failure();
    }
    for (auto [result, variable] : llvm::zip(op.getGradients(), op.getWithRespectTo())) {
      Value gradient = reverse.getGradient(variable);
      if (!gradient)
        gradient = dlc::FillOp::create(builder, op.getLoc(), variable, dlc::getShapeFrom(variable), llvm::APFloat(0.0),
                                       getElementTypeOrSelf(variable.getType()));
      if (gradient.getType() != variable.getType())
        gradient = dlc::ReshapeLikeOp::create(builder, op.getLoc(), gradient, variable);
      result.replaceAllUsesWith(gradient);
    }
    op.erase();
    return success();
  }
};

} // namespace
