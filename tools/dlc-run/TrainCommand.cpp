// SPDX-License-Identifier: Apache-2.0
// dlc-run train OUT.so --data ...
#include "tools/dlc-run/TrainCommand.h"

#include "tools/dlc-run/Arguments.h"
#include "tools/dlc-run/DataArguments.h"
#include "tools/dlc-run/Interruption.h"
#include "tools/dlc-run/Progress.h"
#include "training/Trainer.h"

using namespace dlc::data;
using namespace dlc::training;
using namespace dlcrun;

namespace {

/// What the command line says: options, and what it says in other words than they do.
struct TrainArguments {
  TrainOptions options;
  std::vector<std::string> scales, settings; ///< "NAME=NUMBER"
  bool isJson = false;
};

} // namespace

static void declareData(CLI::App &app, TrainArguments &arguments) {
  TrainOptions &options = arguments.options;
  app.add_option("library", options.library, "Library compiled with dlc --train")
      ->check(expectLibrary(" --train"))
      ->required();
  app.add_option(
         "--data", options.data.sources,
         "FILE or NAME=FILE to learn from: a table (.csv, .tsv), an array (.npy, .npz, IDX) for the input or label "
         "NAME, or a folder with a folder of images (PNG, JPEG) for each class; repeat --data for each further one")
      ->type_name("[NAME=]FILE")
      ->required()
      ->allow_extra_args(false);
  app.add_option("--validation", options.validation.sources, "The same for data to validate with after each epoch")
      ->type_name("[NAME=]FILE")
      ->allow_extra_args(false);
  app.add_option("--validation-split", options.validationSplit,
                 "Share of the rows of --data to hold out for validation, selected by the seed")
      ->check(CLI::Range(0.0, 1.0))
      ->excludes("--validation");
  app.add_option("--validation-rows", options.validationRows,
                 "FILE with the indices (from 0) of the rows of --data to hold out for validation")
      ->excludes("--validation")
      ->excludes("--validation-split");
  declareLabel(app, options.data.csv);
  declareTable(app, options.data.csv);
  declareConversions(app, options.data.csv);
  declareScales(app, arguments.scales);
}

static void declareTraining(CLI::App &app, TrainArguments &arguments) {
  TrainOptions &options = arguments.options;
  app.add_option("--entry", options.entry, "Entry point that is a step; train_step by default");
  app.add_option("--epochs", options.epochs, "Number of passes over the data")->check(CLI::Range(1, 1 << 30));
  app.add_option("--batch", options.batch, "Rows per step, if the model leaves the batch size open")
      ->check(CLI::Range(1, 1 << 30));
  app.add_option("--seed", options.seed, "Decides initial values, order and everything else that is random")
      ->check(CLI::NonNegativeNumber);
  app.add_flag("--no-shuffle", options.isOrdered, "Do not shuffle the rows");
  app.add_option("--set", arguments.settings, "NAME=VALUE of a hyperparameter, such as learning_rate=0.01")
      ->allow_extra_args(false);
  app.add_option(
      "--schedule", options.schedule,
      "How the learning rate changes: constant, step:every=E,factor=F, exponential:factor=F, cosine:minimum=M, "
      "plateau:patience=E,factor=F,minimum=M");
  app.add_option("--warmup", options.warmUpSteps,
                 "Number of steps over which the learning rate rises to that of the schedule")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--monitor", options.monitor,
                 "Metric that decides what is best; by default validation_loss, or loss without validation data");
  app.add_option("--early-stopping", options.patience,
                 "Stop when the metric has not improved for so many epochs; 0: never")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--min-delta", options.leastGain, "The smallest improvement that counts for --early-stopping")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--device", options.device, deviceHelp);
  app.add_option("--threads", options.threads, "Threads to compute with; 0: one for each CPU")
      ->check(CLI::Range(0u, DLC_MAX_THREADS));
}

static void declareFiles(CLI::App &app, TrainArguments &arguments) {
  TrainOptions &options = arguments.options;
  auto *checkpoint =
      app.add_option("--checkpoint", options.checkpoint, "FILE.safetensors to write, atomically, after each epoch");
  app.add_option("--checkpoint-epochs", options.checkpointEpochs,
                 "Write the checkpoint after so many epochs (and after the last one)")
      ->check(CLI::Range(1, 1 << 30))
      ->needs(checkpoint);
  app.add_option("--checkpoint-steps", options.checkpointSteps,
                 "Write the checkpoint after so many steps, too; 0: only after epochs")
      ->check(CLI::NonNegativeNumber)
      ->needs(checkpoint);
  app.add_flag("--resume", options.isResumed, "Continue from the checkpoint if it exists")->needs(checkpoint);
  app.add_option("--best", options.bestCheckpoint, "FILE.safetensors for the best state so far");
  auto *load = app.add_option("--load", options.load, "FILE.safetensors with the weights to start from");
  app.add_option("--load-prefix", options.loadPrefix, "Load only variables whose names start with this prefix")
      ->needs(load);
  app.add_flag("--load-partial", options.isPartialLoad, "Variables that the file lacks keep their initial values")
      ->needs(load);
  app.add_option("--report", options.report, "FILE.html with learning curves and the confusion matrix");
  app.add_flag("--json", arguments.isJson, "Print one JSON object per line");
}

/// What other tools call options, and what this one has for them.
static std::map<std::string, std::string> hintsForOptions() {
  const std::string rate = "; the learning rate is a hyperparameter of the model: --set learning_rate=0.01",
                    optimizer = "; it belongs to the section 'training' of the model, which dlc compiles with --train",
                    batch = "; did you mean '--batch'?", epochs = "; did you mean '--epochs'?",
                    checkpoint = "; did you mean '--checkpoint'?", validation = "; did you mean '--validation'?";
  return {{"--lr", rate},
          {"--learning-rate", rate},
          {"--learning_rate", rate},
          {"--momentum", optimizer},
          {"--weight-decay", optimizer},
          {"--optimizer", optimizer},
          {"--loss", optimizer},
          {"--metrics", optimizer},
          {"--batch-size", batch},
          {"--batch_size", batch},
          {"--epoch", epochs},
          {"--num-epochs", epochs},
          {"--max-epochs", epochs},
          {"--output", checkpoint},
          {"--save", checkpoint},
          {"--val", validation},
          {"--test", validation},
          {"--patience", "; did you mean '--early-stopping'?"},
          {"--val-split", "; did you mean '--validation-split'?"}};
}

int dlcrun::trainModel(int argc, char **argv) {
  TrainArguments arguments;
  CLI::App app("Trains a library compiled with dlc --train", "dlc-run train");
  // --help lists what each of them declares under a heading of its own.
  inGroup(app, "Data", [&] { declareData(app, arguments); });
  inGroup(app, "Training", [&] { declareTraining(app, arguments); });
  inGroup(app, "Files and output", [&] { declareFiles(app, arguments); });
  if (std::optional<int> status = parseArguments(app, argc, argv, hintsForOptions()))
    return *status;
  TrainOptions &options = arguments.options;
  options.validation.csv = options.data.csv;
  for (const std::string &setting : arguments.settings)
    options.settings.push_back(splitNumber(setting, "--set"));
  options.scales = splitScales(arguments.scales);
  Progress progress(arguments.isJson);
  Trainer trainer(options, progress);
  catchInterruptions();
  return trainer.run() ? 0 : 128 + interruption();
}
