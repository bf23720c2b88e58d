// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-run/Progress.h"

#include "tools/dlc-run/Interruption.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <unistd.h>

using namespace dlc::training;
using namespace dlcrun;
using Clock = std::chrono::steady_clock;

Progress::Progress(bool json) : isJson(json), hasBar(!json && isatty(STDERR_FILENO)) {}

void Progress::clearBar() {
  if (isDrawn)
    std::fputs("\r\033[K", stderr);
  isDrawn = false;
}

void Progress::event(const char *name, const nlohmann::ordered_json &fields) {
  if (!isJson)
    return;
  nlohmann::ordered_json line = {{"event", name}};
  line.update(fields);
  std::printf("%s\n", line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
  std::fflush(stdout);
}

static std::string countOf(size_t number, const char *what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

/// "45 s", "3 min", "2 h 10 min"
static std::string describeDuration(double seconds) {
  auto minutes = static_cast<size_t>(std::lround(seconds / 60));
  if (seconds < 99.5)
    return std::to_string(std::lround(seconds)) + " s";
  return minutes < 120 ? std::to_string(minutes) + " min"
                       : std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
}

void Progress::begin(const RunBeginning &beginning) {
  event("begin", {{"model", beginning.model},
                  {"rows", beginning.rows},
                  {"validation_rows", beginning.validationRows},
                  {"batch", beginning.batch},
                  {"steps_per_epoch", beginning.stepsPerEpoch},
                  {"epochs", beginning.epochs},
                  {"classes", beginning.classNames},
                  {"resumed", beginning.isResumed}});
  if (isJson)
    return;
  std::string line = beginning.model + ": " + countOf(beginning.rows, "row");
  if (beginning.validationRows)
    line += ", " + std::to_string(beginning.validationRows) + " more for validation";
  if (beginning.classes)
    line += ", " + std::to_string(beginning.classes) + " classes";
  line += ", batch " + std::to_string(beginning.batch) + ", " +
          (beginning.threads ? countOf(beginning.threads, "thread") : "one thread for each CPU");
  note(line);
}

void Progress::note(const std::string &text) {
  if (isJson)
    return event("note", {{"text", text}});
  clearBar();
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

void Progress::step(size_t epoch, size_t epochs, size_t step, size_t steps, double loss, size_t rows) {
  if (!hasBar)
    return;
  Clock::time_point now = Clock::now();
  if (step <= 1 || !isEpochBegun) {
    isEpochBegun = true;
    epochBegan = now;
    rowsSince = 0;
    firstStep = step;
  }
  rowsSince += step > firstStep ? rows : 0;
  if (isDrawn && now - lastDrawn < std::chrono::milliseconds(100))
    return;
  lastDrawn = now;
  isDrawn = true;
  constexpr size_t width = 24;
  size_t filled = std::min(width, width * step / std::max<size_t>(steps, 1));
  double seconds = std::chrono::duration<double>(now - epochBegan).count();
  std::string bar = std::string(filled, '=') + std::string(width - filled, ' ');
  std::fprintf(stderr, "\r\033[Kepoch %zu/%zu [%s] %zu/%zu  loss %.5g", epoch, epochs, bar.c_str(), step, steps, loss);
  // The first step of an epoch sets the clock, so that others give its speed.
  if (seconds > 0.5 && step > firstStep)
    std::fprintf(
        stderr, "  %.0f rows/s  %s left", static_cast<double>(rowsSince) / seconds,
        describeDuration(seconds / static_cast<double>(step - firstStep) * static_cast<double>(steps - step)).c_str());
  std::fflush(stderr);
}

void Progress::epoch(const EpochRecord &record, size_t epochs, double seconds) {
  clearBar();
  isEpochBegun = false;
  if (isJson) {
    nlohmann::ordered_json fields = toJson(record);
    fields["seconds"] = seconds;
    return event("epoch", fields);
  }
  std::string line = "epoch " + std::to_string(record.epoch) + "/" + std::to_string(epochs);
  char text[64];
  for (const auto &[name, value] : record.metrics) {
    std::snprintf(text, sizeof text, "  %s %.5g", name.c_str(), value);
    line += text;
  }
  if (record.learningRate) {
    std::snprintf(text, sizeof text, "  rate %.3g", *record.learningRate);
    line += text;
  }
  std::snprintf(text, sizeof text, "  %.2f s", seconds);
  std::printf("%s%s\n", line.c_str(), text);
  std::fflush(stdout);
}

void Progress::end(const RunEnd &end) {
  nlohmann::ordered_json fields = {{"epochs", end.epochs}, {"stopped_early", end.isStopped}};
  if (end.confusion)
    fields["confusion"] = toJson(*end.confusion);
  event("end", fields);
}

bool Progress::isInterrupted() const { return interruption() != 0; }
