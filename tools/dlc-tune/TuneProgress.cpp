// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-tune/TuneProgress.h"
#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace dlc::tune {

TuneProgress::TuneProgress(double seconds)
    : seconds(seconds), began(std::chrono::steady_clock::now()), hasBar(isatty(STDERR_FILENO) != 0) {}

double TuneProgress::getElapsed() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

void TuneProgress::clear() {
  if (isDrawn)
    std::fprintf(stderr, "\r\033[K");
  isDrawn = false;
}

void TuneProgress::draw(double gain, size_t trials, const std::string &what) {
  if (!hasBar)
    return;
  clear();
  constexpr int width = 24;
  double elapsed = getElapsed();
  int filled = static_cast<int>(width * std::min(elapsed / std::max(seconds, 1e-3), 1.0));
  auto minutes = [](double value) { return static_cast<int>(value) / 60; };
  auto rest = [](double value) { return static_cast<int>(value) % 60; };
  std::fprintf(stderr, "[%s%s] %d:%02d of %d:%02d, %zu schedules, %.3f times as fast, %.30s",
               std::string(static_cast<size_t>(filled), '=').c_str(),
               std::string(static_cast<size_t>(width - filled), ' ').c_str(), minutes(elapsed), rest(elapsed),
               minutes(seconds), rest(seconds), trials, gain, what.c_str());
  std::fflush(stderr);
  isDrawn = true;
}

void TuneProgress::print(const std::string &line) {
  clear();
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

} // namespace dlc::tune
