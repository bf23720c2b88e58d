// SPDX-License-Identifier: Apache-2.0
#include "ir/Annotations.h"
#include "ir/Layout.h"
#include "ir/Names.h"
#include "ir/OpsConstant.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLayout.h"
#include "ir/SignatureBuilder.h"
#include "ir/Variables.h"
#include "passes/Passes.h"
#include "passes/fusion/WrapInKernel.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#define DEBUG_TYPE "dlc-observe-tensors"

namespace dlc {
#define GEN_PASS_DEF_OBSERVETENSORS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// Layout conversions compute no tensor of the model, and constants' kernels move to `prepare`.
bool computesTensor(dlc::KernelOp kernel) {
  Operation *anchor = kernel.getAnchorOp();
  return anchor && !anchor->hasTrait<dlc::ConvertsLayout>() &&
         !llvm::all_of(kernel.getInputs(), [](Value v) { return v.getDefiningOp<dlc::ConstantOp>(); });
}

/// Functions that prepare or initialize variables have no layers.
bool givesVariablesOnly(func::FuncOp function) {
  auto isVariable = [&](unsigned number) { return dlc::getVariableOfResult(function, number) != nullptr; };
  return function.getNumResults() > 0 && llvm::all_of(llvm::seq(function.getNumResults()), isVariable);
}

class ObserveTensors final : public dlc::impl::ObserveTensorsBase<ObserveTensors> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    // What a step of a loop computes has no one value.
    if (function.isPrivate() || givesVariablesOnly(function))
      return;
    auto returnOp = llvm::cast<func::ReturnOp>(function.getBody().front().getTerminator());
    llvm::StringSet<> taken;
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      if (auto name = dlc::annotation::name.getOfResult(function, i))
        taken.insert(name.getValue());
    llvm::SmallVector<dlc::KernelOp> kernels(function.getOps<dlc::KernelOp>());
    // A layer that became several kernels, such as a product and its bias, is what the last of them computes.
    llvm::StringMap<dlc::KernelOp> lastOfLayer;
    for (dlc::KernelOp kernel : kernels)
      if (computesTensor(kernel))
        lastOfLayer[dlc::getLayerName(kernel.getLoc())] = kernel;
    OpBuilder builder(returnOp);
    dlc::SignatureBuilder signature(function);
    llvm::SmallVector<Value> exposed;
    for (dlc::KernelOp kernel : kernels) {
      std::string name = dlc::getLayerName(kernel.getLoc());
      if (name.empty() || lastOfLayer.lookup(name) != kernel || !taken.insert(name).second)
        continue;
      Value value = kernel.getResult();
      if (dlc::getLayout(value.getType())) {
        auto type = dlc::withLayout(llvm::cast<RankedTensorType>(value.getType()), {});
        value = dlc::UnpackOp::create(builder, kernel.getLoc(), type, value);
      }
      exposed.push_back(value);
      signature.addResult(value.getType(),
                          builder.getDictionaryAttr({dlc::annotation::name.with(builder.getStringAttr(name)),
                                                     dlc::annotation::kept.with(builder.getUnitAttr())}));
    }
    returnOp->insertOperands(returnOp->getNumOperands(), exposed);
    signature.finish();
  }
};

} // namespace
