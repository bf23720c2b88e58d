// SPDX-License-Identifier: Apache-2.0
/// \file
/// Everything that a user can say about a compilation.
#ifndef DLC_TOOLS_DRIVER_COMPILEOPTIONS_H
#define DLC_TOOLS_DRIVER_COMPILEOPTIONS_H

#include "passes/Pipelines.h"
#include <string>
#include <vector>

namespace dlc {

/// Where the weights go.
enum class WeightsPlacement {
  Embed, ///< into the library
  File   ///< into NAME.weights beside the library, which maps it
};

struct CompileOptions {
  std::string model; ///< path of a .json or .onnx file
  std::string
      output; ///< path; its extension says what is written (see OutputKind). Empty: textual IR to standard output
  std::string entry;      ///< the entry point that an .onnx file holds; empty: run, or predict, or the only one
  std::string parameters; ///< path of a checkpoint with the weights; empty: the model's own
  std::string name;       ///< the model's C name; empty: the output's (or the model's) file name
  std::string target = "native";
  std::string machine; ///< a processor's name, or a file of rates that dlc-run roof has measured; empty: typical ones
  int optimizationLevel = 3;
  MathMode math = MathMode::Default;
  bool isLevelGiven = false, isMathGiven = false; ///< asked for, not left at the default
  std::string precision = "f32";
  std::vector<std::string> shapes;  ///< `INPUT=1x3x224x224` each
  std::vector<std::string> records; ///< files of schedules that were found by measuring, the most important last
  std::vector<std::string> ops;     ///< `NAME=SYMBOL` each: custom ops and the C functions that compute them
  std::vector<std::string> links;   ///< object files and archives with these functions
  std::string opDescriptions;       ///< path of a JSON file that describes custom ops; empty: the model's own
  WeightsPlacement weights = WeightsPlacement::Embed;
  bool writeHeader = false; ///< NAME.h beside a shared library, too
  bool checkBounds = false;
  std::string sanitize; ///< "thread": the runtime is instrumented for that sanitizer; empty: for none
  bool keepTensors = false;
  int64_t memoryLimit = 0;         ///< bytes of variables and intermediate tensors; 0: any number
  bool train = false;              ///< add the entry points that train the model
  std::string training;            ///< path of a file that says how; empty: the model does itself
  bool replaceableWeights = false; ///< weights are variables of the caller's, not constants
  unsigned jobs = 0;               ///< kernels compiled at a time; 0: one per CPU
  std::string cacheDirectory;      ///< empty: no cache
  std::string compileTo;           ///< a phase after which the module is printed; empty: all the way
  bool brief = false;              ///< print modules as on a terminal
  /// Passes before and after which the module is printed to standard error.
  std::string printIrBefore, printIrAfter;
  bool printIrBeforeAll = false, printIrAfterAll = false;
  bool verifyEach = false;     ///< verify the module after every pass
  std::string crashReproducer; ///< file for the module before a pass that fails; empty: none
  bool listLayers = false;     ///< print the layers (LayerTable.h) instead of compiling
  std::string report;          ///< path of an HTML page about this compilation; empty: none
  std::string profile;         ///< path of a profile whose times the page shows, too; empty: none
  bool showTimes = false;      ///< print what each phase took to standard error
};

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_COMPILEOPTIONS_H
