// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a training run reports while it runs: to people, or (one JSON object per line) to programs.
#ifndef DLC_TOOLS_DLC_RUN_PROGRESS_H
#define DLC_TOOLS_DLC_RUN_PROGRESS_H

#include "training/TrainingObserver.h"

#include <chrono>

namespace dlcrun {

class Progress final : public dlc::training::TrainingObserver {
public:
  explicit Progress(bool isJson);
  ~Progress() override { clearBar(); }
  Progress(const Progress &) = delete;

  void begin(const dlc::training::RunBeginning &beginning) override;
  /// A line for people; as JSON {"event": "note", "text": ...}.
  void note(const std::string &text) override;
  /// Redraws the bar; only on a terminal.
  void step(size_t epoch, size_t epochs, size_t step, size_t steps, double loss, size_t rows) override;
  void epoch(const dlc::training::EpochRecord &record, size_t epochs, double seconds) override;
  void end(const dlc::training::RunEnd &end) override;
  /// By a signal.
  bool isInterrupted() const override;

private:
  /// A line of JSON, or nothing.
  void event(const char *name, const nlohmann::ordered_json &fields);
  void clearBar();

  bool isJson, hasBar;
  bool isDrawn = false, isEpochBegun = false;
  std::chrono::steady_clock::time_point lastDrawn, epochBegan;
  size_t firstStep = 0; ///< of this epoch that was seen: the first one, unless the run was resumed within it
  size_t rowsSince = 0; ///< that one
};

} // namespace dlcrun

#endif // DLC_TOOLS_DLC_RUN_PROGRESS_H
