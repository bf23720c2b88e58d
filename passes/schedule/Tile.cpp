// SPDX-License-Identifier: Apache-2.0
#include "analysis/IntegerProducts.h"
#include "analysis/PackedWeights.h"
#include "analysis/TargetInterface.h"
#include "ir/Annotations.h"
#include "ir/OpsKernel.h"
#include "ir/RowRange.h"
#include "passes/Passes.h"

#define DEBUG_TYPE "dlc-tile"

namespace dlc {
#define GEN_PASS_DEF_TILE
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

class Tile final : public dlc::impl::TileBase<Tile> {
  using TileBase::TileBase;
  void runOnOperation() override {
    llvm::SmallVector<const dlc::Machine *> processors;
    for (const std::string &isa : isas) {
      const dlc::Machine *processor = dlc::findMachine(isa);
      if (!processor) {
        getOperation().emitError() << "there are no schedules for the instruction set '" << isa << "'";
        return signalPassFailure();
      }
      processors.push_back(processor);
    }
    int64_t packedBytes = dlc::countPackedBytes(getOperation());
    getOperation().walk([&](dlc::KernelOp kernel) { tile(kernel, processors, packedBytes); });
  }

  void tile(dlc::KernelOp kernel, llvm::ArrayRef<const dlc::Machine *> processors, int64_t packedBytes) {
    if (kernel.getSchedules())
      return;
    MLIRContext *context = &getContext();
    FailureOr<std::optional<dlc::CollapsedSpace>> collapsed = collapse(kernel);
    if (failed(collapsed))
      return signalPassFailure();
    if (*collapsed)
      dlc::annotation::collapse.set(kernel, (*collapsed)->record(context));
    dlc::TileSubject subject(kernel, std::move(*collapsed));
    subject.packedBytes = packedBytes;
    const dlc::TargetInterface &target = dlc::TargetInterface::get(context);
    llvm::SmallVector<Attribute> schedules;
    for (const dlc::Machine *processor : dlc::selectMachines(kernel, processors)) {
      if (naive)
        schedules.push_back(dlc::SchedulePoint{"naive", 1, -1, 1, {}}.toAttribute(context, processor->name));
      else
        schedules.push_back(
            target.createSchedules(subject, *processor)->getDefault().toAttribute(context, processor->name));
    }
    kernel.setSchedulesAttr(ArrayAttr::get(context, schedules));
  }

  /// The space that the kernel's schedules are decided on, if it is not the kernel's own.
  FailureOr<std::optional<dlc::CollapsedSpace>> collapse(dlc::KernelOp kernel) {
    bool areExtentsKnown = kernel.getInputDims() || llvm::all_of(kernel.getInputs().getTypes(), [](Type type) {
                             return llvm::cast<RankedTensorType>(type).hasStaticShape();
                           });
    // Launches for ranges of rows count on dimension 0.
    if (naive || dlc::getRowRange(kernel) || !areExtentsKnown)
      return std::optional<dlc::CollapsedSpace>();
    FailureOr<dlc::KernelShapes> shapes = dlc::KernelShapes::analyze(kernel);
    if (failed(shapes))
      return failure();
    return dlc::CollapsedSpace::analyze(kernel, *shapes);
  }
};

} // namespace
