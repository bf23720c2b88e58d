// SPDX-License-Identifier: Apache-2.0
#include "profile/Trace.h"

#include "data/Failure.h"

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

using namespace dlc::profile;
using Json = nlohmann::ordered_json;

void Trace::attach(dlc_profile &profile) {
  model = profile.context->model;
  profile.visit = keep;
  profile.visit_self = this;
}

void Trace::keep(void *self, const dlc_profile_event *event) {
  Trace &trace = *static_cast<Trace *>(self);
  if (trace.isFull)
    return;
  trace.events.push_back(*event);
  if (event->kind != DLC_EVENT_RUN)
    return;
  trace.wholeRuns = trace.events.size();
  trace.isFull = trace.events.size() >= trace.limit;
}

static Json describe(const dlc_profile_event &event) {
  Json json = {{"ph", "X"}, {"pid", 1}, {"tid", event.thread}};
  // Microseconds, with nanoseconds behind the point.
  json["ts"] = std::round(event.start) / 1e3;
  json["dur"] = std::round(event.nanoseconds) / 1e3;
  if (event.kind == DLC_EVENT_RUN) {
    json["name"] = event.entry->name;
    json["cat"] = "run";
  } else if (event.kind == DLC_EVENT_PARALLEL) {
    json["name"] = "shared work";
    json["cat"] = "threads";
  } else {
    const dlc_launch_info &launch = *event.row->launch;
    json["name"] = launch.layer;
    json["cat"] = launch.kind;
    json["args"] = {{"kernel", launch.kernel}, {"part", event.share}};
  }
  return json;
}

void Trace::write(const std::string &path) const {
  std::ofstream file(path);
  file << "{\"displayTimeUnit\": \"ns\", \"otherData\": "
       << Json{{"model", model->name}, {"target", model->target}}.dump() << ", \"traceEvents\": [\n"
       << Json{{"ph", "M"}, {"name", "process_name"}, {"pid", 1}, {"tid", 0}, {"args", {{"name", model->name}}}}.dump();
  std::set<dlc_uint32> threads;
  for (size_t i = 0; i < wholeRuns; ++i)
    threads.insert(events[i].thread);
  for (dlc_uint32 thread : threads) {
    std::string name = thread ? "worker " + std::to_string(thread) : "calling thread";
    file << ",\n"
         << Json{{"ph", "M"}, {"name", "thread_name"}, {"pid", 1}, {"tid", thread}, {"args", {{"name", name}}}}.dump();
  }
  for (size_t i = 0; i < wholeRuns; ++i)
    file << ",\n" << describe(events[i]).dump();
  file << "\n]}\n";
  if (!file.flush())
    throw dlc::data::Failure("cannot write '" + path + "'");
}
