// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-run/Progress.h"

#include "tools/dlc-run/Interruption.h"

#include <algorithm>
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

void Progress::begin(const RunBeginning &beginning) {
  event("begin", {{"model", beginning.model},
                  {"rows", beginning.rows},
                  {"validation_rows", beginning.validationRows},
                  {"batch", beginning.batch},
                  {"steps_per_epoch", beginning.stepsPerEpoch},
                  {"epochs", beginning.epochs},
                  {"classes", beginning.classNames},
                  {"resumed", beginning.isResumed}});
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
  if (step <= 1 || !rowsSince) {
    epochBegan = now;
    rowsSince = 0;
  }
  rowsSince += rows;
  if (isDrawn && now - lastDrawn < std::chrono::milliseconds(100))
    return;
  lastDrawn = now;
  isDrawn = true;
  constexpr size_t width = 24;
  size_t filled = std::min(width, width * step / std::max<size_t>(steps, 1));
  double seconds = std::chrono::duration<double>(now - epochBegan).count();
  std::string bar = std::string(filled, '=') + std::string(width - filled, ' ');
  std::fprintf(stderr, "\r\033[Kepoch %zu/%zu [%s] %zu/%zu  loss %.5g", epoch, epochs, bar.c_str(), step, steps, loss);
  if (seconds > 0.5)
    std::fprintf(stderr, "  %.0f rows/s", static_cast<double>(rowsSince) / seconds);
  std::fflush(stderr);
}

void Progress::epoch(const EpochRecord &record, size_t epochs, double seconds) {
  clearBar();
  rowsSince = 0;
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
  if (end.confusion) {
    nlohmann::ordered_json &rows = fields["confusion"] = nlohmann::ordered_json::array();
    for (size_t label = 0; label < end.confusion->size(); ++label) {
      rows.push_back(nlohmann::ordered_json::array());
      for (size_t prediction = 0; prediction < end.confusion->size(); ++prediction)
        rows.back().push_back(end.confusion->at(label, prediction));
    }
  }
  event("end", fields);
}

bool Progress::isInterrupted() const { return interruption() != 0; }
