// SPDX-License-Identifier: Apache-2.0
/// \file
/// Runs that are profiled.
#ifndef DLC_TOOLS_DLC_RUN_PROFILE_H
#define DLC_TOOLS_DLC_RUN_PROFILE_H

#include "profile/Summary.h"
#include "tools/dlc-run/Commands.h"

#include <functional>

namespace dlcrun {

/// Calls `run`, which runs `session` once, for options.seconds (three times at least), and sums up where the time went;
/// writes a trace if options.trace says where.
dlc::profile::Summary profileRuns(Session &session, const Options &options, const std::function<void()> &run);

/// What options.grouping asks for.
dlc::profile::Grouping getGrouping(const Options &options);

} // namespace dlcrun

#endif // DLC_TOOLS_DLC_RUN_PROFILE_H
