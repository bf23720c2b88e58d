// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a training run reports while it runs: to people, or (one JSON object per line) to programs.
#ifndef DLC_TOOLS_DLC_RUN_TRAIN_PROGRESS_H
#define DLC_TOOLS_DLC_RUN_TRAIN_PROGRESS_H

#include "tools/dlc-run/train/History.h"

#include <chrono>

namespace dlcrun {

class Progress {
public:
  explicit Progress(bool isJson);
  ~Progress() { clearBar(); }
  Progress(const Progress &) = delete;

  /// A line of JSON, or nothing.
  void event(const char *name, const nlohmann::ordered_json &fields);
  /// A line for people; as JSON {"event": "note", "text": ...}.
  void note(const std::string &text);
  /// Redraws the bar; only on a terminal.
  void step(size_t epoch, size_t epochs, size_t step, size_t steps, double loss, size_t rows);
  /// The end of an epoch.
  void epoch(const EpochRecord &record, size_t epochs, double seconds);

private:
  void clearBar();

  bool isJson, hasBar;
  bool isDrawn = false;
  std::chrono::steady_clock::time_point lastDrawn, epochBegan;
  size_t rowsSince = 0;
};

} // namespace dlcrun

#endif // DLC_TOOLS_DLC_RUN_TRAIN_PROGRESS_H
