// SPDX-License-Identifier: Apache-2.0
/// \file
/// Signals that end a training run without losing what it has learnt.
#ifndef DLC_TOOLS_DLC_RUN_INTERRUPTION_H
#define DLC_TOOLS_DLC_RUN_INTERRUPTION_H

namespace dlcrun {

/// From now on Ctrl-C, a terminal that closes, a termination request and a closed standard output let the
/// run end after the current step; a second Ctrl-C ends it at once. Signals that the starting program made it
/// ignore (nohup) stay ignored.
void catchInterruptions();

/// The signal that came; 0: none.
int interruption();

} // namespace dlcrun

#endif // DLC_TOOLS_DLC_RUN_INTERRUPTION_H
