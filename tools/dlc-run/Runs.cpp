// SPDX-License-Identifier: Apache-2.0
// What commands that run a library have in common.
#include "tools/dlc-run/Commands.h"

#include <chrono>

void dlcrun::prepareRuns(Session &session, const Options &options) {
  session.start(options.threads, options.device);
  session.giveVariables(options.variables, 0);
  session.readInputs(options.inputs);
  session.takeDefaults();
  session.generateRandomInputs(options.symbols);
  session.makeOutputs();
}

double dlcrun::secondsNow() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
