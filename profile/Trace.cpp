// SPDX-License-Identifier: Apache-2.0
#include "profile/Trace.h"

#include "data/Failure.h"

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

using namespace dlc::profile;
using Json = nlohmann::ordered_json;

namespace {

constexpr dlc_uint32 processId = 1;

/// Readers take a thread whose number is the process's for the main thread, and 0 for no number at all.
dlc_uint32 threadId(dlc_uint32 thread) { return processId + thread; }

std::string describeMetadata(const char *kind, dlc_uint32 thread, const std::string &name) {
  return Json{{"ph", "M"}, {"name", kind}, {"pid", processId}, {"tid", threadId(thread)}, {"args", {{"name", name}}}}
      .dump();
}

} // namespace

void Trace::attach(dlc_profile &attached) {
  profile = &attached;
  model = attached.context->model;
  launches.clear();
  for (dlc_uint32 i = 0; i < attached.launch_count; ++i)
    launches.push_back({attached.launches[i].layer, attached.launches[i].kernel, attached.launches[i].kind});
  attached.visit = keep;
  attached.visit_self = this;
  dlc_profile_record_all(&attached);
}

void Trace::keep(void *self, const dlc_profile_event *event) {
  Trace &trace = *static_cast<Trace *>(self);
  if (trace.isFull)
    return;
  size_t launch = event->row ? event->row->launch - trace.profile->launches : 0;
  trace.events.push_back(
      {event->kind, event->thread, event->start, event->nanoseconds, event->share, event->entry, launch});
  if (event->kind != DLC_EVENT_RUN)
    return;
  trace.wholeRuns = trace.events.size();
  trace.isFull = trace.events.size() >= trace.limit;
}

std::string Trace::describe(const Event &event) const {
  Json json = {{"ph", "X"}, {"pid", processId}, {"tid", threadId(event.thread)}};
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
    const Launch &launch = launches[event.launch];
    json["name"] = launch.layer;
    json["cat"] = launch.kind;
    json["args"] = {{"kernel", launch.kernel}, {"part", event.share}};
  }
  return json.dump();
}

void Trace::write(const std::string &path) const {
  std::ofstream file(path);
  file << "{\"displayTimeUnit\": \"ns\", \"otherData\": "
       << Json{{"model", model->name}, {"target", model->target}}.dump() << ", \"traceEvents\": [\n"
       << describeMetadata("process_name", 0, model->name);
  std::set<dlc_uint32> threads;
  for (size_t i = 0; i < wholeRuns; ++i)
    threads.insert(events[i].thread);
  for (dlc_uint32 thread : threads)
    file << ",\n"
         << describeMetadata("thread_name", thread, thread ? "worker " + std::to_string(thread) : "calling thread");
  for (size_t i = 0; i < wholeRuns; ++i)
    file << ",\n" << describe(events[i]);
  file << "\n]}\n";
  if (!file.flush())
    throw dlc::data::Failure("cannot write '" + path + "'");
}
