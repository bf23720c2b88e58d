// SPDX-License-Identifier: Apache-2.0
#include "ir/Layout.h"
#include "ir/OpsKernel.h"
#include "ir/RowRange.h"
#include "passes/Passes.h"
#include "passes/schedule/TileRules.h"

#define DEBUG_TYPE "dlc-tile"

namespace dlc {
#define GEN_PASS_DEF_TILE
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

dlc::ScheduleAttr dlc::tileKernel(const TileSubject &subject, const Machine &processor) {
  switch (subject.root) {
  case KernelRoot::Convolution:
    return tileConvolution(subject, processor);
  case KernelRoot::Contraction:
    return tileContraction(subject, processor);
  case KernelRoot::Recurrent:
    return tileRecurrent(subject, processor);
  case KernelRoot::Reduction:
    return tileReduction(subject, processor);
  case KernelRoot::Normalization:
    return tileNormalization(subject, processor);
  case KernelRoot::Attention:
    return tileAttention(subject, processor);
  case KernelRoot::Elementwise:
  case KernelRoot::Window:
  case KernelRoot::Movement:
    return tileRows(subject, processor);
  }
  llvm_unreachable("all kernel kinds have a rule");
}

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
    getOperation().walk([&](dlc::KernelOp kernel) { tile(kernel, processors); });
  }

  void tile(dlc::KernelOp kernel, llvm::ArrayRef<const dlc::Machine *> processors) {
    if (kernel.getSchedules())
      return;
    MLIRContext *context = &getContext();
    dlc::TileSubject subject{kernel.getRootOp(), llvm::cast<RankedTensorType>(kernel.getResult().getType()),
                             kernel.getRoot(), dlc::getRowRange(kernel)};
    llvm::SmallVector<Attribute> schedules;
    for (const dlc::Machine *processor : processors) {
      if (naive)
        schedules.push_back(dlc::ScheduleAttr::get(context, StringAttr::get(context, "naive"),
                                                   StringAttr::get(context, processor->name), 1, -1, 1,
                                                   DictionaryAttr()));
      else
        schedules.push_back(dlc::tileKernel(subject, *processor));
    }
    kernel.setSchedulesAttr(ArrayAttr::get(context, schedules));
  }
};

} // namespace
