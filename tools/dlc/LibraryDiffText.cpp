// SPDX-License-Identifier: Apache-2.0
// A comparison of libraries as text.
#include "tools/dlc/LibraryDiff.h"
#include "tools/driver/PageText.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <map>
#include <set>

using namespace dlc;
using llvm::formatv;

namespace {
class DiffText {
public:
  explicit DiffText(const LibraryDiff &diff) : diff(diff), stream(text) {}

  std::string write() {
    size_t common = 0, removed = 0, added = 0;
    for (const DiffLaunch &launch : diff.different)
      ++(launch.isCommon() ? common : launch.before ? removed : added);
    stream << formatv("{0} launches are equal, {1} differ, {2} are only in {3}, {4} only in {5}\n", diff.equal, common,
                      removed, diff.before.contents.path, added, diff.after.contents.path);
    writeTotals();
    for (const DiffLaunch &launch : diff.different)
      writeLaunch(launch);
    return std::move(text);
  }

private:
  void writeLine(llvm::StringRef what, llvm::StringRef before, llvm::StringRef after, llvm::StringRef change) {
    stream << llvm::left_justify(what, 26) << ' ' << llvm::left_justify(before, 14) << ' '
           << llvm::left_justify(after, 14) << ' ' << change << '\n';
  }

  static std::string getChange(double before, double after) {
    if (std::isnan(before) || std::isnan(after))
      return "";
    if (before == after)
      return "=";
    return before > 0 ? formatv("{0}{1:f1} %", after > before ? "+" : "", 100 * (after / before - 1)).str() : "";
  }

  void writeTotals() {
    const profile::LibraryContents &before = diff.before.contents, &after = diff.after.contents;
    writeLine("", "first", "second", "");
    for (auto [what, member] : {std::pair("model", &profile::LibraryContents::model),
                                std::pair("compiler", &profile::LibraryContents::compiler),
                                std::pair("target", &profile::LibraryContents::target)})
      writeLine(what, before.*member, after.*member, before.*member == after.*member ? "=" : "");
    std::map<std::string, uint64_t> others(after.sizes.begin(), after.sizes.end());
    std::set<std::string> seen;
    auto writeSize = [&](const std::string &name, std::optional<uint64_t> old, std::optional<uint64_t> changed) {
      if (old.value_or(0) + changed.value_or(0) > 0)
        writeLine(name, old ? formatBytes(static_cast<double>(*old)) : "not known",
                  changed ? formatBytes(static_cast<double>(*changed)) : "not known",
                  old && changed ? getChange(static_cast<double>(*old), static_cast<double>(*changed)) : "");
    };
    for (const auto &[name, bytes] : before.sizes) {
      seen.insert(name);
      auto other = others.find(name);
      writeSize(name, bytes, other == others.end() ? std::nullopt : std::optional(other->second));
    }
    for (const auto &[name, bytes] : after.sizes)
      if (!seen.count(name))
        writeSize(name, std::nullopt, bytes);
    writeLine("predicted", formatNanoseconds(diff.predicted.before), formatNanoseconds(diff.predicted.after),
              getChange(diff.predicted.before, diff.predicted.after));
    if (diff.before.measured || diff.after.measured) {
      auto format = [](const DiffSide &side, double time) {
        return side.measured ? formatNanoseconds(time) : std::string("not given");
      };
      writeLine("measured", format(diff.before, diff.measured.before), format(diff.after, diff.measured.after),
                diff.before.measured && diff.after.measured ? getChange(diff.measured.before, diff.measured.after)
                                                            : "");
    }
  }

  void writeTimes(llvm::StringRef what, const DiffTimes &times) {
    if (std::isnan(times.before) && std::isnan(times.after))
      return;
    stream << "    " << what << ' ';
    if (std::isnan(times.before) || std::isnan(times.after))
      stream << formatNanoseconds(std::isnan(times.before) ? times.after : times.before);
    else
      stream << formatNanoseconds(times.before) << " -> " << formatNanoseconds(times.after) << " ("
             << getChange(times.before, times.after) << ")";
    stream << '\n';
  }

  void writeLaunch(const DiffLaunch &launch) {
    const profile::LaunchContents &contents = launch.get();
    stream << '\n' << contents.layer << " (" << contents.kind << ", " << contents.kernel << ")";
    if (!launch.isCommon())
      stream << ": only in " << (launch.before ? diff.before.contents.path : diff.after.contents.path);
    stream << '\n';
    for (const std::string &change : launch.changes)
      stream << "    " << change << '\n';
    writeTimes("predicted", launch.predicted);
    writeTimes("measured", launch.measured);
  }

  const LibraryDiff &diff;
  std::string text;
  llvm::raw_string_ostream stream;
};
} // namespace

std::string LibraryDiff::toText() const { return DiffText(*this).write(); }
