// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-run/PredictCommands.h"

#include "tools/dlc-run/Arguments.h"
#include "tools/dlc-run/DataArguments.h"
#include "tools/dlc-run/PredictionWriter.h"
#include "training/EvaluationReport.h"
#include "training/RunFiles.h"

#include <filesystem>

using namespace dlc::data;
using namespace dlc::training;
using namespace dlcrun;

namespace {

/// What both commands take.
struct DataArguments {
  PredictOptions options;
  std::vector<std::string> files, scales;

  void declare(CLI::App &app) {
    app.add_option("library", options.library, "Library that dlc made")->check(expectLibrary())->required();
    app.add_option("data", files, "The same as --data")->type_name("[NAME=]FILE");
    app.add_option("--data", options.data.sources,
                   "FILE or NAME=FILE: a table (.csv, .tsv), an array (.npy, .npz, IDX), an image (PNG, JPEG) or a "
                   "folder of images; repeat --data for each further one")
        ->type_name("[NAME=]FILE")
        ->allow_extra_args(false);
    app.add_option("--variables", options.variables,
                   "FILE.safetensors: the checkpoint of a library that is trainable or has replaceable weights");
    declareTable(app, options.data.csv);
    declareScales(app, scales);
    app.add_option("--rows", options.rows, "FILE with the indices (from 0) of the rows to use; all by default");
    app.add_option("--entry", options.entry, "Entry point; by default the one that predicts");
    app.add_option("--batch", options.batch,
                   "Rows per run, if the model leaves the batch size open; as many as in training, or 32, by default")
        ->check(CLI::Range(1, 1 << 30))
        ->default_str("");
    app.add_option("--device", options.device, deviceHelp);
    app.add_option("--threads", options.threads, "Threads to compute with; 0: one for each CPU")
        ->check(CLI::Range(0u, DLC_MAX_THREADS));
  }

  /// After the command line was read.
  PredictOptions &finish() {
    options.data.sources.insert(options.data.sources.begin(), files.begin(), files.end());
    if (options.data.sources.empty())
      throw Failure("there is no data: name a table, an array, images or a folder of images after the library");
    options.scales = splitScales(scales);
    return options;
  }
};

void printRemarks(const Dataset &data) {
  for (const std::string &remark : data.remarks)
    std::fprintf(stderr, "note: %s\n", remark.c_str());
}

std::string formatOf(const std::string &format, const std::string &path) {
  std::string ending = std::filesystem::path(path).extension().string();
  if (!format.empty())
    return format;
  if (ending == ".npy")
    return "npy";
  return ending == ".jsonl" || ending == ".json" || ending == ".ndjson" ? "jsonl" : "csv";
}

} // namespace

int dlcrun::predictRows(int argc, char **argv) {
  DataArguments arguments;
  std::string output, format;
  CLI::App app("Predicts for each row of tables, arrays or images, converted as the data that the model has learned "
               "from was",
               "dlc-run predict");
  arguments.declare(app);
  app.add_option("--output", output,
                 "FILE.csv, FILE.jsonl (one JSON object per line) or FILE.npy to write; by default "
                 "CSV is printed");
  app.add_option("--format", format, "csv, jsonl or npy, instead of what the file's name says")
      ->check(CLI::IsMember({"csv", "jsonl", "npy"}));
  if (std::optional<int> status = parseArguments(app, argc, argv))
    return *status;
  Predictor predictor(arguments.finish(), DataRole::Prediction);
  printRemarks(predictor.data());
  expectWritable(output);
  std::unique_ptr<PredictionWriter> writer = PredictionWriter::make(formatOf(format, output), output, predictor);
  predictor.predict([&](const BatchFunction &function, size_t rows) { writer->take(function, rows); });
  writer->finish();
  return 0;
}

int dlcrun::evaluateRows(int argc, char **argv) {
  DataArguments arguments;
  PredictOptions &options = arguments.options;
  std::string report;
  bool isJson = false;
  CLI::App app("Compares what a model predicts with the labels of tables, arrays or images", "dlc-run evaluate");
  arguments.declare(app);
  declareLabel(app, options.data.csv);
  app.add_option("--validation-split", options.validationSplit,
                 "Use the share of the rows that dlc-run train has held out with the same --seed")
      ->check(CLI::Range(0.0, 1.0))
      ->excludes("--rows");
  app.add_option("--seed", options.seed, "The seed of that training run")->check(CLI::NonNegativeNumber);
  app.add_option("--report", report, "FILE.html with the metrics and the confusion matrix");
  app.add_flag("--json", isJson, "Print one JSON object");
  if (std::optional<int> status = parseArguments(app, argc, argv))
    return *status;
  Predictor predictor(arguments.finish(), DataRole::Validation);
  printRemarks(predictor.data());
  expectWritable(report);
  Evaluation evaluation = predictor.evaluate();
  size_t rows = predictor.evaluatedRows();
  if (size_t rest = predictor.rows().size() - rows)
    std::fprintf(stderr, "note: the model takes batches of %zu rows: the last %zu rows are left out\n",
                 predictor.batchRows(), rest);
  std::string sources;
  for (const std::string &source : options.data.sources)
    sources += (sources.empty() ? "" : ", ") + source;
  EvaluationReport page{predictor.model().name,
                        {{"model", options.library},
                         {"weights", options.variables},
                         {"data", sources + ", " + std::to_string(rows) + " rows"},
                         {"compiled by", std::string(predictor.model().compiler) + " for " + predictor.model().target},
                         {"written", describeNow()}},
                        rows,
                        predictor.description().classNames,
                        evaluation};
  if (!report.empty())
    writeWhole(report, page.toHtml());
  if (isJson)
    std::printf("%s\n", page.toJson().dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
  else
    std::printf("%s", page.toText().c_str());
  return 0;
}
