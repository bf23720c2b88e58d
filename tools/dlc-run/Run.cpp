// SPDX-License-Identifier: Apache-2.0
// dlc-run OUT.so --input NAME=FILE.npy ... --output NAME=FILE.npy ...
#include "tools/dlc-run/Commands.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

using namespace dlc::data;
using namespace dlcrun;

/// One line about an output, and its elements if they are few.
static void printSummary(const char *name, const Array &array) {
  std::printf("%s  %s", name, array.describe().c_str());
  if (array.count() > 16) {
    double least = INFINITY, most = -INFINITY, sum = 0;
    for (size_t i = 0; i < array.count(); ++i) {
      double value = array.at(i);
      least = std::min(least, value);
      most = std::max(most, value);
      sum += value;
    }
    std::printf("  from %.6g to %.6g, mean %.6g\n", least, most, sum / static_cast<double>(array.count()));
    return;
  }
  std::printf(" ");
  for (size_t i = 0; i < array.count(); ++i)
    std::printf(" %.6g", array.at(i));
  std::printf("\n");
}

int dlcrun::runModel(const Options &options) {
  Session session(options.library, options.entry);
  const dlc_entry_point &entry = session.entry();
  // A wrong name is reported before any work.
  std::string file;
  for (const std::string &binding : options.outputs)
    findBinding(binding, entry.outputs, entry.output_count, "output", file);
  session.start(options.threads, options.device);
  session.giveVariables(options.variables, 0);
  session.readInputs(options.inputs);
  session.takeDefaults();
  session.makeOutputs();
  if (options.steps.empty())
    session.run();
  else
    runSteps(session, options.steps);
  session.shrinkOutputs();
  session.writeOutputs(options.outputs);
  if (options.outputs.empty())
    for (dlc_uint32 i = 0; i < entry.output_count; ++i)
      printSummary(entry.outputs[i].name, session.outputs[i]);
  return 0;
}
