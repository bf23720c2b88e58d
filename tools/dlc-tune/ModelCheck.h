// SPDX-License-Identifier: Apache-2.0
/// \file
/// Whether records make the whole model faster.
#ifndef DLC_TOOLS_DLC_TUNE_MODELCHECK_H
#define DLC_TOOLS_DLC_TUNE_MODELCHECK_H

#include "passes/schedule/ScheduleRecords.h"
#include "tools/dlc-tune/Measurement.h"
#include "tools/driver/CompileOptions.h"

namespace dlc::tune {

/// Compiles the model with and without records and runs both. What is faster alone may be slower among others, which
/// fill the caches in other ways.
class ModelCheck {
public:
  /// `model`: as it was tuned; `signature`: that of its first entry point.
  ModelCheck(CompileOptions model, Signature signature, const MeasurementOptions &options, std::string folder);

  /// Records, and the time of the model with them and with the compiler's own schedules; no time without records.
  struct Result {
    std::vector<ScheduleRecord> records;
    std::optional<Comparison> times;
  };

  /// The records that do not slow the model down: all of them, or of each half what is good of it.
  llvm::Expected<Result> keepGood(llvm::ArrayRef<ScheduleRecord> records);

private:
  llvm::Expected<Comparison> measure(llvm::ArrayRef<ScheduleRecord> records);
  llvm::Error compileModel(const std::string &library, llvm::ArrayRef<ScheduleRecord> records);

  CompileOptions model;
  Signature signature;
  MeasurementOptions options;
  std::string folder, reference;
};

} // namespace dlc::tune

#endif // DLC_TOOLS_DLC_TUNE_MODELCHECK_H
