// SPDX-License-Identifier: Apache-2.0
/// \file
/// The threads of a context: its own, the library's pool, or an executor of the caller.
#ifndef DLC_CORE_TEAM_H
#define DLC_CORE_TEAM_H

#include "Context.h"

/// A team of `threads` threads; null without memory.
Team *dlcTeamMake(Context *context, dlc_uint32 threads, const dlc_executor *executor);

/// Gives back what dlcTeamMake made; null is fine.
void dlcTeamDrop(Context *context, Team *team);

#endif // DLC_CORE_TEAM_H
