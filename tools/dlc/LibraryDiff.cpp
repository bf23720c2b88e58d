// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc/LibraryDiff.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include <algorithm>
#include <cmath>
#include <map>

using namespace dlc;
using profile::LaunchContents;

using Fields = llvm::MapVector<std::string, std::string, std::map<std::string, unsigned>>;

/// The schedules in `text`, as dlc_program.launches has them, by their instruction sets.
static std::map<std::string, Fields> readSchedules(llvm::StringRef text) {
  std::map<std::string, Fields> schedules;
  llvm::SmallVector<llvm::StringRef> parts, words;
  text.split(parts, "; ", /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (llvm::StringRef part : parts) {
    words.clear();
    part.split(words, ' ', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
    if (words.size() < 2)
      continue;
    Fields &fields = schedules[words[0].str()];
    fields["algorithm"] = words[1].str();
    for (llvm::StringRef word : llvm::drop_begin(words, 2))
      fields[word.split('=').first.str()] = word.split('=').second.str();
  }
  return schedules;
}

/// "rows 6 -> 8, planes 2 -> none".
static std::string compareFields(const Fields &before, const Fields &after) {
  std::string text;
  auto add = [&](const std::string &key, const std::string &old, const std::string &changed) {
    if (old != changed)
      text += (text.empty() ? "" : ", ") + key + " " + old + " -> " + changed;
  };
  auto find = [](const Fields &fields, const std::string &key) {
    auto found = fields.find(key);
    return found == fields.end() ? "none" : found->second;
  };
  for (const auto &[key, value] : before)
    add(key, value, find(after, key));
  for (const auto &[key, value] : after)
    if (!before.contains(key))
      add(key, "none", value);
  return text;
}

std::vector<std::string> dlc::compareSchedules(const std::string &before, const std::string &after) {
  std::vector<std::string> changes;
  // Libraries of earlier versions have attributes here, which are not compared.
  if (llvm::StringRef(before).starts_with("#") || llvm::StringRef(after).starts_with("#"))
    return changes;
  auto old = readSchedules(before), changed = readSchedules(after);
  auto add = [&](const std::string &isa, const std::string &text) {
    if (!text.empty())
      changes.push_back(isa + ": " + text);
  };
  // Libraries for one instruction set each may be for different ones.
  if (old.size() == 1 && changed.size() == 1) {
    const auto &[isa, fields] = *old.begin();
    const auto &[other, otherFields] = *changed.begin();
    add(isa == other ? isa : isa + " -> " + other, compareFields(fields, otherFields));
    return changes;
  }
  for (const auto &[isa, fields] : old)
    add(isa, changed.count(isa) ? compareFields(fields, changed[isa]) : "only in the first library");
  for (const auto &[isa, fields] : changed)
    if (!old.count(isa))
      add(isa, "only in the second library");
  return changes;
}

/// Nanoseconds per run that `side` has measured for launches of this layer and kernel, all entry points together.
static double findMeasured(const DiffSide &side, const LaunchContents &launch) {
  double seconds = NAN;
  if (side.measured)
    for (const auto &[key, times] : side.measured->launches)
      if (std::get<1>(key) == launch.layer && std::get<2>(key) == launch.kernel)
        seconds = (std::isnan(seconds) ? 0 : seconds) + times.seconds;
  return seconds * 1e9;
}

/// Nanoseconds that the cost model expects: of the profiled runs if there is a profile, else for symbols of 1.
static double findPredicted(const DiffSide &side, const LaunchContents &launch) {
  double seconds = NAN;
  if (side.measured)
    for (const auto &[key, times] : side.measured->launches)
      if (std::get<1>(key) == launch.layer && std::get<2>(key) == launch.kernel)
        seconds = (std::isnan(seconds) ? 0 : seconds) + times.predictedSeconds;
  return (std::isnan(seconds) ? launch.predictedSeconds : seconds) * 1e9;
}

namespace {
/// Pairs the launches of two libraries.
class Comparison {
public:
  Comparison(const DiffSide &before, const DiffSide &after) : diff{before, after, {}, 0, {0, 0}, {0, 0}} {}

  LibraryDiff compare() {
    std::map<std::pair<std::string, std::string>, std::vector<const LaunchContents *>> others;
    for (const LaunchContents &launch : diff.after.contents.launches)
      others[getKey(launch)].push_back(&launch);
    std::map<std::pair<std::string, std::string>, size_t> used;
    for (const LaunchContents &launch : diff.before.contents.launches) {
      auto &candidates = others[getKey(launch)];
      size_t &next = used[getKey(launch)];
      add(&launch, next < candidates.size() ? candidates[next] : nullptr);
      ++next;
    }
    for (const LaunchContents &launch : diff.after.contents.launches)
      if (size_t &seen = used[getKey(launch)]; seen > 0)
        --seen;
      else
        add(nullptr, &launch);
    std::sort(diff.different.begin(), diff.different.end(), [](const DiffLaunch &a, const DiffLaunch &b) {
      return std::tuple(getWeight(b), a.get().layer, a.get().kernel) <
             std::tuple(getWeight(a), b.get().layer, b.get().kernel);
    });
    return std::move(diff);
  }

private:
  /// Winograd's algorithm is a choice for a convolution, not a kind.
  static std::pair<std::string, std::string> getKey(const LaunchContents &launch) {
    return {launch.layer, llvm::StringRef(launch.kind).split(' ').first.str()};
  }

  /// How much a difference matters: by what was measured, or else by what is predicted.
  static double getWeight(const DiffLaunch &launch) {
    auto weigh = [&](const DiffTimes &times) {
      double before = std::isnan(times.before) ? 0 : times.before, after = std::isnan(times.after) ? 0 : times.after;
      return launch.isCommon() ? std::abs(times.getIncrease()) : before + after;
    };
    double measured = weigh(launch.measured);
    return measured > 0 ? measured : weigh(launch.predicted);
  }

  void add(const LaunchContents *before, const LaunchContents *after) {
    DiffLaunch launch{before, after, {}, {NAN, NAN}, {NAN, NAN}};
    if (before) {
      launch.predicted.before = findPredicted(diff.before, *before);
      launch.measured.before = findMeasured(diff.before, *before);
    }
    if (after) {
      launch.predicted.after = findPredicted(diff.after, *after);
      launch.measured.after = findMeasured(diff.after, *after);
    }
    auto sum = [](DiffTimes &total, const DiffTimes &times) {
      total.before += std::isnan(times.before) ? 0 : times.before;
      total.after += std::isnan(times.after) ? 0 : times.after;
    };
    sum(diff.predicted, launch.predicted);
    sum(diff.measured, launch.measured);
    if (before && after) {
      launch.changes = compareLaunches(*before, *after);
      if (launch.changes.empty()) {
        ++diff.equal;
        return;
      }
    }
    diff.different.push_back(std::move(launch));
  }

  static std::vector<std::string> compareLaunches(const LaunchContents &before, const LaunchContents &after) {
    std::vector<std::string> changes;
    auto compare = [&](const char *what, const std::string &old, const std::string &changed) {
      if (old != changed)
        changes.push_back(std::string(what) + " " + old + " -> " + changed);
    };
    compare("kind", before.kind, after.kind);
    compare("element type", before.type, after.type);
    auto compareNumbers = [&](const char *what, double old, double changed) {
      if (old != changed && !(std::isnan(old) && std::isnan(changed))) {
        char text[128];
        std::snprintf(text, sizeof text, "%s %.15g -> %.15g", what, old, changed);
        changes.push_back(text);
      }
    };
    compareNumbers("operations", before.operations, after.operations);
    compareNumbers("bytes", before.bytes, after.bytes);
    llvm::append_range(changes, compareSchedules(before.schedules, after.schedules));
    return changes;
  }

  LibraryDiff diff;
};
} // namespace

LibraryDiff LibraryDiff::compare(const DiffSide &before, const DiffSide &after) {
  return Comparison(before, after).compare();
}
