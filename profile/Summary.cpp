// SPDX-License-Identifier: Apache-2.0
#include "profile/Summary.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

using namespace dlc::profile;
using Json = nlohmann::ordered_json;

/// The order of rows.
static bool isLonger(const SummaryRow &a, const SummaryRow &b) {
  return std::tie(b.seconds, a.layer, a.kernel) < std::tie(a.seconds, b.layer, b.kernel);
}

Summary Summary::gather(const dlc_profile &profile, const std::optional<Roof> &roof) {
  Summary summary;
  const dlc_model &model = *profile.context->model;
  summary.model = model.name;
  summary.target = model.target;
  summary.threads = profile.threads;
  summary.roof = roof;
  for (dlc_uint32 e = 0; e < model.entry_count; ++e) {
    if (!profile.entries[e].runs)
      continue;
    SummaryEntry entry;
    entry.name = model.entries[e].name;
    entry.recordedRuns = static_cast<double>(profile.entries[e].runs);
    entry.runs = entry.recordedRuns + static_cast<double>(profile.entries[e].skipped);
    // Runs that were not recorded count as the others.
    double scale = entry.runs / entry.recordedRuns;
    entry.seconds = profile.entries[e].nanoseconds * 1e-9 * scale;
    for (dlc_uint32 i = 0; i < profile.launch_count; ++i) {
      const dlc_profile_row &row = profile.rows[e * profile.launch_count + i];
      if (row.calls <= 0)
        continue;
      const dlc_launch_info &launch = *row.launch;
      SummaryRow made;
      made.entry = entry.name;
      made.layer = launch.layer;
      made.kernel = launch.kernel;
      made.kind = launch.kind;
      made.type = launch.type;
      made.calls = row.calls * scale;
      made.seconds = row.nanoseconds * 1e-9 * scale;
      made.busySeconds = row.busy_nanoseconds * 1e-9 * scale;
      made.waitingSeconds = row.waiting_nanoseconds * 1e-9 * scale;
      made.operations = row.operations * scale;
      made.bytes = row.bytes * scale;
      made.predictedSeconds = row.predicted * 1e-9 * scale;
      made.schedules = launch.schedules;
      // Shared work could use all threads all the time.
      double threads = row.waiting_nanoseconds > 0 ? profile.threads : 1;
      if (roof)
        made.roofSeconds =
            roof->leastSeconds(launch.type, made.operations, made.bytes, row.bytes / row.calls, threads).value_or(0);
      entry.launchSeconds += made.seconds;
      summary.launches.push_back(std::move(made));
    }
    summary.entries.push_back(std::move(entry));
  }
  std::sort(summary.launches.begin(), summary.launches.end(), isLonger);
  return summary;
}

static std::string keyOf(const SummaryRow &row, Grouping grouping) {
  switch (grouping) {
  case Grouping::Layer:
    return row.layer;
  case Grouping::Kernel:
    return row.kernel;
  case Grouping::Kind:
    return row.kind;
  case Grouping::Launch:
    break;
  }
  return row.layer + '\n' + row.kernel;
}

std::vector<SummaryRow> Summary::groupBy(Grouping grouping) const {
  std::vector<SummaryRow> groups;
  std::map<std::string, size_t> positions;
  for (const SummaryRow &row : launches) {
    auto [found, isNew] = positions.try_emplace(row.entry + '\n' + keyOf(row, grouping), groups.size());
    if (isNew) {
      groups.push_back(row);
      continue;
    }
    SummaryRow &group = groups[found->second];
    for (std::string SummaryRow::*name :
         {&SummaryRow::layer, &SummaryRow::kernel, &SummaryRow::kind, &SummaryRow::type, &SummaryRow::schedules})
      if (group.*name != row.*name)
        (group.*name).clear();
    for (double SummaryRow::*sum :
         {&SummaryRow::calls, &SummaryRow::seconds, &SummaryRow::busySeconds, &SummaryRow::waitingSeconds,
          &SummaryRow::operations, &SummaryRow::bytes, &SummaryRow::roofSeconds, &SummaryRow::predictedSeconds})
      group.*sum += row.*sum;
  }
  std::sort(groups.begin(), groups.end(), isLonger);
  return groups;
}

/// JSON has no NaN.
static Json number(double value) { return std::isfinite(value) ? Json(value) : Json(); }

static Json describe(const SummaryRow &row, const std::vector<SummaryEntry> &entries) {
  Json json = {{"entry", row.entry}};
  auto add = [&](const char *key, const std::string &name) {
    if (!name.empty())
      json[key] = name;
  };
  add("layer", row.layer);
  add("kernel", row.kernel);
  add("kind", row.kind);
  add("type", row.type);
  double share = 0;
  for (const SummaryEntry &entry : entries)
    if (entry.name == row.entry)
      share = row.seconds / entry.seconds;
  json["calls"] = number(row.calls);
  json["seconds"] = number(row.seconds);
  json["share"] = number(share);
  json["threads"] = number(row.threads());
  json["busy_seconds"] = number(row.busySeconds);
  json["waiting_seconds"] = number(row.waitingSeconds);
  json["operations"] = number(row.operations);
  json["bytes"] = number(row.bytes);
  json["gflops"] = number(row.operations / row.seconds * 1e-9);
  json["gigabytes_per_second"] = number(row.bytes / row.seconds * 1e-9);
  json["predicted_seconds"] = number(row.predictedSeconds);
  add("schedules", row.schedules);
  if (row.roofSeconds > 0)
    json["roof_share"] = number(row.roofSeconds / row.seconds);
  return json;
}

std::string Summary::toJson() const {
  Json json = {{"model", model}, {"target", target}, {"threads", threads}};
  json["roof"] = roof ? Json::parse(printRoof(*roof)) : Json();
  json["wall_seconds"] = wallSeconds > 0 ? Json(wallSeconds) : Json();
  json["entries"] = Json::array();
  for (const SummaryEntry &entry : entries)
    json["entries"].push_back({{"name", entry.name},
                               {"runs", entry.runs},
                               {"recorded_runs", entry.recordedRuns},
                               {"seconds", entry.seconds},
                               {"launch_seconds", entry.launchSeconds}});
  const std::pair<const char *, Grouping> groupings[] = {{"launches", Grouping::Launch},
                                                         {"layers", Grouping::Layer},
                                                         {"kernels", Grouping::Kernel},
                                                         {"kinds", Grouping::Kind}};
  for (auto [key, grouping] : groupings) {
    json[key] = Json::array();
    for (const SummaryRow &row : groupBy(grouping))
      json[key].push_back(describe(row, entries));
  }
  return json.dump();
}
