// SPDX-License-Identifier: Apache-2.0
#include "ir/Layout.h"
#include "ir/OpsControl.h"
#include "ir/OpsLayout.h"
#include "ir/OpsLinear.h"
#include "ir/SignatureBuilder.h"
#include "passes/Passes.h"
#include "passes/graph/BindLoopShapes.h"
#include "passes/schedule/PlanContraction.h"

#define DEBUG_TYPE "dlc-pack-captures"

namespace dlc {
#define GEN_PASS_DEF_PACKCAPTURES
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

class PackCaptures final : public dlc::impl::PackCapturesBase<PackCaptures> {
  void runOnOperation() override {
    llvm::SmallVector<dlc::OutlinedLoopOp> loops;
    getOperation().walk([&](dlc::OutlinedLoopOp loop) { loops.push_back(loop); });
    unsigned count = 0;
    for (dlc::OutlinedLoopOp loop : loops)
      count += pack(loop);
    if (count && failed(dlc::bindLoopShapes(getOperation())))
      signalPassFailure();
  }

  /// Returns the number of captures whose layout was changed.
  static unsigned pack(dlc::OutlinedLoopOp loop) {
    func::FuncOp body = loop.getBodyFunction();
    unsigned first = 1 + loop.getInitialValues().size() + loop.getScanInputs().size();
    llvm::DenseMap<std::pair<Value, Attribute>, Value> arguments;
    OpBuilder builder(loop);
    dlc::SignatureBuilder signature(body);
    llvm::SmallVector<Value> operands;
    for (auto product : body.getOps<dlc::MatMulOp>()) {
      auto matrix = llvm::dyn_cast<BlockArgument>(product.getRhs());
      if (!matrix || matrix.getArgNumber() < first || dlc::getLayout(matrix.getType()))
        continue;
      dlc::LayoutAttr layout = dlc::planMatrixLayout(product);
      if (!layout)
        continue;
      Value &argument = arguments[{matrix, layout}];
      if (!argument) {
        Value operand = loop.getCaptures()[matrix.getArgNumber() - first];
        RankedTensorType type = dlc::withLayout(llvm::cast<RankedTensorType>(matrix.getType()), layout);
        operands.push_back(dlc::PackOp::create(builder, loop.getLoc(), type, operand));
        argument = signature.addArgument(type, loop.getLoc());
      }
      product.getRhsMutable().set(argument);
    }
    if (arguments.empty())
      return 0;
    loop.getCapturesMutable().append(operands);
    signature.finish();
    return arguments.size();
  }
};

} // namespace
