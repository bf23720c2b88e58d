// SPDX-License-Identifier: Apache-2.0
#include "analysis/CollapsedSpace.h"
#include "ir/Annotations.h"
#include "ir/OpsConstant.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsProgram.h"
#include "ir/OpsReduction.h"
#include "passes/Passes.h"

#define DEBUG_TYPE "dlc-collapse-kernels"

namespace dlc {
#define GEN_PASS_DEF_COLLAPSEKERNELS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

class CollapseKernels final : public dlc::impl::CollapseKernelsBase<CollapseKernels> {
  void runOnOperation() override {
    for (auto kernel : getOperation().getOps<dlc::KernelFuncOp>())
      if (Attribute recorded = dlc::annotation::collapse.get(kernel); recorded && failed(collapse(kernel, recorded)))
        return signalPassFailure();
  }

  static LogicalResult collapse(dlc::KernelFuncOp kernel, Attribute recorded) {
    FailureOr<dlc::KernelShapes> shapes = dlc::KernelShapes::analyze(kernel);
    if (failed(shapes))
      return failure();
    auto emitError = [&] { return kernel.emitError() << "kernel '" << kernel.getSymName() << "': "; };
    FailureOr<dlc::CollapsedSpace> space = dlc::CollapsedSpace::read(kernel, *shapes, recorded, emitError);
    if (failed(space))
      return failure();
    rewriteInputs(kernel, *space, *shapes);
    rewriteAnchor(kernel.getAnchorOp(), *space);
    for (const auto &[value, tensor] : space->getTensors()) {
      Value(value).setType(tensor.type);
      if (auto constant = value.getDefiningOp<dlc::ConstantOp>())
        constant.setValueAttr(llvm::cast<SplatElementsAttr>(constant.getValue()).resizeSplat(tensor.type));
    }
    dlc::annotation::collapse.remove(kernel);
    return success();
  }

  static void rewriteInputs(dlc::KernelFuncOp kernel, const dlc::CollapsedSpace &space,
                            const dlc::KernelShapes &shapes) {
    MLIRContext *context = kernel.getContext();
    unsigned symbols = kernel.getSymbols() ? kernel.getSymbols()->size() : 0;
    llvm::SmallVector<Attribute> inputDims;
    for (BlockArgument argument : kernel.getBody().getArguments()) {
      const dlc::CollapsedSpace::Tensor *tensor = space.find(argument);
      llvm::ArrayRef<AffineExpr> dims = tensor ? llvm::ArrayRef<AffineExpr>(tensor->dims) : shapes.getDims(argument);
      inputDims.push_back(AffineMapAttr::get(AffineMap::get(0, symbols, dims, context)));
    }
    kernel.setInputDimsAttr(ArrayAttr::get(context, inputDims));
  }

  /// Renames the dimensions in the attributes of the anchor op. Nothing of it has been rewritten.
  static void rewriteAnchor(Operation *anchor, const dlc::CollapsedSpace &space) {
    if (auto reduce = llvm::dyn_cast_or_null<dlc::ReduceOp>(anchor)) {
      reduce.setAxes(space.getMerged(reduce.getAxes()));
      reduce.setKeepDims(true);
    } else if (auto norm = llvm::dyn_cast_or_null<dlc::LayerNormOp>(anchor)) {
      auto rank = llvm::cast<RankedTensorType>(norm.getX().getType()).getRank();
      llvm::SmallVector<int64_t> axes =
          space.getMerged(llvm::to_vector(llvm::seq(static_cast<int64_t>(norm.getAxis()), rank)));
      norm.setAxis(axes.empty() ? space.getRank() : axes.front());
    } else if (anchor && anchor->hasAttr("axes")) {
      auto axes = anchor->getAttrOfType<DenseI64ArrayAttr>("axes");
      anchor->setAttr("axes", DenseI64ArrayAttr::get(anchor->getContext(), space.getMerged(axes.asArrayRef())));
    }
  }
};

} // namespace
