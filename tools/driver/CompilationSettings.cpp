// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/CompilationSettings.h"
#include "analysis/IntegerProducts.h"
#include "frontend/CustomOps.h"
#include "ir/Names.h"
#include "ir/Suggestion.h"
#include "mlir/Pass/PassManager.h"
#include "tools/driver/CompilerVersion.h"
#include "tools/driver/MachineFile.h"
#include "tools/driver/Output.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace dlc;
using mlir::failed;
using mlir::failure;
using mlir::LogicalResult;
using mlir::success;

namespace {
/// Reads options one after the other, so that all that is wrong is reported at once.
class OptionReader {
public:
  OptionReader(const CompileOptions &options, mlir::Location location) : options(options), location(location) {}

  mlir::FailureOr<CompilationSettings> read() {
    using Step = LogicalResult (OptionReader::*)();
    bool isRight = true;
    for (Step step :
         {&OptionReader::readTarget, &OptionReader::readImport, &OptionReader::readOps, &OptionReader::checkSupport,
          &OptionReader::checkOnnx, &OptionReader::checkPhase, &OptionReader::checkOutput,
          &OptionReader::checkPassNames, &OptionReader::readIdentity, &OptionReader::checkPaths})
      isRight &= succeeded((this->*step)());
    readPipeline();
    if (!isRight)
      return failure();
    return std::move(settings);
  }

private:
  mlir::InFlightDiagnostic error() { return mlir::emitError(location); }

  LogicalResult readTarget();
  LogicalResult readImport();
  LogicalResult readOps();
  LogicalResult checkSupport();
  LogicalResult checkOnnx();
  LogicalResult checkPhase();
  LogicalResult checkOutput();
  LogicalResult checkPaths();
  LogicalResult checkPassNames();
  LogicalResult readIdentity();
  void readPipeline();

  const CompileOptions &options;
  mlir::Location location;
  CompilationSettings settings;
};
} // namespace

LogicalResult OptionReader::readTarget() {
  std::string problem;
  auto parsed = TargetList::parse(options.target, problem);
  if (!parsed)
    return error() << problem;
  settings.setTarget(std::move(parsed->main));
  settings.deviceTarget = std::move(parsed->device);
  settings.identity.target = parsed->name;
  if (!options.machine.empty()) {
    settings.rates = readMachine(options.machine, problem);
    if (!settings.rates)
      return error() << problem;
    settings.identity.rates = settings.rates->name;
  }
  return success();
}

LogicalResult OptionReader::readImport() {
  LogicalResult result = success();
  settings.importOptions.isTrained = options.train;
  // The module after import still has its parameters.
  settings.importOptions.replacesWeights =
      !options.parameters.empty() || options.replaceableWeights || options.compileTo == "import";
  settings.importOptions.training = options.training;
  if (options.train && options.training.empty() && llvm::sys::path::extension(options.model) == ".onnx")
    result = error() << "an ONNX model does not say how to train it: --train=FILE.json names a file that does, such as "
                        "{ \"training\": { \"loss\": { \"name\": \"cross_entropy\", \"from_logits\": true }, "
                        "\"optimizer\": \"adam\" } }";
  if (!options.training.empty() && llvm::sys::path::extension(options.model) == ".mlir")
    result = error() << "--train=FILE is for models; what trains is in a module that --train has printed already";
  if (options.train && options.replaceableWeights)
    result = error() << "--train makes weights variables already: leave --replaceable-weights out";
  for (const std::string &text : options.shapes) {
    std::string problem;
    auto shape = ShapeOverride::parse(text, problem);
    if (failed(shape)) {
      result = error() << problem;
      continue;
    }
    if (llvm::is_contained(llvm::map_range(settings.importOptions.shapes, [](const auto &s) { return s.input; }),
                           shape->input)) {
      result = error() << "--shape gives the extents of '" << shape->input << "' twice";
      continue;
    }
    settings.importOptions.shapes.push_back(std::move(*shape));
  }
  return result;
}

/// Whether `text` is a name of C or, with template arguments and the like encoded, of C++.
static bool isSymbol(llvm::StringRef text) {
  return !text.empty() && !llvm::isDigit(text.front()) &&
         llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || c == '_' || c == '$'; });
}

LogicalResult OptionReader::readOps() {
  LogicalResult result = success();
  for (llvm::StringRef text : options.ops) {
    auto [name, symbol] = text.split('=');
    // An op may be called as its function is.
    if (!text.contains('='))
      symbol = name;
    auto isSame = [name = name](const CustomFunction &function) { return function.op == name; };
    if (name.empty() || !isSymbol(symbol))
      result = error() << "--op=" << text << " is not NAME=SYMBOL, an op and the C function that computes it";
    else if (llvm::any_of(settings.customFunctions, isSame))
      result = error() << "--op names '" << name << "' twice";
    else
      settings.customFunctions.push_back({name.str(), symbol.str()});
  }
  if (!options.links.empty() && options.ops.empty())
    result = error() << "--link gives files with the functions of custom ops, and no --op says which these are";
  if (options.opDescriptions.empty())
    return result;
  settings.importOptions.customOps =
      readCustomOps(options.opDescriptions, [&](json::Position position, const std::string &message) {
        mlir::emitError(
            mlir::FileLineColLoc::get(location.getContext(), options.opDescriptions, position.line, position.column))
            << message;
      });
  return settings.importOptions.customOps ? result : failure();
}

LogicalResult OptionReader::checkSupport() {
  LogicalResult result = success();
  if (!options.report.empty() && !options.compileTo.empty())
    result = error() << "--report describes a whole compilation; leave --compile-to out";
  if (!options.profile.empty() && options.report.empty())
    result = error() << "--profile is for the page of --report: say where to write it";
  if (!options.records.empty() && options.optimizationLevel == 0)
    result = error() << "--records gives schedules, which -O0 does without: take -O1 or more";
  if (settings.deviceTarget) {
    auto kind = getOutputKind(options.output);
    bool isModule = !options.compileTo.empty() || options.output.empty() || kind == OutputKind::Mlir;
    for (auto [isAsked, what] :
         {std::pair(isModule, "a module is"), std::pair(!options.report.empty(), "the page of --report is")})
      if (isAsked)
        result = error() << what << " about one program, and --target=" << options.target
                         << " asks for two: name one target";
    if (options.replaceableWeights)
      result = error() << "--replaceable-weights: programs for a CPU and for a GPU pack weights in different ways, so "
                          "that they cannot share a block of variables; name one target";
  }
  if (settings.target.device || settings.deviceTarget) {
    if (options.checkBounds)
      result = error() << "--check-bounds checks kernels on the CPU: compile for one, or leave it out";
    if (!options.records.empty())
      result = error() << "--records gives schedules for CPUs; kernels for GPUs have one schedule each so far";
  }
  if (options.precision != "f32")
    result = error() << "--precision=" << options.precision
                     << " is not supported yet: kernels compute in the types of the model, f32 above all";
  return result;
}

LogicalResult OptionReader::checkOnnx() {
  LogicalResult result = success();
  bool isOnnx = options.compileTo.empty() && getOutputKind(options.output) == OutputKind::Onnx;
  if (!options.entry.empty() && !isOnnx)
    result = error() << "--entry selects the graph of an .onnx file; a library has all entry points";
  if (isOnnx) {
    if (!options.report.empty())
      result = error() << "--report describes kernels, and an ONNX file has none";
    if (options.replaceableWeights)
      result = error() << "weights of an ONNX file are initializers: leave --replaceable-weights out";
  }
  return result;
}

LogicalResult OptionReader::checkPhase() {
  if (options.compileTo.empty() || llvm::is_contained(getPhaseNames(), options.compileTo))
    return success();
  auto diagnostic = error() << "there is no phase '" << options.compileTo << "'"
                            << suggest(options.compileTo, getPhaseNames()) << "; the phases are";
  for (llvm::StringRef phase : getPhaseNames())
    diagnostic << " " << phase;
  return diagnostic;
}

LogicalResult OptionReader::checkOutput() {
  if (options.output.empty())
    return success();
  std::optional<OutputKind> kind = getOutputKind(options.output);
  if (!kind)
    return error() << "'" << options.output
                   << "' has no extension that says what to write: .so, .a, .o, .h, .ll, .s, .mlir or .onnx";
  if (!options.compileTo.empty() && *kind != OutputKind::Mlir)
    return error() << "--compile-to stops at a module, which is text: write it to a .mlir file instead of '"
                   << options.output << "', or leave -o out to print it";
  if (isStandardOutput(options.output) && !isText(*kind))
    return error() << "standard output takes text only (-.mlir, -.ll, -.s or -.h): give '" << options.output
                   << "' a name";
  if (options.weights == WeightsPlacement::File && *kind != OutputKind::SharedLibrary && *kind != OutputKind::Header)
    return error() << "--weights=file needs a library that can find its own folder: write a .so";
  return success();
}

/// `path` with its real folder, so that two paths of one file are recognized.
static std::string getRealPath(llvm::StringRef path) {
  llvm::StringRef folder = llvm::sys::path::parent_path(path);
  llvm::SmallString<256> real;
  if (llvm::sys::fs::real_path(path, real)) {
    // What does not exist yet has a folder that does.
    real.clear();
    (void)llvm::sys::fs::real_path(folder.empty() ? "." : folder, real);
    llvm::sys::path::append(real, llvm::sys::path::filename(path));
  }
  return real.str().str();
}

/// All that a compilation writes goes into folders that exist, to files of their own, and not over what it reads.
LogicalResult OptionReader::checkPaths() {
  llvm::SmallVector<std::pair<std::string, std::string>> written; // path and what is written there
  auto kind = getOutputKind(options.output);
  if (kind && !isStandardOutput(options.output)) {
    written.push_back({options.output, "the output"});
    auto addBeside = [&](llvm::StringRef name, llvm::StringRef what) {
      llvm::SmallString<256> path(llvm::sys::path::parent_path(options.output));
      llvm::sys::path::append(path, name);
      written.push_back({path.str().str(), what.str()});
    };
    if (options.compileTo.empty() && (*kind == OutputKind::Archive || *kind == OutputKind::Object ||
                                      (*kind == OutputKind::SharedLibrary && options.writeHeader)))
      addBeside(settings.identity.name + ".h", "the header");
    if (options.compileTo.empty() && *kind == OutputKind::SharedLibrary && options.weights == WeightsPlacement::File)
      addBeside(settings.identity.weightsFile, "the weights");
  }
  if (!options.report.empty() && !isStandardOutput(options.report))
    written.push_back({options.report, "the report"});

  if (!options.crashReproducer.empty())
    written.push_back({options.crashReproducer, "the crash reproducer"});

  LogicalResult result = success();
  llvm::StringMap<std::string> owners;
  for (const auto &[path, what] :
       {std::pair(options.model, "the model"), std::pair(options.parameters, "the checkpoint"),
        std::pair(options.profile, "the profile"), std::pair(options.machine, "the rates of the machine")})
    if (!path.empty())
      owners[getRealPath(path)] = what;
  for (const std::string &path : options.records)
    owners[getRealPath(path)] = "a file of records";
  for (const std::string &path : options.links)
    owners[getRealPath(path)] = "a file that --link names";
  if (!options.opDescriptions.empty())
    owners[getRealPath(options.opDescriptions)] = "the description of custom ops";
  for (const auto &[path, what] : written) {
    llvm::StringRef folder = llvm::sys::path::parent_path(path);
    if (!folder.empty() && !llvm::sys::fs::is_directory(folder))
      result = error() << "cannot write '" << path << "': there is no folder '" << folder << "'";
    else if (llvm::sys::fs::is_directory(path))
      result = error() << "cannot write '" << path << "': it is a folder";
    else if (auto [owner, isNew] = owners.try_emplace(getRealPath(path), what); !isNew)
      result = error() << "cannot write '" << path << "' as " << what << ": it is " << owner->second
                       << "; choose another name";
  }
  return result;
}

LogicalResult OptionReader::checkPassNames() {
  if (options.printIrBefore.empty() && options.printIrAfter.empty())
    return success();
  std::string all;
  llvm::raw_string_ostream stream(all);
  for (llvm::StringRef phase : getPhaseNames()) {
    mlir::PassManager manager(location.getContext());
    addPhase(manager, phase, PipelineOptions());
    manager.printAsTextualPipeline(stream);
    stream << ' ';
  }
  llvm::SmallVector<llvm::StringRef> names;
  llvm::SplitString(all, names, " ,(){}");
  for (auto [option, pass] : {std::pair("--print-ir-before", llvm::StringRef(options.printIrBefore)),
                              std::pair("--print-ir-after", llvm::StringRef(options.printIrAfter))}) {
    if (pass.empty() || llvm::is_contained(names, pass) || llvm::is_contained(names, "dlc-" + pass.str()))
      continue;
    auto diagnostic = error() << option << "=" << pass << ": no phase runs such a pass; the passes are";
    llvm::StringSet<> seen;
    for (llvm::StringRef name : names)
      if (name.starts_with("dlc-") && seen.insert(name).second)
        diagnostic << " " << name;
    return diagnostic;
  }
  return success();
}

LogicalResult OptionReader::readIdentity() {
  llvm::StringRef stem = llvm::sys::path::stem(
      options.output.empty() || isStandardOutput(options.output) ? options.model : options.output);
  settings.identity.name = options.name.empty() ? toIdentifier(stem) : options.name;
  settings.identity.compiler = getCompilerName();
  if (options.weights == WeightsPlacement::File)
    settings.identity.weightsFile = settings.identity.name + ".weights";
  if (!options.name.empty() && toIdentifier(options.name) != options.name)
    return error() << "--name=" << options.name
                   << " is not an identifier of C; try --name=" << toIdentifier(options.name);
  return success();
}

void OptionReader::readPipeline() {
  PipelineOptions &pipeline = settings.pipelineOptions;
  pipeline.optimizationLevel = options.optimizationLevel;
  pipeline.math = options.math;
  pipeline.keepTensors = options.keepTensors;
  pipeline.memoryLimit = options.memoryLimit;
  pipeline.replaceableWeights = options.replaceableWeights;
  pipeline.records.assign(options.records.begin(), options.records.end());
}

mlir::FailureOr<CompilationSettings> CompilationSettings::read(const CompileOptions &options, mlir::Location location) {
  return OptionReader(options, location).read();
}

LogicalResult CompilationSettings::resume(const CompileOptions &options, const CompilationState &state,
                                          mlir::Location location) {
  LogicalResult result = success();
  auto error = [&] {
    result = failure();
    return mlir::emitError(location);
  };
  auto isDone = [&](llvm::StringRef phase) {
    return llvm::find(getPhaseNames(), phase) <= llvm::find(getPhaseNames(), state.phase);
  };
  if (!options.compileTo.empty() && options.compileTo != state.phase && isDone(options.compileTo))
    error() << "--compile-to=" << options.compileTo << ": this module was printed after the phase '" << state.phase
            << "', which is later";
  if (state.optimizationLevel) {
    if (options.isLevelGiven && options.optimizationLevel != *state.optimizationLevel)
      error() << "-O" << options.optimizationLevel << " comes too late: this module was optimized with -O"
              << *state.optimizationLevel;
    pipelineOptions.optimizationLevel = *state.optimizationLevel;
  }
  if (state.math) {
    if (options.isMathGiven && options.math != *state.math)
      error() << "--math=" << getMathModeName(options.math)
              << " comes too late: this module was optimized with --math=" << getMathModeName(*state.math);
    pipelineOptions.math = *state.math;
  }
  if (isDone("graph")) {
    if (!options.parameters.empty())
      error() << "--parameters comes too late: the weights of this module are fixed after the phase 'graph'";
    if (getOutputKind(options.output) == OutputKind::Onnx && options.compileTo.empty())
      error() << "an ONNX file is written from a graph as it was imported, and this module is past that";
    if (options.replaceableWeights && !state.replaceableWeights)
      error() << "--replaceable-weights comes too late: the weights of this module are already constants";
    pipelineOptions.replaceableWeights = state.replaceableWeights;
  }
  if (!options.records.empty() && isDone("kernels"))
    error() << "--records comes too late: this module has its schedules, which can be edited in it";
  if (!options.machine.empty() && isDone("kernels"))
    error() << "--machine comes too late: the schedules of this module are already made";
  if (options.keepTensors && isDone("kernels"))
    error() << "--keep-tensors comes too late: the kernels of this module are already formed";
  if (options.memoryLimit != 0 && isDone("program"))
    error() << "--memory-limit comes too late: the memory of this module is already planned";
  if (state.target.empty())
    return result;
  std::string problem;
  std::optional<Target> parsed = Target::parse(state.target, problem);
  if (!parsed) {
    error() << "the module was made for an unknown target: " << problem;
  } else if (options.target != "native" && options.target != state.target) {
    error() << "--target=" << options.target << " comes too late: the layouts of this module were chosen for "
            << state.target;
  } else {
    setTarget(std::move(*parsed));
  }
  return result;
}

void CompilationSettings::setTarget(Target chosen) {
  target = std::move(chosen);
  identity.target = target.name;
  pipelineOptions.isas.clear();
  for (const Machine *machine : target.machines)
    pipelineOptions.isas.push_back(machine->name.str());
}

void CompilationSettings::refineTarget(mlir::Operation *model) {
  if (!hasIntegerProducts(model))
    return;
  // The target's name may be a part of that of the library's, which has a program for a GPU as well.
  std::string name = identity.target;
  Target refined = target.withIntegerProducts();
  name.replace(name.find(target.name), target.name.size(), refined.name);
  setTarget(std::move(refined));
  identity.target = std::move(name);
}
