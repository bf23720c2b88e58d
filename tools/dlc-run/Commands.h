// SPDX-License-Identifier: Apache-2.0
/// \file
/// The commands of dlc-run. Each returns the exit status, or throws Failure.
#ifndef DLC_TOOLS_DLC_RUN_COMMANDS_H
#define DLC_TOOLS_DLC_RUN_COMMANDS_H

#include "tools/dlc-run/Session.h"

namespace dlcrun {

/// What the command line says; each command reads its own part.
struct Options {
  std::string library;
  std::string entry;
  Bindings inputs, outputs, symbols;
  unsigned threads = 1;
  std::string device; ///< "cpu", "cuda", "cuda:1"; empty: what the library prefers
  double seconds = 1;
  bool isJson = false;
  bool showsLayers = false; ///< whether info lists the layers
  std::string steps;        ///< symbol whose positions are run one at a time
  std::string variables;    ///< checkpoint of a trainable model; empty: the values of its `init`
  bool isReset = false;     ///< whether every run starts without state
  std::string reference;
  std::string referenceDevice;   ///< as device
  bool hasDeviceTensors = false; ///< whether bench keeps inputs and outputs on the GPU
  double tolerance = 1e-5;
  unsigned runs = 1;        ///< of verify; the last ones are compared
  unsigned sensitivity = 0; ///< how often verify runs a perturbed reference
  std::vector<std::string> compilerOptions;
  bool isProfiled = false; ///< whether bench shows a profile, too
  std::string trace;       ///< file for the trace of a profile; empty: none
  std::string grouping = "launch";
  size_t rows = 0;  ///< of a profile that are shown; 0: all
  std::string roof; ///< file; empty: the usual one
};

/// Gives `session` all that its runs need, as the options say: inputs that are not given are random.
void prepareRuns(Session &session, const Options &options);
/// On a clock that only goes forward.
double secondsNow();

/// Runs `session`, whose inputs and outputs are whole, once for each position of its symbol `symbol`.
void runSteps(Session &session, const std::string &symbol);

int runModel(const Options &options);
int showInfo(const Options &options);
int benchmark(const Options &options);
int verify(const Options &options);
int profileModel(const Options &options);
int measureRoof(const Options &options);

} // namespace dlcrun

#endif // DLC_TOOLS_DLC_RUN_COMMANDS_H
