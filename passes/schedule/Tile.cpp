// SPDX-License-Identifier: Apache-2.0
#include "ir/Layout.h"
#include "ir/RowRange.h"
#include "passes/Passes.h"
#include "passes/schedule/TileRules.h"

#define DEBUG_TYPE "dlc-tile"

namespace dlc {
#define GEN_PASS_DEF_TILE
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

dlc::ScheduleAttr dlc::tileKernel(const TileSubject &subject, const InstructionSet &set) {
  switch (subject.root) {
  case KernelRoot::Convolution:
    return tileConvolution(subject, set);
  case KernelRoot::Contraction:
    return tileContraction(subject, set);
  case KernelRoot::Recurrent:
    return tileRecurrent(subject, set);
  case KernelRoot::Reduction:
    return tileReduction(subject, set);
  case KernelRoot::Normalization:
    return tileNormalization(subject, set);
  case KernelRoot::Attention:
    return tileAttention(subject, set);
  case KernelRoot::Elementwise:
  case KernelRoot::Window:
  case KernelRoot::Movement:
    return tileRows(subject, set);
  }
  llvm_unreachable("all families have a rule");
}

namespace {

class Tile final : public dlc::impl::TileBase<Tile> {
  using TileBase::TileBase;
  void runOnOperation() override {
    llvm::SmallVector<dlc::InstructionSet> sets;
    for (const std::string &isa : isas) {
      std::optional<dlc::InstructionSet> set = dlc::getInstructionSet(isa);
      if (!set) {
        getOperation().emitError() << "there are no schedules for the instruction set '" << isa << "'";
        return signalPassFailure();
      }
      sets.push_back(*set);
    }
    getOperation().walk([&](dlc::KernelOp kernel) { tile(kernel, sets); });
  }

  void tile(dlc::KernelOp kernel, llvm::ArrayRef<dlc::InstructionSet> sets) {
    if (kernel.getSchedules())
      return;
    MLIRContext *context = &getContext();
    dlc::TileSubject subject{kernel.getRootOp(), llvm::cast<RankedTensorType>(kernel.getResult().getType()),
                             kernel.getRoot(), dlc::getRowRange(kernel)};
    llvm::SmallVector<Attribute> schedules;
    for (const dlc::InstructionSet &set : sets) {
      if (naive)
        schedules.push_back(dlc::ScheduleAttr::get(context, StringAttr::get(context, "naive"),
                                                   StringAttr::get(context, set.name), 1, -1, 1, DictionaryAttr()));
      else
        schedules.push_back(dlc::tileKernel(subject, set));
    }
    kernel.setSchedulesAttr(ArrayAttr::get(context, schedules));
    ++tiled;
  }
};

} // namespace
