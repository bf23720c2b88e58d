// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/PageText.h"
#include "tools/driver/ReportPictures.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>
#include <cmath>

using namespace dlc;
using llvm::formatv;

namespace {
/// A launch on the plot.
struct Dot {
  const ReportedLaunch *launch;
  double intensity;           ///< operations per byte
  double predicted, measured; ///< operations per nanosecond; 0: unknown
  double nanoseconds;         ///< measured, or else predicted
};

/// Both axes are logarithmic.
class RooflinePicture {
public:
  explicit RooflinePicture(const Report &report) : report(report) {
    gatherRoof();
    for (const ReportedEntry &entry : report.entries)
      for (const ReportedLaunch &launch : entry.launches)
        addDot(entry, launch);
    // The longest are behind, so that none hides another.
    std::sort(dots.begin(), dots.end(), [](const Dot &a, const Dot &b) {
      return std::tuple(b.nanoseconds, a.launch->layer, a.launch->kernel) <
             std::tuple(a.nanoseconds, b.launch->layer, b.launch->kernel);
    });
    double total = 0;
    for (const Dot &dot : dots)
      total += dot.nanoseconds;
    longest = dots.empty() ? 1 : std::max(dots.front().nanoseconds, 1.0);
    share = total > 0 ? 100 / total : 0;
    chooseRange();
  }

  std::string draw() {
    svg = formatv("<svg viewBox='0 0 {0} {1}' style='min-width:640px' role='img' aria-label='Roofline'>\n", width,
                  bottom + 40)
              .str();
    drawAxes();
    drawRoof();
    for (const Dot &dot : dots)
      drawDot(dot);
    drawNames();
    return svg + "</svg>\n";
  }

private:
  static constexpr double left = 56, width = 1000, topEdge = 10, bottom = 400;

  void gatherRoof() {
    peak = report.machine.operationsPerNanosecond;
    levels = report.machine.bandwidths;
    if (!report.measured || !report.measured->roof)
      return;
    const profile::Roof &roof = *report.measured->roof;
    auto rate = roof.gigaops.find("f32");
    if (rate != roof.gigaops.end())
      peak = rate->second.of(report.measured->threads, roof.cores);
    levels.clear();
    for (const profile::MemoryLevel &level : roof.memory)
      levels.push_back({level.name, level.gigabytes.of(report.measured->threads, roof.cores)});
  }

  void addDot(const ReportedEntry &entry, const ReportedLaunch &launch) {
    double operations = launch.operations, bytes = launch.bytes, predicted = launch.predictedNanoseconds, measured = 0;
    if (report.measured)
      if (const auto *found = report.measured->find(entry.name, launch.layer, launch.kernel)) {
        operations = found->operations;
        bytes = found->bytes;
        predicted = found->predictedSeconds * 1e9;
        measured = found->seconds * 1e9;
      }
    // What only moves has no operations, and its point would be at minus infinity.
    if (!(operations > 0) || !(bytes > 0))
      return;
    double time = measured > 0 ? measured : predicted;
    if (!(time > 0))
      return;
    dots.push_back({&launch, operations / bytes, predicted > 0 ? operations / predicted : 0,
                    measured > 0 ? operations / measured : 0, time});
  }

  void chooseRange() {
    double low = 0.25, high = 50, slow = peak / 50, fast = peak * 2;
    for (const Dot &dot : dots) {
      low = std::min(low, dot.intensity);
      high = std::max(high, dot.intensity);
      for (double rate : {dot.predicted, dot.measured})
        if (rate > 0) {
          slow = std::min(slow, rate);
          fast = std::max(fast, rate);
        }
    }
    // Four decades are enough to read; what is slower is at the edge.
    slow = std::max(slow, peak / 1e4);
    minX = std::log10(low) - 0.1;
    maxX = std::log10(high) + 0.2;
    minY = std::log10(slow) - 0.1;
    maxY = std::log10(fast) + 0.1;
  }

  double x(double intensity) const {
    return left + (std::log10(intensity) - minX) / (maxX - minX) * (width - left - 10);
  }
  double y(double rate) const {
    return bottom - (std::max(std::log10(rate), minY) - minY) / (maxY - minY) * (bottom - topEdge);
  }

  void drawAxes() {
    svg += formatv("<rect class='frame' x='{0}' y='{1}' width='{2}' height='{3}'/>\n", left, topEdge, width - left - 10,
                   bottom - topEdge);
    for (int decade = static_cast<int>(std::ceil(minX)); decade <= maxX; ++decade)
      svg += formatv("<line class='grid' x1='{0:f1}' x2='{0:f1}' y1='{1}' y2='{2}'/><text x='{0:f1}' y='{3}' "
                     "text-anchor='middle'>{4}</text>\n",
                     x(std::pow(10, decade)), topEdge, bottom, bottom + 16, label(decade));
    for (int decade = static_cast<int>(std::ceil(minY)); decade <= maxY; ++decade)
      svg += formatv("<line class='grid' x1='{0}' x2='{1}' y1='{2:f1}' y2='{2:f1}'/><text x='{3}' y='{4:f1}' "
                     "text-anchor='end'>{5}</text>\n",
                     left, width - 10, y(std::pow(10, decade)), left - 6, y(std::pow(10, decade)) + 4, label(decade));
    svg += formatv("<text x='{0}' y='{1}' text-anchor='end'>operations per byte</text>"
                   "<text x='{2}' y='24'>GFLOP/s</text>\n",
                   width - 12, bottom + 34, left + 6);
  }

  /// "0.01", "1", "1000".
  static std::string label(int decade) {
    std::string zeros(static_cast<size_t>(std::abs(decade)), '0');
    return decade >= 0 ? "1" + zeros : "0." + zeros.substr(1) + "1";
  }

  void drawRoof() {
    double named = std::pow(10, minX + 0.08);
    for (const auto &[name, bandwidth] : levels) {
      double ridge = peak / bandwidth, from = std::max(std::pow(10, minX), std::pow(10, minY) / bandwidth);
      if (from > ridge)
        continue;
      // Names are one after the other along lines that may be close together.
      named = std::max(named * 1.5, from * 1.1);
      svg +=
          formatv("<line class='roof' x1='{0:f1}' y1='{1:f1}' x2='{2:f1}' y2='{3:f1}'><title>{4}: {5:f1} GB/s</title>"
                  "</line><text x='{6:f1}' y='{7:f1}'>{4}</text>\n",
                  x(from), y(from * bandwidth), x(ridge), y(peak), escapeHtml(name), bandwidth, x(named) + 5,
                  y(named * bandwidth) + 12);
    }
    double first = std::max(levels.empty() ? 0 : peak / levels.front().second, std::pow(10, minX));
    svg +=
        formatv("<line class='roof' x1='{0:f1}' y1='{1:f1}' x2='{2}' y2='{1:f1}'><title>{3:f1} GFLOP/s</title></line>"
                "<text x='{0:f1}' y='{4:f1}'>{3:f0} GFLOP/s</text>\n",
                x(first), y(peak), width - 14, peak, y(peak) - 6);
  }

  void drawDot(const Dot &dot) {
    double radius = 3 + 7 * std::sqrt(dot.nanoseconds / longest);
    std::string color = getKindColor(dot.launch->kind);
    double at = x(dot.intensity);
    std::string title =
        formatv(
            "<title>{0} ({1}, {2})\n{3}{4}{5:f1} % of the time</title>", escapeHtml(dot.launch->layer),
            dot.launch->kind, escapeHtml(dot.launch->kernel),
            dot.measured > 0
                ? formatv("measured {0:f1} GFLOP/s in {1}\n", dot.measured, formatNanoseconds(dot.nanoseconds)).str()
                : "",
            dot.predicted > 0 ? formatv("predicted {0:f1} GFLOP/s\n", dot.predicted).str() : "",
            dot.nanoseconds * share)
            .str();
    svg += "<g class='dot'>";
    if (dot.measured > 0 && dot.predicted > 0)
      svg += formatv("<line x1='{0:f1}' x2='{0:f1}' y1='{1:f1}' y2='{2:f1}' stroke='{3}'/>", at, y(dot.measured),
                     y(dot.predicted), color);
    if (dot.predicted > 0)
      svg += formatv("<circle class='ring' cx='{0:f1}' cy='{1:f1}' r='{2:f1}' stroke='{3}'/>", at, y(dot.predicted),
                     dot.measured > 0 ? 3.5 : radius, color);
    if (dot.measured > 0)
      svg += formatv("<circle cx='{0:f1}' cy='{1:f1}' r='{2:f1}' fill='{3}'/>", at, y(dot.measured), radius, color);
    svg += title + "</g>\n";
  }

  /// The names of the longest launches, where there is room for them.
  void drawNames() {
    std::vector<std::pair<double, double>> taken;
    size_t named = 0;
    for (const Dot &dot : dots) {
      double at = x(dot.intensity), height = y(dot.measured > 0 ? dot.measured : dot.predicted);
      std::string name = shorten(dot.launch->layer, 22);
      double length = 6.5 * static_cast<double>(name.size());
      bool isLeft = at + 14 + length > width - 10;
      bool isFree = llvm::none_of(taken, [&](auto position) {
        return std::abs(position.first - at) < length + 30 && std::abs(position.second - height) < 14;
      });
      if (!isFree)
        continue;
      taken.push_back({at, height});
      svg += formatv("<text class='name' x='{0:f1}' y='{1:f1}' text-anchor='{2}'>{3}</text>\n",
                     at + (isLeft ? -12 : 12), height + 4, isLeft ? "end" : "start", escapeHtml(name));
      constexpr size_t mostNames = 8;
      if (++named == mostNames)
        break;
    }
  }

  const Report &report;
  std::vector<Dot> dots;
  double peak = 1, longest = 1, share = 0;
  std::vector<std::pair<std::string, double>> levels; ///< bytes per nanosecond
  double minX = 0, maxX = 1, minY = 0, maxY = 1;
  std::string svg;
};
} // namespace

std::string dlc::drawRoofline(const Report &report) { return RooflinePicture(report).draw(); }
