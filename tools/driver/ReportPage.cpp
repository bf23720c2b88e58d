// SPDX-License-Identifier: Apache-2.0
// The page of a report: what it says in tables, and the pictures between them.
#include "tools/driver/PageText.h"
#include "tools/driver/Report.h"
#include "tools/driver/ReportPictures.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <set>

using namespace dlc;
using llvm::formatv;

static const char *const style = R"(
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 1.5rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { margin-top: 2.2rem; font-size: 1.25rem }
.wide { overflow-x: auto } .tall { overflow: auto; max-height: 36rem; border: 1px solid #8884; border-radius: 4px }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #8884; vertical-align: top }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
tr.layer td { font-weight: 600 } tr.part td:first-child { padding-left: 1.8rem }
table.short { width: auto } tr td:nth-child(2) { min-width: 13rem } table.short td:nth-child(2) { min-width: 0 }
code { font-size: 12px; overflow-wrap: anywhere } summary { cursor: pointer; font-size: 12px }
svg { width: 100%; height: auto; display: block } svg text { font: 11px system-ui, sans-serif; fill: currentColor }
.frame { fill: #8881 } .grid { stroke: #8883 } .live { fill: #6b8fd6aa } .column { fill: transparent }
.column:hover { fill: #8885 } .block rect { stroke: #0006; stroke-width: .5 } .block:hover rect { fill-opacity: 1 }
svg .block text { fill: #fff; pointer-events: none } svg text.name { pointer-events: none }
.edge { fill: none; stroke-width: 1.6; opacity: .75 } .edge:hover { stroke-width: 4; opacity: 1 }
.launch:hover .op { fill: #8884 } .op { fill: #8881 } svg text.layer { font-weight: 600 } svg text.ends { opacity: .7 }
.roof { stroke: currentColor; stroke-width: 1.5; opacity: .6 } .dot circle { fill-opacity: .8 }
.dot .ring { fill: #8880; stroke-width: 1.6 } .dot line { opacity: .6 } .dot:hover circle { stroke: currentColor }
.bar { background: #6b8fd6; height: .8em; min-width: 1px } .key { margin-right: 1em; white-space: nowrap }
.key i { display: inline-block; width: .8em; height: .8em; border-radius: 50%; margin-right: .35em }
)";

namespace {
/// Writes one page.
class ReportPage {
public:
  ReportPage(const Report &report, llvm::ArrayRef<PhaseClock::Phase> phases)
      : report(report), phases(phases), stream(page) {}

  std::string write() {
    stream << beginPage(report.model + ": compilation", report.model + " for " + report.target, style);
    writeSizes();
    writeRoofline();
    writeKernels();
    for (const ReportedEntry &entry : report.entries)
      if (!entry.launches.empty())
        writeEntryPictures(entry);
    writePhases();
    stream << "</html>\n";
    return std::move(page);
  }

private:
  /// What is known of the time of a launch, per run.
  struct Times {
    double predicted = 0, measured = NAN, operations = 0, bytes = 0;
    void add(const Times &other) {
      predicted += other.predicted;
      measured += other.measured;
      operations += other.operations;
      bytes += other.bytes;
    }
    double longest() const { return std::isnan(measured) ? predicted : measured; }
  };

  Times timesOf(const ReportedEntry &entry, const ReportedLaunch &launch) const {
    if (report.measured)
      if (const auto *found = report.measured->find(entry.name, launch.layer, launch.kernel))
        return {found->predictedSeconds * 1e9, found->seconds * 1e9, found->operations, found->bytes};
    return {launch.predictedNanoseconds, NAN, launch.operations, launch.bytes};
  }

  void writeSizes() {
    size_t launches = 0;
    for (const ReportedEntry &entry : report.entries)
      launches += entry.launches.size();
    stream << formatv("<p>{0} {1} in {2} {3}. ", launches, launches == 1 ? "launch" : "launches", report.entries.size(),
                      report.entries.size() == 1 ? "entry point" : "entry points");
    if (report.measured)
      stream << formatv("Times were measured on {0} {1}{2}.", report.measured->threads,
                        report.measured->threads == 1 ? "thread" : "threads",
                        report.measured->roof ? " of " + escapeHtml(report.measured->roof->cpu) : "");
    else
      stream << "Times are those that the cost model expects of one core; symbols count as 1. A profile "
                "(<code>dlc-run profile --json</code>) given by <code>--profile</code> adds what was measured.";
    stream << "</p>\n<h2>Sizes</h2>\n<table class='short'>\n";
    for (const auto &[name, bytes] : report.sizes)
      stream << formatv("<tr><td>{0}<td class='number'>{1}</tr>\n", escapeHtml(name),
                        formatBytes(static_cast<double>(bytes)));
    stream << "</table>\n";
  }

  void writeRoofline() {
    stream << "<h2>Roofline</h2>\n<p>Each dot is a launch, the larger the more time it takes; a ring is what the cost "
              "model expects"
           << (report.measured ? ", and what is full was measured" : "") << ". The lines are "
           << (report.measured && report.measured->roof ? "what was measured of the machine"
                                                        : "the rates of " + escapeHtml(report.machine.name))
           << ". Winograd's algorithm counts the operations that it does without, so it may be above them.</p>\n<p>";
    std::set<std::string> kinds;
    for (const ReportedEntry &entry : report.entries)
      for (const ReportedLaunch &launch : entry.launches)
        kinds.insert(launch.kind);
    for (const std::string &kind : kinds)
      stream << formatv("<span class='key'><i style='background:{0}'></i>{1}</span> ", getKindColor(kind), kind);
    stream << "</p>\n<div class='wide'>" << drawRoofline(report) << "</div>\n";
  }

  void writeKernels() {
    stream << "<h2>Kernels</h2>\n";
    for (const ReportedEntry &entry : report.entries) {
      Times total;
      total.measured = 0;
      // A layer has several kernels, and forward and backward ones in a training step.
      llvm::MapVector<llvm::StringRef, std::vector<const ReportedLaunch *>> layers;
      for (const ReportedLaunch &launch : entry.launches) {
        layers[launch.layer].push_back(&launch);
        total.add(timesOf(entry, launch));
      }
      stream << formatv(
          "<h3>{0}</h3>\n<div class='wide tall'><table>\n<tr><th>layer<th>kernel<th class='number'>predicted"
          "{1}<th class='number'>share<th class='number'>operations<th class='number'>bytes<th "
          "class='number'>GFLOP/s<th>schedule</tr>\n",
          escapeHtml(entry.name),
          report.measured ? "<th class='number'>measured<th class='number'>predicted / measured" : "");
      writeRow("layer", "all", "", total, total, "");
      for (const auto &[layer, launches] : layers) {
        Times sum;
        sum.measured = 0;
        for (const ReportedLaunch *launch : launches)
          sum.add(timesOf(entry, *launch));
        if (launches.size() > 1)
          writeRow("layer", escapeHtml(layer), formatv("{0} kernels", launches.size()).str(), sum, total, "");
        for (const ReportedLaunch *launch : launches)
          writeLaunch(*launch, launches.size() > 1, timesOf(entry, *launch), total);
      }
      stream << "</table></div>\n";
    }
  }

  void writeLaunch(const ReportedLaunch &launch, bool isPart, const Times &times, const Times &total) {
    std::string ops;
    for (const std::string &op : launch.ops)
      ops += (ops.empty() ? "" : " + ") + op;
    std::string details = "<details><summary>" + escapeHtml(describeSchedule(launch)) + "</summary>";
    for (const std::string &schedule : launch.schedules)
      details += "<code>" + escapeHtml(schedule) + "</code><br>";
    details += "<code>" + escapeHtml(launch.result) + "</code></details>";
    writeRow(isPart ? "part" : "", isPart ? "" : escapeHtml(launch.layer),
             "<code>" + escapeHtml(launch.kernel) + "</code><br>" + launch.kind + ": " + escapeHtml(shorten(ops, 120)),
             times, total, details);
  }

  /// The algorithms of the schedules.
  static std::string describeSchedule(const ReportedLaunch &launch) {
    std::set<std::string> algorithms;
    for (llvm::StringRef schedule : launch.schedules)
      algorithms.insert(schedule.split("algorithm = \"").second.split('"').first.str());
    std::string text;
    for (const std::string &algorithm : algorithms)
      text += (text.empty() ? "" : ", ") + algorithm;
    return text.empty() ? "none" : text;
  }

  void writeRow(llvm::StringRef kind, llvm::StringRef layer, llvm::StringRef kernel, const Times &times,
                const Times &total, llvm::StringRef schedule) {
    stream << formatv("<tr class='{0}'><td>{1}<td>{2}<td class='number'>{3}", kind, layer, kernel,
                      formatNanoseconds(times.predicted));
    if (report.measured)
      stream << formatv("<td class='number'>{0}<td class='number'>{1}", formatNanoseconds(times.measured),
                        times.measured > 0 ? formatv("{0:f2}", times.predicted / times.measured).str() : "?");
    double whole = total.longest();
    stream << formatv("<td class='number'>{0}<td class='number'>{1}<td class='number'>{2}<td class='number'>{3}<td>{4}"
                      "</tr>\n",
                      whole > 0 ? formatv("{0:f1} %", 100 * times.longest() / whole).str() : "?",
                      formatCount(times.operations), formatBytes(times.bytes),
                      times.longest() > 0 ? formatv("{0:f1}", times.operations / times.longest()).str() : "?",
                      schedule);
  }

  void writeEntryPictures(const ReportedEntry &entry) {
    stream
        << "<h2>Graph of " << escapeHtml(entry.name)
        << "</h2>\n<p>A row per launch, with the ops that its kernel has fused, in the order of the program. Lines on "
           "the left are tensors that a later launch reads.</p>\n<div class='tall'>"
        << drawGraph(entry) << "</div>\n<h2>Memory of " << escapeHtml(entry.name) << "</h2>\n";
    if (entry.arena.empty()) {
      stream << "<p>It needs no workspace whose size is known before a run.</p>\n";
      return;
    }
    stream << formatv("<p>The arena takes {0}{1}. One block per tensor: launches run to the right, addresses upward. "
                      "The curve above is what is live at a time.</p>\n<div class='wide'>",
                      formatBytes(static_cast<double>(entry.arenaBytes)),
                      entry.arenaBytes == report.arenaBytes
                          ? formatv("; tensors that live at the same time take {0}, which no plan can go below",
                                    formatBytes(static_cast<double>(report.liveBytes)))
                                .str()
                          : "")
           << drawMemory(entry) << "</div>\n";
  }

  void writePhases() {
    double total = 0;
    for (const PhaseClock::Phase &phase : phases)
      total += phase.seconds;
    stream << "<h2>Time</h2>\n<p>What the compilation took.</p>\n<table>\n<tr><th>phase<th class='number'>seconds<th "
              "style='width:60%'></tr>\n";
    for (const PhaseClock::Phase &phase : phases)
      stream << formatv("<tr><td>{0}<td class='number'>{1:f3}<td><div class='bar' style='width:{2:f1}%'></div></tr>\n",
                        escapeHtml(phase.name), phase.seconds, total > 0 ? 100 * phase.seconds / total : 0);
    stream << formatv("<tr><th>total<th class='number'>{0:f3}<th></tr>\n</table>\n", total);
  }

  const Report &report;
  llvm::ArrayRef<PhaseClock::Phase> phases;
  std::string page;
  llvm::raw_string_ostream stream;
};
} // namespace

std::string Report::toHtml(llvm::ArrayRef<PhaseClock::Phase> phases) const { return ReportPage(*this, phases).write(); }
