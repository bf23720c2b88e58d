// SPDX-License-Identifier: Apache-2.0
#include "ir/Annotations.h"
#include "ir/ControlFlow.h"
#include "ir/Layout.h"
#include "ir/Names.h"
#include "ir/OpsKernel.h"
#include "ir/OpsSize.h"
#include "ir/SharedMemory.h"
#include "ir/SymbolicShapes.h"
#include "passes/Passes.h"
#include "passes/fusion/WrapInKernel.h"

#define DEBUG_TYPE "dlc-form-kernels"

namespace dlc {
#define GEN_PASS_DEF_FORMKERNELS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

class FormKernels final : public dlc::impl::FormKernelsBase<FormKernels> {
  void runOnOperation() override {
    dlc::VariableIndex variables(getOperation());
    for (auto op : llvm::make_early_inc_range(getOperation().getBody().front().getOps<dlc::CustomOp>()))
      dlc::wrapCustomOp(op, variables);
    for (Operation &op : llvm::make_early_inc_range(getOperation().getBody().front()))
      if (dlc::needsKernel(&op) && !dlc::isAlias(&op))
        dlc::wrapInKernel({&op}, dlc::getKernelKind(&op), &op, variables);
    // Kernels contain their shapes.
    for (auto shape : llvm::make_early_inc_range(getOperation().getBody().front().getOps<dlc::ShapeOp>()))
      if (shape->use_empty())
        shape.erase();
    copySharedResults();
    nameSymbols();
  }

  /// Every result gets memory of its own: the caller's, or this step's slice of a scan output. A value that is
  /// also loop-carried is read from there.
  void copySharedResults() {
    auto returnOp = llvm::cast<func::ReturnOp>(getOperation().getBody().front().getTerminator());
    llvm::SmallVector<OpOperand *> operands;
    for (OpOperand &operand : returnOp->getOpOperands())
      operands.push_back(&operand);
    // In the body of a loop: scan outputs, then whether it stops, then loop-carried values.
    size_t scanOutputCount = operands.size(), loopCarriedCount = 0;
    if (dlc::LoopStepAttr step = dlc::annotation::step.get(getOperation())) {
      scanOutputCount = step.getScanOutputs();
      loopCarriedCount = step.getLoopCarried();
      std::rotate(operands.begin(), operands.begin() + loopCarriedCount, operands.end());
    }
    llvm::SmallPtrSet<Value, 8> scanOutputs, written;
    OpBuilder builder(returnOp);
    for (auto [number, operand] : llvm::enumerate(operands)) {
      Value memory = dlc::getMemory(operand->get());
      Operation *definition = memory.getDefiningOp();
      bool isComputed =
          definition && (llvm::isa<dlc::KernelOp>(definition) || definition->hasTrait<dlc::RunsFunctions>());
      bool isStop = number >= scanOutputCount && number + loopCarriedCount < operands.size();
      bool isFirst = number < scanOutputCount ? scanOutputs.insert(memory).second : written.insert(memory).second;
      isFirst &= !isStop || !scanOutputs.contains(memory);
      if (!isComputed || !isFirst) {
        auto kernel = dlc::createCopyKernel(builder, operand->get().getLoc(), operand->get(), "copy");
        operand->set(kernel.getResult());
      }
    }
  }

  /// Gives each kernel with dynamic extents the symbols that these depend on.
  void nameSymbols() {
    FailureOr<dlc::SymbolicShapes> shapes = dlc::SymbolicShapes::analyze(getOperation());
    if (failed(shapes))
      return signalPassFailure();
    MLIRContext *context = &getContext();
    getOperation().walk([&](dlc::KernelOp kernel) {
      // Symbols of the function that occur in the inputs' extents, renumbered in order.
      llvm::SmallVector<int64_t> numbers(shapes->getSymbols().size(), -1);
      llvm::SmallVector<Attribute> names;
      for (Value input : kernel.getInputs())
        for (AffineExpr dim : shapes->getDims(input))
          dim.walk([&](AffineExpr part) {
            if (auto symbol = llvm::dyn_cast<AffineSymbolExpr>(part); symbol && numbers[symbol.getPosition()] < 0) {
              numbers[symbol.getPosition()] = names.size();
              names.push_back(StringAttr::get(context, shapes->getSymbols()[symbol.getPosition()]));
            }
          });
      if (names.empty())
        return;
      llvm::SmallVector<AffineExpr> renumbered;
      for (int64_t number : numbers)
        renumbered.push_back(number < 0 ? getAffineConstantExpr(0, context) : getAffineSymbolExpr(number, context));
      llvm::SmallVector<Attribute> inputDims;
      for (Value input : kernel.getInputs()) {
        llvm::SmallVector<AffineExpr> dims;
        for (AffineExpr dim : shapes->getDims(input))
          dims.push_back(dim.replaceSymbols(renumbered));
        inputDims.push_back(AffineMapAttr::get(AffineMap::get(0, names.size(), dims, context)));
      }
      kernel.setInputDimsAttr(ArrayAttr::get(context, inputDims));
      kernel.setSymbolsAttr(ArrayAttr::get(context, names));
    });
  }
};

} // namespace
