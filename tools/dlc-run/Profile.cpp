// SPDX-License-Identifier: Apache-2.0
// dlc-run profile OUT.so
#include "tools/dlc-run/Profile.h"

#include "profile/Trace.h"

#include <cstdio>
#include <memory>

using namespace dlcrun;
using namespace dlc::profile;

Summary dlcrun::profileRuns(Session &session, const Options &options, const std::function<void()> &run) {
  std::unique_ptr<dlc_profile, void (*)(dlc_profile *)> profile(session.makeProfile(), dlc_profile_release);
  auto read = [&] {
    if (dlc_int32 status = dlc_profile_read(profile.get()))
      throw dlc::data::Failure(std::string("cannot read the profile: ") + dlc_status_text(status));
  };
  // The first run touches all memory, and shows whether there is room for its events.
  do {
    profile->lost_runs = 0;
    run();
    read();
  } while (profile->lost_runs);
  profile.reset();
  profile.reset(session.makeProfile());

  Trace trace;
  if (!options.trace.empty())
    trace.attach(*profile);
  double wall = 0, end = secondsNow() + options.seconds;
  size_t runs = 0;
  while (runs < 3 || secondsNow() < end) {
    dlc_uint64 lost = profile->lost_runs;
    double start = secondsNow();
    size_t group = 0;
    do {
      run();
      ++group;
    } while (!dlc_profile_is_half_full(profile.get()) && secondsNow() < end);
    double seconds = secondsNow() - start;
    read();
    // Where events were lost, none of the runs counts, and there is more room now.
    if (profile->lost_runs != lost)
      continue;
    wall += seconds;
    runs += group;
  }
  if (!options.trace.empty())
    trace.write(options.trace);
  std::optional<Roof> roof = readRoof(options.roof.empty() ? roofPath() : options.roof);
  if (!roof && !options.roof.empty())
    throw dlc::data::Failure("'" + options.roof +
                             "' is not a file that dlc-run roof has written: dlc-run roof --file " + options.roof +
                             " writes it");
  Summary summary = Summary::gather(*profile, roof);
  summary.wallSeconds = wall;
  return summary;
}

Grouping dlcrun::getGrouping(const Options &options) {
  if (options.grouping == "layer")
    return Grouping::Layer;
  if (options.grouping == "kernel")
    return Grouping::Kernel;
  return options.grouping == "kind" ? Grouping::Kind : Grouping::Launch;
}

int dlcrun::profileModel(const Options &options) {
  Session session(options.library, options.entry);
  prepareRuns(session, options);
  Summary summary = profileRuns(session, options, [&] {
    if (options.isReset)
      session.reset();
    session.run();
  });
  session.writeOutputs(options.outputs);
  std::string page = options.isJson ? summary.toJson() + "\n" : summary.toText(getGrouping(options), options.rows);
  std::fputs(page.c_str(), stdout);
  return 0;
}
