// SPDX-License-Identifier: Apache-2.0
// A summary as tables.
#include "profile/Formatting.h"
#include "profile/Summary.h"

using namespace dlc::profile;

namespace {

constexpr size_t pageWidth = 100;

/// The columns before the name, which takes the rest of the line.
struct Columns {
  std::string text;
  void add(const std::string &field, size_t width) { text += alignRight(field, width) + ' '; }
};

std::string nameOf(const SummaryRow &row, Grouping grouping) {
  switch (grouping) {
  case Grouping::Layer:
    return row.layer + (row.kind.empty() ? "" : " (" + row.kind + ")");
  case Grouping::Kernel:
    return row.kernel + (row.kind.empty() ? "" : " (" + row.kind + ")");
  case Grouping::Kind:
    return row.kind;
  case Grouping::Launch:
    break;
  }
  return row.layer + " (" + row.kind + ", " + row.kernel + ")";
}

} // namespace

std::string Summary::toText(Grouping grouping, size_t limit) const {
  std::string page;
  bool hasRoof = roof.has_value(), isParallel = threads > 1;
  static const char *const titles[] = {"layer (kind, kernel)", "layer", "kernel", "kind"};
  std::vector<SummaryRow> rows = groupBy(grouping);
  for (const SummaryEntry &entry : entries) {
    page += model + ", " + entry.name + ": " + formatSeconds(entry.seconds / entry.runs) + " per run, " +
            std::to_string(static_cast<long long>(entry.runs)) + (entry.runs == 1 ? " run" : " runs") +
            (entry.recordedRuns < entry.runs
                 ? " (" + std::to_string(static_cast<long long>(entry.recordedRuns)) + " recorded)"
                 : "") +
            ", " + std::to_string(threads) + (threads == 1 ? " thread" : " threads") + "\n";
    Columns head;
    head.add("time", 9);
    head.add("share", 7);
    head.add("calls", 6);
    head.add("GFLOP/s", 7);
    head.add("GB/s", 6);
    if (hasRoof)
      head.add("roof", 5);
    if (isParallel) {
      head.add("threads", 7);
      head.add("waiting", 7);
    }
    page += head.text + ' ' + titles[static_cast<int>(grouping)] + '\n';

    size_t shown = 0, hidden = 0;
    double hiddenSeconds = 0;
    for (const SummaryRow &row : rows) {
      if (row.entry != entry.name)
        continue;
      if (limit && shown == limit) {
        ++hidden;
        hiddenSeconds += row.seconds;
        continue;
      }
      ++shown;
      Columns line;
      line.add(formatSeconds(row.seconds / entry.runs), 9);
      line.add(formatShare(row.seconds / entry.seconds), 7);
      line.add(formatNumber(row.calls / entry.runs), 6);
      line.add(formatNumber(row.operations / row.seconds * 1e-9), 7);
      line.add(formatNumber(row.bytes / row.seconds * 1e-9), 6);
      if (hasRoof)
        line.add(row.roofSeconds > 0 ? formatNumber(100 * row.roofSeconds / row.seconds) + '%' : "-", 5);
      if (isParallel) {
        line.add(formatNumber(row.threads()), 7);
        line.add(formatShare(row.waitingShare()), 7);
      }
      page += line.text + ' ' + shorten(nameOf(row, grouping), pageWidth - line.text.size() - 1) + '\n';
    }
    auto addTotal = [&](double seconds, const std::string &what) {
      Columns line;
      line.add(formatSeconds(seconds / entry.runs), 9);
      line.add(formatShare(seconds / entry.seconds), 7);
      page += line.text + ' ' + what + '\n';
    };
    if (hidden)
      addTotal(hiddenSeconds, std::to_string(hidden) + " more");
    addTotal(entry.launchSeconds, "sum of the kernels");
    addTotal(entry.seconds - entry.launchSeconds, "between kernels: checks, halos, copies, the program itself");
    addTotal(entry.seconds, "a run");
    if (wallSeconds > 0 && entries.size() == 1)
      page += "The kernels are " + formatShare(entry.launchSeconds / wallSeconds) + " of the " +
              formatSeconds(wallSeconds / entry.runs) + " per run on the clock around all runs.\n";
  }
  if (!entries.empty() && !hasRoof)
    page += "Measure what this machine can do by 'dlc-run roof', and each kernel is compared with it.\n";
  return page;
}
