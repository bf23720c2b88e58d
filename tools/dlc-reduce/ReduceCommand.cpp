// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-reduce/ReduceCommand.h"
#include "tools/dlc-reduce/Inspection.h"
#include "tools/dlc-reduce/JsonModel.h"
#include "tools/dlc-reduce/OnnxModel.h"
#include "tools/dlc-reduce/Reducer.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include <CLI/CLI.hpp>
#include <csignal>
#include <fstream>
#include <optional>
#include <stdexcept>

using namespace dlc;
using namespace dlc::reduce;

namespace {

/// A folder for candidates that goes with this object.
class TemporaryFolder {
public:
  TemporaryFolder() {
    llvm::SmallString<128> created;
    if (std::error_code error = llvm::sys::fs::createUniqueDirectory("dlc-reduce", created))
      throw std::runtime_error("cannot make a temporary folder: " + error.message());
    path = created.str().str();
  }
  ~TemporaryFolder() { (void)llvm::sys::fs::remove_directories(path); }
  TemporaryFolder(const TemporaryFolder &) = delete;
  std::string path;
};

struct Options {
  std::string model, output;
  std::optional<std::string> check, message;
  bool compare = false;
  double minutes = 30;
  std::vector<std::string> compile; ///< options for dlc
};

} // namespace

std::unique_ptr<ReducibleModel> ReducibleModel::read(const std::string &path) {
  llvm::StringRef ending = llvm::sys::path::extension(path);
  if (ending == ".onnx")
    return OnnxModel::read(path);
  if (ending == ".json")
    return JsonModel::read(path);
  throw std::runtime_error("'" + path + "' is neither a .onnx nor a .json file");
}

/// The file with the weights of a model, which it names by a path from its own folder, is found from the folder of
/// candidates by the same path.
static void linkWeights(const std::string &model, const std::string &weights, const std::string &folder) {
  if (weights.empty() || llvm::sys::path::is_absolute(weights))
    return;
  llvm::SmallString<128> file(llvm::sys::path::parent_path(model)), link(folder);
  llvm::sys::path::append(file, weights);
  llvm::sys::path::append(link, weights);
  if (llvm::sys::fs::make_absolute(file) || !llvm::sys::fs::is_regular_file(file))
    return; // which dlc reports, if it reads the file
  if (llvm::sys::fs::create_directories(llvm::sys::path::parent_path(link)))
    throw std::runtime_error("cannot write '" + link.str().str() + "'");
  // A symbolic link would lead out of the folder, which dlc refuses. Other file systems get a copy.
  if (llvm::sys::fs::create_hard_link(file, link))
    if (std::error_code error = llvm::sys::fs::copy_file(file, link))
      throw std::runtime_error("cannot copy '" + file.str().str() + "' to '" + link.str().str() +
                               "': " + error.message());
}

/// Fails now if the result could not be written in the end.
static void checkOutput(const std::string &output) {
  std::string temporary = output + ".tmp";
  int file;
  if (std::error_code error = llvm::sys::fs::openFileForWrite(temporary, file))
    throw std::runtime_error("cannot write '" + output + "': " + error.message());
  (void)llvm::sys::Process::SafelyCloseFileDescriptor(file);
  (void)llvm::sys::fs::remove(temporary);
}

/// How the model fails: as the options say, or as it turns out. Null if a signal came first.
static std::unique_ptr<Check> findFailure(const Options &options, const std::string &path, const std::string &folder) {
  if (options.check) {
    auto check = std::make_unique<CommandCheck>(*options.check);
    if (check->fails(path))
      return check;
    if (interrupted)
      return nullptr;
    throw std::runtime_error("the model does not fail to begin with: '" + *options.check +
                             "' ends with status 0. The check is a command that fails on models with the problem");
  }
  if (!options.compare) {
    auto check = std::make_unique<CompileCheck>(folder, options.compile, options.message.value_or(""));
    if (check->fails(path))
      return check;
    if (interrupted)
      return nullptr;
    if (options.message)
      throw std::runtime_error("the model does not fail to begin with: dlc does not say '" + *options.message + "'");
    llvm::errs() << "dlc compiles the model; comparing its results with those of -O0\n";
  }
  auto check = std::make_unique<CompareCheck>(options.compile);
  if (check->fails(path))
    return check;
  if (!interrupted)
    throw std::runtime_error(std::string("the model does not fail to begin with: ") +
                             (options.compare ? "" : "dlc compiles it, and ") +
                             "its results are those of -O0. --check COMMAND says what is wrong with it");
  return nullptr;
}

static int reduceModel(const Options &options) {
  std::unique_ptr<ReducibleModel> model = ReducibleModel::read(options.model);
  TemporaryFolder folder;
  linkWeights(options.model, model->getWeightsFile(), folder.path);
  llvm::StringRef ending = llvm::sys::path::extension(options.model);
  // The check sees models in one folder and of one form, the first one too.
  std::string first = folder.path + "/candidate" + ending.str();
  std::ofstream(first, std::ios::binary) << model->write();
  std::unique_ptr<Check> check = findFailure(options, first, folder.path);
  if (!check || interrupted)
    return 128 + interrupted;
  size_t nodes = model->countAllNodes();
  llvm::errs() << nodes << (nodes == 1 ? " node: " : " nodes: ") << check->getFailure() << '\n';
  ReducerOptions settings{options.output, folder.path, options.minutes * 60,
                          inspectOutputs(first, model->getEntry()).has_value()};
  Reducer reducer(std::move(model), *check, settings);
  bool isMinimal = reducer.run();
  llvm::outs() << options.output << ": " << reducer.getModel().countAllNodes() << " of " << nodes << " nodes after "
               << reducer.countTries() << " tries, " << llvm::format("%.0f s", reducer.getElapsed())
               << (isMinimal     ? ""
                   : interrupted ? "; interrupted, and there may be a smaller one"
                                 : "; the time is over, and there may be a smaller one (--minutes)")
               << '\n';
  return interrupted ? 128 + interrupted : 0;
}

int dlc::runReduce(int argc, char **argv) {
  Options options;
  CLI::App app(
      "Finds the smallest model that still fails: removes outputs, nodes, attributes and weights, cuts the graph, "
      "makes\n"
      "extents smaller.\n\n"
      "  dlc reduce model.onnx                            dlc crashes, reports an error or gives other results than "
      "-O0\n"
      "  dlc reduce model.onnx --check ./is-wrong.sh      a command fails on models with the problem\n\n"
      "Every other option is one for dlc, with which candidates are compiled, such as -O1 or --target=x86-64.\n",
      "dlc reduce");
  app.add_option("MODEL", options.model, "The model: a .json or .onnx file")->required();
  app.add_option("-o,--output", options.output,
                 "Where to write the smallest model; MODEL.reduced beside the model by default")
      ->type_name("FILE");
  app.add_option(
         "--check", options.check,
         "A command that fails (ends with another status than 0) on models with the problem. {} in it is the path "
         "of a model; without {}, the path is its last argument")
      ->type_name("COMMAND");
  app.add_flag("--compare", options.compare,
               "The problem is that results differ from those of -O0, as dlc-run verify finds");
  app.add_option("--message", options.message,
                 "What dlc has to say when it fails; by default what it says of the whole model")
      ->type_name("TEXT");
  app.add_option("--minutes", options.minutes, "How long to search")
      ->check(CLI::Range(0.0, 1e5))
      ->capture_default_str();
  app.allow_extras();
  try {
    app.parse(argc, argv);
    options.compile = app.remaining();
    if (options.check.has_value() + options.compare + options.message.has_value() > 1)
      throw std::runtime_error("--check, --compare and --message exclude each other");
    if ((options.check && options.check->empty()) || (options.message && options.message->empty()))
      throw std::runtime_error(options.check ? "--check needs a command" : "--message needs a text");
    if (options.check && !options.compile.empty())
      throw std::runtime_error("'" + options.compile.front() +
                               "' is an option for dlc, and --check runs its command only: pass "
                               "the option to dlc there");
    llvm::SmallString<128> output(options.model);
    llvm::StringRef ending = llvm::sys::path::extension(options.model);
    llvm::sys::path::replace_extension(output, ".reduced" + ending.str());
    if (options.output.empty())
      options.output = output.str().str();
    if (llvm::sys::path::extension(options.output) != ending)
      throw std::runtime_error("'" + options.output + "' must end in " + ending.str() + ", as the model does");
    bool isSame = false;
    if (!llvm::sys::fs::equivalent(options.model, options.output, isSame) && isSame)
      throw std::runtime_error("the output would replace the model: name another file with -o");
    checkOutput(options.output);
    for (int signal : {SIGINT, SIGTERM, SIGHUP})
      std::signal(signal, [](int number) { interrupted = number; });
    return reduceModel(options);
  } catch (const CLI::CallForHelp &) {
    llvm::outs() << app.help();
    return 0;
  } catch (const std::exception &error) {
    llvm::errs() << "dlc reduce: error: " << error.what() << '\n';
    return 1;
  }
}
