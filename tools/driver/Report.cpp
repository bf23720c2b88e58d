// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/Report.h"
#include "analysis/KernelCost.h"
#include "ir/Annotations.h"
#include "ir/OpsKernel.h"
#include "ir/OpsProgram.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace dlc;

/// The expression with every symbol 1.
static int64_t evaluateAtOne(mlir::AffineExpr expr) {
  if (auto number = llvm::dyn_cast<mlir::AffineConstantExpr>(expr))
    return number.getValue();
  unsigned symbolCount = 0;
  expr.walk([&](mlir::AffineExpr inner) {
    if (auto symbol = llvm::dyn_cast<mlir::AffineSymbolExpr>(inner))
      symbolCount = std::max(symbolCount, symbol.getPosition() + 1);
  });
  llvm::SmallVector<mlir::AffineExpr> ones(symbolCount, mlir::getAffineConstantExpr(1, expr.getContext()));
  auto folded = llvm::dyn_cast<mlir::AffineConstantExpr>(mlir::simplifyAffineExpr(expr.replaceSymbols(ones), 0, 0));
  return folded ? folded.getValue() : 0;
}

template <typename T> static std::string print(T value) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << value;
  return text;
}

static ReportedLaunch describeLaunch(LaunchOp launch, KernelFuncOp kernel) {
  ReportedLaunch entry;
  entry.layer = launch.getName().str();
  entry.kernel = kernel.getSymName().str();
  entry.family = stringifyKernelKind(kernel.getKind()).str();
  entry.result = print(kernel.getYielded().getType());
  if (mlir::ArrayAttr schedules = kernel.getSchedulesAttr())
    for (mlir::Attribute schedule : schedules)
      entry.schedules.push_back(print(schedule));
  if (auto shapes = KernelShapes::analyze(kernel); mlir::succeeded(shapes)) {
    KernelCost cost = estimateCost(kernel, *shapes);
    entry.operations = evaluateAtOne(cost.operations);
    entry.bytes = evaluateAtOne(cost.bytes);
  }
  return entry;
}

Report Report::gather(mlir::ModuleOp module) {
  Report report;
  if (ProgramMemoryAttr memory = annotation::memory.get(module)) {
    report.arenaBytes = memory.getArenaBytes();
    report.liveBytes = memory.getLiveBytes();
    report.preparedBytes = memory.getPrepackedBytes();
  }
  for (WeightsOp weights : module.getOps<WeightsOp>())
    report.weightBytes = weights.getSize();
  mlir::SymbolTable symbols(module);
  for (mlir::func::FuncOp function : module.getOps<mlir::func::FuncOp>()) {
    EntryPointAttr entry = annotation::entry.get(function);
    if (!entry || entry.getName() == "prepare")
      continue;
    report.arena = traceArena(function, report.launchCount);
    function.walk([&](LaunchOp launch) {
      if (auto kernel = symbols.lookup<KernelFuncOp>(launch.getKernel()))
        report.launches.push_back(describeLaunch(launch, kernel));
    });
  }
  return report;
}

static std::string escape(llvm::StringRef text) {
  std::string escaped;
  llvm::raw_string_ostream stream(escaped);
  llvm::printHTMLEscaped(text, stream);
  return escaped;
}

static std::string formatBytes(int64_t bytes) {
  if (bytes < 10000)
    return llvm::formatv("{0} B", bytes).str();
  if (bytes < 10000000)
    return llvm::formatv("{0:f1} kB", bytes / 1e3).str();
  return llvm::formatv("{0:f1} MB", bytes / 1e6).str();
}

/// Buffers as boxes: launches run to the right, addresses upward.
static std::string drawArena(const Report &report) {
  constexpr double width = 1000, height = 320;
  int64_t top = std::max<int64_t>(report.arenaBytes, 1);
  for (const ArenaSpan &span : report.arena)
    top = std::max(top, span.offset + span.bytes);
  double step = width / std::max<int64_t>(report.launchCount, 1), scale = height / top;
  std::string svg = llvm::formatv("<svg viewBox='-2 -2 {0} {1}' role='img' aria-label='Buffers over time'>\n"
                                  "<rect class='frame' x='0' y='0' width='{2}' height='{3}'/>\n",
                                  width + 4, height + 4, width, height)
                        .str();
  for (auto [number, span] : llvm::enumerate(report.arena))
    svg += llvm::formatv("<rect x='{0:f2}' y='{1:f2}' width='{2:f2}' height='{3:f2}' fill='hsl({4} 55% 62%)'>"
                         "<title>{5}: {6} at {7}, launches {8} to {9}</title></rect>\n",
                         span.first * step, height - (span.offset + span.bytes) * scale,
                         (span.last - span.first + 1) * step, std::max(span.bytes * scale, 0.5), number * 47 % 360,
                         escape(span.writer), formatBytes(span.bytes), span.offset, span.first, span.last)
               .str();
  double limit = height - report.liveBytes * scale;
  svg += llvm::formatv("<line class='limit' x1='0' x2='{0}' y1='{1:f2}' y2='{1:f2}'/>\n</svg>\n", width, limit).str();
  return svg;
}

static const char *const style = R"(
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #8884; vertical-align: top }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
code { font-size: 12px; overflow-wrap: anywhere }
svg { width: 100%; height: auto } svg rect { stroke: #0004; stroke-width: .5 }
.frame { fill: #8881 } .limit { stroke: #d33; stroke-dasharray: 6 4; stroke-width: 1.5 }
.bar { background: #4a90d9; height: .8em; min-width: 1px }
)";

std::string Report::toHtml(llvm::ArrayRef<PhaseClock::Phase> phases) const {
  std::string page;
  llvm::raw_string_ostream stream(page);
  stream << "<!DOCTYPE html>\n<html lang='en'>\n<meta charset='utf-8'>\n<title>" << escape(model)
         << ": compilation</title>\n<style>" << style << "</style>\n<h1>" << escape(model) << " for " << escape(target)
         << "</h1>\n";
  int64_t operations = 0;
  for (const ReportedLaunch &launch : launches)
    operations += launch.operations;
  stream << llvm::formatv(
      "<p>{0} launches, {1:f2} million operations per run (symbols are 1), {2} of weights, {3} computed from "
      "them at load.</p>\n",
      launches.size(), operations / 1e6, formatBytes(weightBytes), formatBytes(preparedBytes));

  double total = 0;
  for (const PhaseClock::Phase &phase : phases)
    total += phase.seconds;
  stream << "<h2>Time</h2>\n<table>\n<tr><th>phase<th class='number'>seconds<th style='width:60%'></tr>\n";
  for (const PhaseClock::Phase &phase : phases)
    stream << llvm::formatv(
        "<tr><td>{0}<td class='number'>{1:f3}<td><div class='bar' style='width:{2:f1}%'></div></tr>\n",
        escape(phase.name), phase.seconds, total > 0 ? 100 * phase.seconds / total : 0);
  stream << llvm::formatv("<tr><th>total<th class='number'>{0:f3}<th></tr>\n</table>\n", total);

  stream << "<h2>Memory</h2>\n"
         << llvm::formatv(
                "<p>The arena takes {0}; buffers that live at the same time take {1} (the dashed line), which no plan "
                "can go below. Launches run to the right, addresses upward.</p>\n",
                formatBytes(arenaBytes), formatBytes(liveBytes))
         << drawArena(*this);

  stream << "<h2>Kernels</h2>\n<table>\n<tr><th>layer<th>kernel<th class='number'>operations<th "
            "class='number'>bytes<th>schedule</tr>\n";
  for (const ReportedLaunch &launch : launches) {
    stream << llvm::formatv("<tr><td>{0}<td><code>{1}</code><br>{2}<td class='number'>{3}<td class='number'>{4}<td>",
                            escape(launch.layer), escape(launch.kernel), escape(launch.family), launch.operations,
                            formatBytes(launch.bytes));
    for (const std::string &schedule : launch.schedules)
      stream << "<code>" << escape(schedule) << "</code><br>";
    stream << "<code>" << escape(launch.result) << "</code></tr>\n";
  }
  stream << "</table>\n</html>\n";
  return page;
}
