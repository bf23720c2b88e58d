// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/PageText.h"
#include "tools/driver/ReportPictures.h"
#include "llvm/Support/FormatVariadic.h"
#include <set>

using namespace dlc;
using llvm::formatv;

namespace {
/// A row per launch, in program order. What the next launch reads flows straight down; what a later one reads runs in a
/// lane on the left, as branches do in pictures of version control.
class GraphPicture {
public:
  explicit GraphPicture(const ReportedEntry &entry) : entry(entry) { assignLanes(); }

  std::string draw() {
    double labels = spine + 16, width = labels + 760;
    double height = rowHeight * static_cast<double>(entry.launches.size()) + 12;
    svg = formatv("<svg viewBox='0 0 {0:f0} {1:f0}' style='min-width:{0:f0}px;max-width:{0:f0}px' role='img' "
                  "aria-label='Kernels of {2}'>\n",
                  width, height, escapeHtml(entry.name))
              .str();
    for (const Edge &edge : edges)
      drawEdge(edge);
    for (size_t row = 0; row < entry.launches.size(); ++row)
      drawLaunch(row, labels);
    return svg + "</svg>\n";
  }

private:
  static constexpr double rowHeight = 26;
  /// From launch `from` to those of `readers`, the last of which ends the lane.
  struct Edge {
    size_t from;
    std::set<size_t> readers;
    std::string name;
    int64_t bytes;
    int lane; ///< -1: the next launch is the only one that reads it
  };

  double center(size_t row) const { return 6 + rowHeight * (static_cast<double>(row) + 0.5); }
  double lanePosition(int lane) const { return spine - laneStep * static_cast<double>(lane + 1); }

  void assignLanes() {
    std::map<size_t, Edge> byWriter;
    for (size_t row = 0; row < entry.launches.size(); ++row)
      for (const ReportedOperand &operand : entry.launches[row].operands) {
        auto from = static_cast<size_t>(operand.producer);
        if (operand.producer < 0 || from >= row)
          continue;
        Edge &edge = byWriter.try_emplace(from, Edge{from, {}, operand.name, operand.bytes, -1}).first->second;
        edge.readers.insert(row);
      }
    // Shorter edges take the inner lanes.
    for (auto &[from, edge] : byWriter)
      edges.push_back(edge);
    std::sort(edges.begin(), edges.end(), [](const Edge &a, const Edge &b) {
      return std::pair(*a.readers.rbegin() - a.from, a.from) < std::pair(*b.readers.rbegin() - b.from, b.from);
    });
    std::vector<std::vector<std::pair<size_t, size_t>>> taken;
    for (Edge &edge : edges) {
      size_t last = *edge.readers.rbegin();
      if (last == edge.from + 1)
        continue;
      size_t lane = 0;
      for (; lane < taken.size(); ++lane)
        if (llvm::none_of(taken[lane], [&](auto range) { return range.first < last && edge.from < range.second; }))
          break;
      if (lane == taken.size())
        taken.emplace_back();
      taken[lane].push_back({edge.from, last});
      edge.lane = static_cast<int>(lane);
    }
    // A training step has a hundred of them.
    constexpr double widest = 220;
    laneStep = std::min(9.0, widest / static_cast<double>(taken.size() + 1));
    spine = laneStep * static_cast<double>(taken.size() + 1) + 10;
  }

  void drawEdge(const Edge &edge) {
    std::string path;
    double from = center(edge.from);
    for (size_t reader : edge.readers) {
      double to = center(reader);
      if (reader == edge.from + 1)
        path += formatv("M{0:f1},{1:f1}V{2:f1}", spine, from, to);
      else
        path += formatv("M{0:f1},{1:f1}C{2:f1},{1:f1} {2:f1},{1:f1} {2:f1},{3:f1}V{4:f1}C{2:f1},{5:f1} {2:f1},{5:f1} "
                        "{0:f1},{5:f1}",
                        spine, from, lanePosition(edge.lane), from + rowHeight / 2, to - rowHeight / 2, to);
    }
    std::string readers;
    for (size_t reader : edge.readers)
      readers += (readers.empty() ? "" : ", ") + entry.launches[reader].layer;
    svg += formatv("<path class='edge' stroke='{0}' d='{1}'><title>{2}{3}, read by {4}</title></path>\n",
                   getKindColor(entry.launches[edge.from].kind), path, escapeHtml(edge.name),
                   edge.bytes ? ": " + formatBytes(static_cast<double>(edge.bytes)) : "", escapeHtml(readers));
  }

  void drawLaunch(size_t row, double labels) {
    const ReportedLaunch &launch = entry.launches[row];
    double y = center(row);
    svg +=
        formatv("<g class='launch'><title>launch {0}: {1}\n{2}, {3}\n{4}</title><circle cx='{5:f1}' cy='{6:f1}' r='5' "
                "fill='{7}'/><text class='layer' x='{8:f1}' y='{9:f1}'>{10}</text>",
                row, escapeHtml(launch.layer), launch.kind, escapeHtml(launch.kernel), escapeHtml(launch.result), spine,
                y, getKindColor(launch.kind), labels, y + 4, escapeHtml(shorten(launch.layer, 30)));
    double x = labels + 200, end = labels + 560;
    // Equal ops in a row are one box.
    for (size_t op = 0; op < launch.ops.size();) {
      size_t next = op;
      while (next < launch.ops.size() && launch.ops[next] == launch.ops[op])
        ++next;
      std::string text = launch.ops[op] + (next - op > 1 ? " ×" + std::to_string(next - op) : "");
      double width = 6.4 * static_cast<double>(text.size()) + 8;
      if (x + width > end && next < launch.ops.size()) {
        svg += formatv("<text x='{0:f1}' y='{1:f1}'>+{2}</text>", x + 2, y + 4, launch.ops.size() - op);
        break;
      }
      svg += formatv("<rect class='op' x='{0:f1}' y='{1:f1}' width='{2:f1}' height='18' rx='3' stroke='{3}'/>"
                     "<text x='{4:f1}' y='{5:f1}'>{6}</text>",
                     x, y - 9, width, getKindColor(launch.kind), x + 4, y + 4, escapeHtml(text));
      x += width + 4;
      op = next;
    }
    std::string ends;
    for (const ReportedOperand &operand : launch.operands)
      if (operand.producer < 0)
        ends += (ends.empty() ? "" : ", ") + operand.name;
    ends = ends.empty() ? "" : "reads " + ends;
    for (const std::string &output : launch.outputs)
      ends += (ends.empty() ? "→ " : " → ") + output;
    svg += formatv("<text class='ends' x='{0:f1}' y='{1:f1}'>{2}</text></g>\n", end + 8, y + 4,
                   escapeHtml(shorten(ends, 32)));
  }

  const ReportedEntry &entry;
  std::vector<Edge> edges;
  double laneStep = 9, spine = 10;
  std::string svg;
};
} // namespace

std::string dlc::drawGraph(const ReportedEntry &entry) { return GraphPicture(entry).draw(); }
