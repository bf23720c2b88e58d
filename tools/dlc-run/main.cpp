// SPDX-License-Identifier: Apache-2.0
// dlc-run: runs, describes, measures and checks libraries that dlc made.
#include "data/Suggestion.h"
#include "tools/dlc-run/Arguments.h"
#include "tools/dlc-run/Commands.h"
#include "tools/dlc-run/PredictCommands.h"
#include "tools/dlc-run/TrainCommand.h"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <functional>

using namespace dlc::data;
using namespace dlcrun;

namespace {

struct Command {
  const char *name;
  const char *description;
  int (*run)(const Options &);                     ///< null: the command reads its own options
  int (*runWith)(int argc, char **argv) = nullptr; ///< and does so here
};

const Command commands[] = {
    {"run", "Runs a library once on .npy files; prints its outputs if none is to be written", runModel},
    {"info", "Prints a library's entry points, tensors and sizes", showInfo},
    {"bench", "Measures a library, on random inputs where none are given", benchmark},
    {"profile", "Shows where a library's time goes: per kernel, beside what the machine can do", profileModel},
    {"roof", "Measures what this machine can compute and read, for profiles", measureRoof},
    {"verify",
     "Compares all tensors of two libraries compiled with dlc --keep-tensors (or of a library and a folder of "
     "NAME.npy) in program order; for a .json or .onnx model, compiles it as usual and with -O0 and compares these",
     verify},
    {"train", "Trains a library compiled with dlc --train", nullptr, trainModel},
    {"evaluate", "Compares what a model predicts with the labels of tables, arrays or images", nullptr, evaluateRows},
    {"predict", "Predicts for each row of tables, arrays or images", nullptr, predictRows},
};

/// The options that `command` takes.
void declareOptions(CLI::App &app, const std::string &command, Options &options) {
  bool isVerify = command == "verify", isInfo = command == "info", isProfile = command == "profile",
       isBench = command == "bench";
  if (command == "roof") {
    app.add_option("--file", options.roof, "FILE.json to write; roof.json in the folder of dlc's cache by default");
    return;
  }
  CLI::Option *library =
      app.add_option("library", options.library, isVerify ? "Library, or model to compile" : "Library that dlc made")
          ->required();
  if (!isVerify && !isInfo)
    library->check(expectLibrary());
  if (command == "info") {
    app.add_option("--symbol", options.symbols, "SYMBOL=EXTENT for which to print the size of the workspace")
        ->allow_extra_args(false);
    CLI::Option *layers = app.add_flag("--layers", options.showsLayers,
                                       "List the layers, also those of a model file: result, parameters, operations");
    // A model file has layers, but nothing else of what is printed.
    library->check(CLI::Validator(
        [layers](std::string &path) {
          std::string problem = layers->count() ? std::string() : expectLibrary()(path);
          return problem.empty() ? problem : problem + ", or list its layers, by dlc-run info " + path + " --layers";
        },
        ""));
    app.add_flag("--json", options.isJson, "Print JSON");
    return;
  }
  app.add_option("--entry", options.entry, "Entry point; by default 'run', or the only one");
  app.add_option("--input", options.inputs, "NAME=FILE.npy, once for each input")->allow_extra_args(false);
  if (!isVerify)
    app.add_option("--output", options.outputs, "NAME=FILE.npy, where to write an output")->allow_extra_args(false);
  app.add_option("--threads", options.threads, "Threads to compute with; 0: one for each CPU")
      ->check(CLI::Range(0u, DLC_MAX_THREADS));
  app.add_option("--device", options.device, deviceHelp);
  app.add_option(
      "--variables", options.variables,
      "FILE.safetensors with the variables of a model that is trainable or has replaceable weights; what its init "
      "gives by default");
  if (command != "run")
    app.add_option("--symbol", options.symbols, "SYMBOL=EXTENT for inputs that are generated")->allow_extra_args(false);
  if (command == "run")
    app.add_option(
        "--steps", options.steps,
        "SYMBOL along which to run one position at a time, with the state kept in between; outputs are joined");
  if (isBench || isProfile) {
    app.add_flag("--reset", options.isReset, "Reset the model's state before every run");
    app.add_option("--seconds", options.seconds, "How long to measure")->check(CLI::Range(0.0, 1e6));
    app.add_flag("--json", options.isJson,
                 isBench ? "Print one JSON object: min_ms, median_ms, runs, peak_mb" : "Print one JSON object");
    app.add_option("--trace", options.trace, "FILE.json for a trace of the first runs, for Perfetto or Chrome");
    app.add_option("--by", options.grouping, "What to sum up by: launch (a kernel in its layer), layer, kernel or kind")
        ->check(CLI::IsMember({"launch", "layer", "kernel", "kind"}));
    app.add_option("--rows", options.rows, "How many rows to show, the longest first; 0: all");
    app.add_option("--roof", options.roof, "FILE.json that dlc-run roof has written; the usual one by default");
  }
  if (isBench)
    app.add_flag("--device-tensors", options.hasDeviceTensors,
                 "Keep inputs and outputs on the GPU, so that runs do not copy them");
  if (isBench)
    app.add_flag("--profile", options.isProfiled,
                 "Measure again and show where the time goes, as dlc-run profile does");
  if (isVerify) {
    app.add_option("--reference", options.reference, "Reference: a library, or a folder of NAME.npy");
    app.add_option("--reference-device", options.referenceDevice, "The same for the reference");
    app.add_option("--tolerance", options.tolerance, "Largest difference, as a share of a tensor's largest magnitude")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--runs", options.runs,
                   "Runs of both, on the same inputs, of which the last are compared: each goes on from the states and "
                   "variables that the one before it has left")
        ->check(CLI::Range(1u, 1000000u));
    app.add_option("--sensitivity", options.sensitivity,
                   "Also run the reference N times with its numbers in f32 and f64, inputs and variables, changed at "
                   "random by up to 2^-18 of each; a tensor that differs by at most 4 times as much as in these runs "
                   "is explained by rounding, as beside the 0 of a ReLU, and does not count")
        ->type_name("N")
        ->check(CLI::Range(0u, 1000u));
    app.add_option("--option", options.compilerOptions, "Option for dlc, if a model is compiled")
        ->allow_extra_args(false);
  }
}

int runCommand(const Command &command, int argc, char **argv) {
  Options options;
  bool isDefault = std::string(command.name) == "run";
  CLI::App app(command.description, isDefault ? "dlc-run" : std::string("dlc-run ") + command.name);
  declareOptions(app, command.name, options);
  if (isDefault) {
    std::string footer = "Other commands (dlc-run COMMAND --help):\n";
    for (const Command &other : commands)
      if (&other != &command)
        footer += std::string("  ") + other.name + "\t" + other.description + "\n";
    app.footer(footer);
    app.set_version_flag("--version", "dlc-run " DLC_VERSION ", ABI version " + std::to_string(DLC_ABI_VERSION));
  }
  if (std::optional<int> status = parseArguments(app, argc, argv))
    return *status;
  return command.run(options);
}

/// Fails if the first word is neither a library nor a command, but like one of these.
void checkCommand(int argc, char **argv) {
  std::string word = argc > 1 ? argv[1] : "";
  std::vector<std::string> names;
  for (const Command &command : commands)
    names.push_back(command.name);
  if (std::string hint = suggestion(word, names); word.find_first_of("-./") == std::string::npos &&
                                                  hint.find("did you mean") != std::string::npos &&
                                                  !std::filesystem::exists(word))
    throw Failure("there is no command '" + word + "'" + hint);
}

} // namespace

/// Opens /dev/null for each standard stream that is closed: a file that is opened later must not get its number, and
/// with it what is printed.
static void openStandardStreams() {
  for (int stream = 0; stream < 3; ++stream)
    if (fcntl(stream, F_GETFD) < 0 && open("/dev/null", O_RDWR) != stream)
      std::abort();
}

int main(int argc, char **argv) {
  openStandardStreams();
  const Command *command = &commands[0];
  if (argc > 1)
    for (const Command &candidate : commands)
      if (!std::string(candidate.name).compare(argv[1])) {
        command = &candidate;
        --argc;
        ++argv;
        break;
      }
  try {
    checkCommand(argc, argv);
    int status = command->run ? runCommand(*command, argc, argv) : command->runWith(argc, argv);
    if (!status && (std::fflush(stdout) || std::ferror(stdout)))
      throw Failure("cannot write to standard output");
    return status;
  } catch (const std::exception &error) {
    std::fflush(stdout);
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
