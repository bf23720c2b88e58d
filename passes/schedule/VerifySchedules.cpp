// SPDX-License-Identifier: Apache-2.0
#include "analysis/IntegerProducts.h"
#include "analysis/TargetInterface.h"
#include "passes/Passes.h"
#include "llvm/ADT/StringExtras.h"

#define DEBUG_TYPE "dlc-verify-schedules"

namespace dlc {
#define GEN_PASS_DEF_VERIFYSCHEDULES
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

class VerifySchedules final : public dlc::impl::VerifySchedulesBase<VerifySchedules> {
  using VerifySchedulesBase::VerifySchedulesBase;
  void runOnOperation() override {
    bool isLegal = true;
    getOperation().walk([&](dlc::KernelLikeOpInterface kernel) { isLegal &= succeeded(verify(kernel)); });
    if (!isLegal)
      signalPassFailure();
  }

  LogicalResult verify(dlc::KernelLikeOpInterface kernel) {
    auto emitError = [&]() -> InFlightDiagnostic {
      return kernel.emitError() << "kernel '" << kernel.getKernelName() << "' ("
                                << dlc::stringifyKernelKind(kernel.getKind()) << "): ";
    };
    FailureOr<dlc::TileSubject> subject = dlc::TileSubject::read(kernel, emitError);
    if (failed(subject))
      return failure();
    bool mayCopy = kernel.getKind() == dlc::KernelKind::Elementwise || kernel.getKind() == dlc::KernelKind::Movement ||
                   kernel.getKind() == dlc::KernelKind::Window;
    if (!subject->anchorOp && !mayCopy)
      return emitError() << "it has no op of its kind";
    llvm::SmallVector<llvm::StringRef> left(isas.begin(), isas.end());
    for (Attribute attribute :
         kernel.getSchedulesAttr() ? kernel.getSchedulesAttr().getValue() : ArrayRef<Attribute>()) {
      auto schedule = llvm::dyn_cast<dlc::ScheduleAttr>(attribute);
      if (!schedule)
        return emitError() << attribute << " is not a #dlc.schedule";
      llvm::StringRef isa = schedule.getIsa().getValue();
      auto emitOfIsa = [&]() -> InFlightDiagnostic { return emitError() << "schedule for " << isa << ": "; };
      auto *position = llvm::find(left, isa);
      if (position == left.end())
        return emitOfIsa() << (llvm::is_contained(isas, isa.str())
                                   ? "there are two of them"
                                   : "the target does not have this instruction set; it has ")
                           << (llvm::is_contained(isas, isa.str()) ? "" : llvm::join(isas, ", "));
      left.erase(position);
      std::unique_ptr<dlc::KernelSchedules> legal =
          dlc::TargetInterface::get(&getContext()).createSchedules(*subject, *dlc::findMachine(isa));
      if (std::string problem = legal->findProblem(dlc::SchedulePoint::fromAttribute(schedule)); !problem.empty())
        return emitOfIsa() << problem;
    }
    llvm::SmallVector<const dlc::Machine *> machines;
    for (llvm::StringRef isa : isas)
      machines.push_back(dlc::findMachine(isa));
    llvm::SmallVector<const dlc::Machine *> needed = dlc::selectMachines(kernel, machines);
    llvm::erase_if(left, [&](llvm::StringRef isa) { return !llvm::is_contained(needed, dlc::findMachine(isa)); });
    return left.empty() ? LogicalResult::success()
                        : emitError() << "there is no schedule for " << llvm::join(left, ", ");
  }
};

} // namespace
