// SPDX-License-Identifier: Apache-2.0
#include "analysis/TargetInterface.h"
#include "ir/KernelText.h"
#include "ir/OpsKernel.h"
#include "passes/Passes.h"
#include "passes/schedule/ScheduleRecords.h"
#include <map>

#define DEBUG_TYPE "dlc-apply-records"

namespace dlc {
#define GEN_PASS_DEF_APPLYRECORDS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// A record and where it is from, for messages.
struct KnownRecord {
  dlc::ScheduleRecord record;
  std::string source; ///< "record 3 of 'tuned.json'"
  bool isUsed = false;
};

class ApplyRecords final : public dlc::impl::ApplyRecordsBase<ApplyRecords> {
  using ApplyRecordsBase::ApplyRecordsBase;

  void runOnOperation() override {
    if (failed(read()))
      return signalPassFailure();
    bool isLegal = true;
    getOperation().walk([&](dlc::KernelOp kernel) { isLegal &= succeeded(apply(kernel)); });
    if (!isLegal)
      return signalPassFailure();
    auto unused = llvm::count_if(records, [](const auto &entry) { return !entry.second.isUsed; });
    if (unused != 0)
      getOperation().emitRemark() << unused << " of " << records.size()
                                  << " schedule records are for other kernels or machines, and ignored";
  }

  /// Of records for the same kernel and machine the last one counts, so that files can be appended to each other.
  LogicalResult read() {
    records.clear();
    for (const std::string &path : files) {
      auto list = dlc::readRecords(path);
      if (!list)
        return getOperation().emitError(llvm::toString(list.takeError()));
      for (auto [number, record] : llvm::enumerate(*list)) {
        std::string source = "record " + std::to_string(number + 1) + " of '" + path + "'";
        std::string key = record.kernel + " " + record.machine;
        records[key] = {std::move(record), std::move(source)};
      }
    }
    return success();
  }

  LogicalResult apply(dlc::KernelOp kernel) {
    if (!kernel.getSchedules())
      return success();
    std::string fingerprint = dlc::getKernelFingerprint(kernel);
    llvm::SmallVector<Attribute> schedules(kernel.getSchedulesAttr().getValue());
    bool isChanged = false;
    for (Attribute &attribute : schedules) {
      auto schedule = llvm::cast<dlc::ScheduleAttr>(attribute);
      llvm::StringRef machine = schedule.getIsa().getValue();
      auto found = records.find(fingerprint + " " + machine.str());
      if (found == records.end())
        continue;
      KnownRecord &known = found->second;
      known.isUsed = true;
      auto emitError = [&]() -> InFlightDiagnostic {
        return kernel.emitError() << known.source << ", for kernel '" << kernel.getKernelName() << "' ("
                                  << dlc::stringifyKernelKind(kernel.getKind()) << ") on " << machine << ": ";
      };
      FailureOr<dlc::TileSubject> subject = dlc::TileSubject::read(kernel, emitError);
      if (failed(subject))
        return failure();
      const dlc::SchedulePoint &point = known.record.point;
      auto legal = dlc::TargetInterface::get(&getContext()).createSchedules(*subject, *dlc::findMachine(machine));
      if (std::string problem = legal->findProblem(point); !problem.empty())
        return emitError() << problem;
      // The program gives out ranges of one dimension, whatever machine it finds.
      if (schedules.size() > 1 && point.split != schedule.getSplit())
        return emitError() << "it splits dimension " << point.split << ", and the other machines of the library split "
                           << schedule.getSplit();
      attribute = point.toAttribute(&getContext(), machine);
      isChanged = true;
    }
    if (isChanged)
      kernel.setSchedulesAttr(ArrayAttr::get(&getContext(), schedules));
    return success();
  }

  std::map<std::string, KnownRecord> records; ///< by fingerprint and machine
};

} // namespace
