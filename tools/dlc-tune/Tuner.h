// SPDX-License-Identifier: Apache-2.0
/// \file
/// The search for faster schedules of a model's kernels.
#ifndef DLC_TOOLS_DLC_TUNE_TUNER_H
#define DLC_TOOLS_DLC_TUNE_TUNER_H

#include "tools/dlc-tune/Journal.h"
#include "tools/dlc-tune/Measurement.h"
#include "tools/dlc-tune/ModelCheck.h"
#include "tools/dlc-tune/ScheduleSearch.h"
#include "tools/dlc-tune/TuneProgress.h"
#include "tools/dlc-tune/TunedKernel.h"
#include "llvm/ADT/StringMap.h"

namespace dlc::tune {

struct TuneOptions {
  std::string output;    ///< path of the records
  double minutes = 10;   ///< of searching, beside compiling the model
  std::string layer;     ///< only kernels whose layer's name contains this
  uint64_t seed = 1;     ///< of the order in which schedules are tried
  bool explains = false; ///< prints every trial
  MeasurementOptions measurement;
  /// The model and its first entry point, to check the records in; none: it cannot run on random inputs.
  std::optional<std::pair<CompileOptions, Signature>> check;
};

/// Tunes the kernels of one model. What takes the most time gets the most trials.
class Tuner {
public:
  /// `kernels`: those of the model that can run alone, each once.
  Tuner(std::vector<std::unique_ptr<TunedKernel>> kernels, const TuneOptions &options);

  /// Searches until the time is over or nothing is left to try, and writes the records after every improvement. False
  /// if they cannot be written; that has been reported.
  bool run();

private:
  struct Task {
    std::unique_ptr<TunedKernel> kernel;
    ScheduleSearch search;
    std::string reference;  ///< the library with the compiler's choice
    double defaultTime = 0; ///< microseconds per run, of all equal kernels together
    std::unique_ptr<ChildProcess> pending;
    std::optional<SchedulePoint> candidate;
    std::string path; ///< of the candidate's library
    bool isExhausted = false;
    llvm::StringMap<Comparison> known =
        {}; ///< times by the contents of libraries: different schedules may give the same code
  };

  void resume();
  void measureDefaults();
  Task *startAny();
  void finishTrial(Task &task);
  void report(Task &task, const SchedulePoint &point, const Comparison *times, const std::string &problem);
  std::vector<ScheduleRecord> collectRecords() const;
  bool write(std::vector<ScheduleRecord> found);
  bool finish();
  double getGain() const;

  TuneOptions options;
  std::vector<std::unique_ptr<Task>> tasks;
  std::string folder, cpu;
  Journal journal;
  TuneProgress progress;
  size_t libraries = 0;
};

} // namespace dlc::tune

#endif // DLC_TOOLS_DLC_TUNE_TUNER_H
