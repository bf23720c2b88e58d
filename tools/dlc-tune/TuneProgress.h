// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a person sees of a search.
#ifndef DLC_TOOLS_DLC_TUNE_TUNEPROGRESS_H
#define DLC_TOOLS_DLC_TUNE_TUNEPROGRESS_H

#include <chrono>
#include <string>

namespace dlc::tune {

/// A bar with the time and the gain so far, on terminals only, and lines that stay.
class TuneProgress {
public:
  explicit TuneProgress(double seconds);
  ~TuneProgress() { clear(); }
  TuneProgress(const TuneProgress &) = delete;

  double getElapsed() const;
  bool isOver() const { return getElapsed() >= seconds; }
  /// Draws the bar anew: `gain` is how many times as fast the kernels are.
  void draw(double gain, size_t trials, const std::string &what);
  /// Prints a line above the bar.
  void print(const std::string &line);

private:
  void clear();

  double seconds;
  std::chrono::steady_clock::time_point began;
  bool hasBar, isDrawn = false;
};

} // namespace dlc::tune

#endif // DLC_TOOLS_DLC_TUNE_TUNEPROGRESS_H
