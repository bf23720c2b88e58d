// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/PageText.h"
#include "tools/driver/ReportPictures.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace dlc;
using llvm::formatv;

namespace {
/// Where launches and addresses are on the page.
class MemoryPicture {
public:
  explicit MemoryPicture(const ReportedEntry &entry) : entry(entry), top(std::max<int64_t>(entry.arenaBytes, 1)) {
    for (const ArenaSpan &span : entry.arena)
      top = std::max(top, span.offset + span.bytes);
    launches = std::max<int64_t>(static_cast<int64_t>(entry.launches.size()), 1);
    // A launch of a long program gets as much room as its name needs to be pointed at.
    constexpr double leastStep = 7, pageWidth = 1000;
    step = std::max((pageWidth - left) / static_cast<double>(launches), leastStep);
    width = left + step * static_cast<double>(launches);
    // So do the many tensors that a training step keeps.
    constexpr size_t manySpans = 60;
    if (entry.arena.size() > manySpans)
      bottom = 900;
  }

  std::string draw() {
    svg = formatv("<svg viewBox='0 0 {0:f0} {1:f0}' style='min-width:{0:f0}px' role='img' "
                  "aria-label='Memory of {2} over time'>\n",
                  width + right, bottom + 34, escapeHtml(entry.name))
              .str();
    drawLive();
    drawAxes();
    for (size_t number = 0; number < entry.arena.size(); ++number)
      drawSpan(entry.arena[number], number);
    return svg + "</svg>\n";
  }

private:
  static constexpr double left = 64, right = 8, liveTop = 20, liveHeight = 60, arenaTop = 96;

  double x(double launch) const { return left + launch * step; }
  double y(int64_t address) const {
    return bottom - static_cast<double>(address) / static_cast<double>(top) * (bottom - arenaTop);
  }

  /// What is live during each launch, as a curve.
  void drawLive() {
    std::vector<int64_t> live(static_cast<size_t>(launches));
    for (const ArenaSpan &span : entry.arena)
      for (int64_t launch = span.first; launch <= span.last; ++launch)
        live[static_cast<size_t>(launch)] += span.bytes;
    auto peak = std::max_element(live.begin(), live.end());
    std::string path = formatv("M{0:f1},{1:f1}", x(0), liveTop + liveHeight).str();
    for (int64_t launch = 0; launch < launches; ++launch) {
      double height = static_cast<double>(live[static_cast<size_t>(launch)]) /
                      static_cast<double>(std::max<int64_t>(*peak, 1)) * liveHeight;
      path += formatv("V{0:f1}H{1:f1}", liveTop + liveHeight - height, x(static_cast<double>(launch + 1))).str();
    }
    int64_t where = peak - live.begin();
    svg += formatv("<path class='live' d='{0}V{1:f1}Z'/>\n", path, liveTop + liveHeight);
    for (int64_t launch = 0; launch < launches; ++launch)
      svg +=
          formatv("<rect class='column' x='{0:f1}' y='{6}' width='{1:f2}' height='{2}'><title>launch {3}, {4}: {5} live"
                  "</title></rect>\n",
                  x(static_cast<double>(launch)), step, liveHeight, launch, nameOf(launch),
                  formatBytes(static_cast<double>(live[static_cast<size_t>(launch)])), liveTop);
    bool isLate = where * 2 > launches;
    svg += formatv("<text x='{0:f1}' y='13' text-anchor='{1}'>peak {2}: launch {3}, {4}</text>\n",
                   x(static_cast<double>(where)) + (isLate ? step : 0), isLate ? "end" : "start",
                   formatBytes(static_cast<double>(*peak)), where, nameOf(where));
  }

  void drawAxes() {
    svg += formatv("<rect class='frame' x='{0}' y='{1}' width='{2:f1}' height='{3}'/>\n", left, arenaTop, width - left,
                   bottom - arenaTop);
    for (int part = 0; part <= 4; ++part) {
      int64_t address = top / 4 * part;
      svg += formatv("<line class='grid' x1='{0}' x2='{1:f1}' y1='{2:f1}' y2='{2:f1}'/><text x='{3}' y='{4:f1}' "
                     "text-anchor='end'>{5}</text>\n",
                     left, width, y(address), left - 6, y(address) + 4, formatBytes(static_cast<double>(address)));
    }
    // A label every hundred pixels or so, at round numbers.
    int64_t every = 1;
    for (int64_t factor : {2, 5, 10, 20, 50, 100, 200, 500, 1000})
      if (static_cast<double>(every) * step < 90)
        every = factor;
    for (int64_t launch = 0; launch < launches; launch += every)
      svg += formatv("<text x='{0:f1}' y='{1}'>{2}</text>\n", x(static_cast<double>(launch)), bottom + 15, launch);
    svg += formatv("<text x='{0:f1}' y='{1}'>launch</text>\n", left, bottom + 30);
  }

  void drawSpan(const ArenaSpan &span, size_t number) {
    double from = x(static_cast<double>(span.first)), length = static_cast<double>(span.last - span.first + 1) * step;
    double height = std::max(y(span.offset) - y(span.offset + span.bytes), 0.75);
    std::string kind = span.first < launches ? entry.launches[static_cast<size_t>(span.first)].kind : "";
    // Neighbours of one kind differ in lightness.
    static const char *const opacities[] = {"0.85", "0.62", "0.74"};
    svg += formatv("<g class='block'><rect x='{0:f1}' y='{1:f2}' width='{2:f1}' height='{3:f2}' fill='{4}' "
                   "fill-opacity='{5}'/><title>{6}: {7} at {8}\nfrom launch {9}, {10}\nto launch {11}, {12}</title>",
                   from, y(span.offset + span.bytes), length, height, getKindColor(kind), opacities[number % 3],
                   escapeHtml(span.writer), formatBytes(static_cast<double>(span.bytes)), span.offset, span.first,
                   nameOf(span.first), span.last, nameOf(span.last));
    // A letter is some six pixels wide.
    auto letters = static_cast<size_t>(length / 6.2);
    if (height >= 12 && letters >= 4)
      svg += formatv("<text class='name' x='{0:f1}' y='{1:f1}'>{2}</text>", from + 3,
                     y(span.offset + span.bytes) + height / 2 + 4, escapeHtml(shorten(span.writer, letters)));
    svg += "</g>\n";
  }

  std::string nameOf(int64_t launch) const {
    return launch < static_cast<int64_t>(entry.launches.size())
               ? escapeHtml(entry.launches[static_cast<size_t>(launch)].layer)
               : "";
  }

  const ReportedEntry &entry;
  int64_t top, launches = 1;
  double step = 1, width = 0, bottom = 480;
  std::string svg;
};
} // namespace

std::string dlc::drawMemory(const ReportedEntry &entry) { return MemoryPicture(entry).draw(); }
