// SPDX-License-Identifier: Apache-2.0
#include "ir/Layout.h"
#include "passes/Passes.h"
#include "passes/schedule/TileRules.h"

#define DEBUG_TYPE "dlc-tile"

namespace dlc {
#define GEN_PASS_DEF_TILE
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

dlc::ScheduleAttr decide(const dlc::TileSubject &subject, const dlc::InstructionSet &set) {
  switch (subject.root) {
  case dlc::KernelRoot::Convolution:
    return dlc::tileConvolution(subject, set);
  case dlc::KernelRoot::Contraction:
    return dlc::tileContraction(subject, set);
  default:
    return dlc::tileRows(subject, set);
  }
}

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
                             kernel.getRoot()};
    llvm::SmallVector<Attribute> schedules;
    for (const dlc::InstructionSet &set : sets) {
      if (naive)
        schedules.push_back(dlc::ScheduleAttr::get(context, StringAttr::get(context, "naive"),
                                                   StringAttr::get(context, set.name), 1, -1, 1, DictionaryAttr()));
      else
        schedules.push_back(decide(subject, set));
    }
    kernel.setSchedulesAttr(ArrayAttr::get(context, schedules));
    ++tiled;
  }
};

} // namespace
