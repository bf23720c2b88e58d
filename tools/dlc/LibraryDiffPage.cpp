// SPDX-License-Identifier: Apache-2.0
// A comparison of libraries as a page.
#include "tools/dlc/LibraryDiff.h"
#include "tools/driver/PageText.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

using namespace dlc;
using llvm::formatv;

static const char *const style = R"(
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 1.5rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; overflow-wrap: anywhere } h2 { margin-top: 2rem; font-size: 1.2rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100% } table.short { width: auto }
th, td { text-align: left; padding: .25rem .7rem; border-bottom: 1px solid #8884; vertical-align: top }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
code { font-size: 12px; overflow-wrap: anywhere } .less { color: #2f8f5b } .more { color: #cf5a4f }
.bars { min-width: 9rem } .bars div { height: .55em; margin: .25em 0; min-width: 1px }
.first { background: #8b8f98 } .second { background: #6b8fd6 }
.key { margin-right: 1.2em } .key i { display: inline-block; width: .8em; height: .8em; margin-right: .35em }
)";

namespace {
class DiffPage {
public:
  explicit DiffPage(const LibraryDiff &diff) : diff(diff), stream(page) {}

  std::string write() {
    const profile::LibraryContents &before = diff.before.contents, &after = diff.after.contents;
    stream << beginPage(before.model + ": comparison", before.path + " and " + after.path, style);
    stream << formatv(
        "<p>{0} launches are equal, {1} differ.</p>\n<p><span class='key'><i class='first'></i>first: {2} "
        "</span><span class='key'><i class='second'></i>second: {3}</span></p>\n",
        diff.equal, diff.different.size(), escapeHtml(before.path), escapeHtml(after.path));
    writeTotals();
    writeLaunches();
    stream << "</html>\n";
    return std::move(page);
  }

private:
  static std::string getChange(double before, double after) {
    if (std::isnan(before) || std::isnan(after) || !(before > 0))
      return "";
    if (before == after)
      return "=";
    return formatv("<span class='{0}'>{1}{2:f1} %</span>", after > before ? "more" : "less", after > before ? "+" : "",
                   100 * (after / before - 1))
        .str();
  }

  void writeRow(llvm::StringRef what, llvm::StringRef before, llvm::StringRef after, llvm::StringRef change) {
    stream << formatv("<tr><td>{0}<td class='number'>{1}<td class='number'>{2}<td class='number'>{3}</tr>\n",
                      escapeHtml(what), before, after, change);
  }

  void writeTotals() {
    const profile::LibraryContents &before = diff.before.contents, &after = diff.after.contents;
    stream
        << "<h2>Sizes and times</h2>\n<table class='short'>\n<tr><th><th class='number'>first<th class='number'>second"
           "<th class='number'>change</tr>\n";
    for (auto [what, member] : {std::pair("model", &profile::LibraryContents::model),
                                std::pair("compiler", &profile::LibraryContents::compiler),
                                std::pair("target", &profile::LibraryContents::target)})
      writeRow(what, escapeHtml(before.*member), escapeHtml(after.*member), before.*member == after.*member ? "=" : "");
    std::map<std::string, uint64_t> old(before.sizes.begin(), before.sizes.end()),
        changed(after.sizes.begin(), after.sizes.end());
    std::set<std::string> seen;
    auto find = [](const std::map<std::string, uint64_t> &sizes, const std::string &name) {
      auto found = sizes.find(name);
      return found == sizes.end() ? NAN : static_cast<double>(found->second);
    };
    auto format = [](double bytes) { return std::isnan(bytes) ? "not known" : formatBytes(bytes); };
    for (const auto *sizes : {&before.sizes, &after.sizes})
      for (const auto &[name, bytes] : *sizes)
        if (double first = find(old, name), second = find(changed, name);
            seen.insert(name).second && (first > 0 || second > 0))
          writeRow(name, format(first), format(second), getChange(first, second));
    writeTotal("predicted", diff.predicted, true, true);
    if (diff.before.measured || diff.after.measured)
      writeTotal("measured", diff.measured, diff.before.measured.has_value(), diff.after.measured.has_value());
    stream << "</table>\n";
  }

  void writeTotal(llvm::StringRef what, const DiffTimes &times, bool isOldKnown, bool isNewKnown) {
    writeRow(what, isOldKnown ? formatNanoseconds(times.before) : "not given",
             isNewKnown ? formatNanoseconds(times.after) : "not given",
             isOldKnown && isNewKnown ? getChange(times.before, times.after) : "");
  }

  void writeLaunches() {
    if (diff.different.empty())
      return;
    bool isMeasured = diff.before.measured || diff.after.measured;
    stream << "<h2>Launches that differ</h2>\n<div class='wide'><table>\n<tr><th>layer<th>what<th "
              "class='number'>predicted"
           << (isMeasured ? "<th class='number'>measured" : "") << "<th class='bars'>"
           << (isMeasured ? "measured" : "predicted") << "</tr>\n";
    double longest = 1;
    for (const DiffLaunch &launch : diff.different)
      for (const DiffTimes &times : {isMeasured ? launch.measured : launch.predicted})
        for (double time : {times.before, times.after})
          if (time > longest)
            longest = time;
    for (const DiffLaunch &launch : diff.different) {
      const profile::LaunchContents &contents = launch.get();
      stream << formatv("<tr><td>{0}<br><code>{1}</code><td>{2}", escapeHtml(contents.layer),
                        escapeHtml(contents.kernel), escapeHtml(contents.kind));
      if (!launch.isCommon())
        stream << (launch.before ? "<br>only in the first" : "<br>only in the second");
      for (const std::string &change : launch.changes)
        stream << "<br><code>" << escapeHtml(change) << "</code>";
      writeTimes(launch.predicted);
      if (isMeasured)
        writeTimes(launch.measured);
      const DiffTimes &times = isMeasured ? launch.measured : launch.predicted;
      stream << "<td class='bars'>";
      for (auto [name, time] : {std::pair("first", times.before), std::pair("second", times.after)})
        if (time > 0)
          stream << formatv("<div class='{0}' style='width:{1:f1}%'></div>", name, 100 * time / longest);
      stream << "</tr>\n";
    }
    stream << "</table></div>\n";
  }

  void writeTimes(const DiffTimes &times) {
    stream << "<td class='number'>";
    bool isOldKnown = !std::isnan(times.before), isNewKnown = !std::isnan(times.after);
    if (isOldKnown)
      stream << formatNanoseconds(times.before) << "<br>";
    if (isNewKnown)
      stream << formatNanoseconds(times.after) << "<br>";
    if (isOldKnown && isNewKnown)
      stream << getChange(times.before, times.after);
  }

  const LibraryDiff &diff;
  std::string page;
  llvm::raw_string_ostream stream;
};
} // namespace

std::string LibraryDiff::toHtml() const { return DiffPage(*this).write(); }
