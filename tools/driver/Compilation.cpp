// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/Compilation.h"
#include "backends/link/LinkedFiles.h"
#include "backends/llvm/ModelHeader.h"
#include "backends/llvm/Passes.h"
#include "formats/onnx/ExportOnnx.h"
#include "ir/Suggestion.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Passes.h"
#include "tools/driver/CompilationReport.h"
#include "tools/driver/LayerTable.h"
#include "tools/driver/ModuleText.h"
#include "tools/driver/ProgramCode.h"
#include "tools/driver/ProgramCompilation.h"
#include "llvm/Support/Path.h"

using namespace dlc;
using mlir::failed;
using mlir::failure;
using mlir::LogicalResult;
using mlir::success;

// A library lists its model's layers for people. More of them are a graph that was unrolled, which nobody reads.
static constexpr size_t mostLayersOfLibrary = 1000;

namespace {
/// One run of the compiler: from a model to what its options ask for.
class Compilation {
public:
  explicit Compilation(const CompileOptions &options, ModuleVisitor visitor = nullptr)
      : options(options), visitor(visitor), program(options) {}

  /// Compiles; every failure has been reported.
  LogicalResult runReporting();

private:
  LogicalResult run();
  LogicalResult prepareDeviceProgram();
  LogicalResult writeModule(llvm::StringRef path);
  LogicalResult finish();
  LogicalResult writeOnnx();
  LogicalResult writeModelHeader(llvm::StringRef path);
  LogicalResult checkCustomOps(OutputKind kind);
  LogicalResult compileKernels();
  mlir::InFlightDiagnostic error() { return program.error(); }

  const CompileOptions &options;
  ModuleVisitor visitor; ///< takes the module where `options.compileTo` stops; null: it is printed
  ProgramCompilation program;
  Report report;

  CompileOptions deviceOptions; ///< of the program for a GPU, if the library has both kinds
  std::unique_ptr<ProgramCompilation> deviceProgram;
};
} // namespace

/// Writes the module as it is to `path`. People, who sit at terminals, do not want to see the bytes of constants.
LogicalResult Compilation::writeModule(llvm::StringRef path) {
  program.state.replaceableWeights = program.settings.pipelineOptions.replaceableWeights;
  // The first choice that depends on the target.
  if (program.isDone("layout"))
    program.state.target = program.settings.target.name;
  if (program.isDone("graph")) {
    program.state.optimizationLevel = program.settings.pipelineOptions.optimizationLevel;
    program.state.math = program.settings.pipelineOptions.math;
  }
  bool isTerminal = isStandardOutput(path) && llvm::outs().is_displayed();
  return writeText(program.fileLocation, program.files, path, [&](llvm::raw_ostream &stream) {
    printModule(stream, *program.model, program.state, /*isComplete=*/!options.brief && !isTerminal);
  });
}

/// The graph as it was imported goes out again as ONNX.
LogicalResult Compilation::writeOnnx() {
  program.clock.start("onnx");
  mlir::PassManager manager(program.model->getContext());
  manager.addNestedPass<mlir::func::FuncOp>(createPruneLoops());
  if (failed(manager.run(*program.model)))
    return failure();
  mlir::FailureOr<std::string> bytes =
      exportOnnx(*program.model, options.entry, program.settings.identity.name, program.settings.identity.compiler);
  if (failed(bytes))
    return failure();
  std::string problem;
  if (failed(program.files.create(options.output).write(*bytes, problem)))
    return error() << problem;
  return success();
}

/// The header goes where `path` says.
LogicalResult Compilation::writeModelHeader(llvm::StringRef path) {
  auto described = describeProgram(*program.model);
  if (failed(described))
    return failure();
  const ModelIdentity &identity = program.settings.identity;
  return writeText(program.fileLocation, program.files, path,
                   writeHeader(describeHeader(*described, identity.name, identity.compiler, identity.dataDescription)));
}

/// Every custom op needs a function, which the files that are linked define; nothing else is asked of them.
LogicalResult Compilation::checkCustomOps(OutputKind kind) {
  auto used = collectCustomOps(*program.model);
  llvm::ArrayRef<CustomFunction> functions = program.settings.customFunctions;
  LogicalResult result = success();
  for (auto [name, location] : used)
    if (llvm::none_of(functions, [name = name](const auto &function) { return function.op == name; }))
      result = mlir::emitError(location) << "op '" << name << "' is computed by a C function: say which, by --op "
                                         << name << "=SYMBOL --link FILE.o";
  llvm::SmallVector<llvm::StringRef> names;
  for (auto &entry : used)
    names.push_back(entry.first);
  // The same command compiles a model with and without --train.
  auto gradients = collectCustomGradients(*program.model);
  for (const CustomFunction &function : functions)
    if (!used.contains(function.op) && !gradients.contains(function.op))
      result = error() << "--op names '" << function.op << "', and the model has no such custom op"
                       << suggest(function.op, names);
  if (failed(result) || functions.empty() || isText(kind))
    return result;
  llvm::SmallVector<std::string> symbols;
  for (const CustomFunction &function : functions)
    symbols.push_back(function.symbol);
  return checkLinkedFiles(program.fileLocation, options.links, symbols, program.settings.target);
}

LogicalResult Compilation::compileKernels() {
  if (failed(program.compileKernels()))
    return failure();
  if (!options.report.empty())
    reportDeviceKernels(*program.model, program.kernels, report);
  report.sizes.push_back({"scratch per thread", static_cast<int64_t>(getScratchBytes(program.kernels))});
  return success();
}

/// Compiles the same model for the GPU as far as its kernels; the rest is done together with the program for the CPU.
LogicalResult Compilation::prepareDeviceProgram() {
  program.clock.start("program for the GPU");
  deviceOptions = options;
  deviceOptions.target = program.settings.deviceTarget->name;
  deviceOptions.name = program.settings.identity.name;
  deviceProgram = std::make_unique<ProgramCompilation>(deviceOptions, ".cuda");
  // What there is to say of the model has been said.
  deviceProgram->printer.continueFrom(program.printer);
  bool needsWeights = !isText(*getOutputKind(options.output));
  if (failed(deviceProgram->readSettings()) || failed(deviceProgram->import()) || failed(deviceProgram->runPhases()) ||
      (needsWeights && failed(deviceProgram->writeWeights())) || failed(deviceProgram->compileKernels()))
    return failure();
  return success();
}

LogicalResult Compilation::finish() {
  OutputKind kind = *getOutputKind(options.output);
  if (!options.report.empty() &&
      failed(gatherReport(*program.model, program.settings, options.profile, program.fileLocation, report)))
    return failure();
  if (kind == OutputKind::Mlir)
    return writeModule(options.output);
  if (kind == OutputKind::Header)
    return writeModelHeader(options.output);
  if (failed(checkCustomOps(kind)))
    return failure();
  if (kind == OutputKind::Archive || kind == OutputKind::Object ||
      (kind == OutputKind::SharedLibrary && options.writeHeader)) {
    llvm::SmallString<128> path(llvm::sys::path::parent_path(options.output));
    llvm::sys::path::append(path, program.settings.identity.name + ".h");
    if (failed(writeModelHeader(path)))
      return failure();
  }
  bool needsWeights = kind != OutputKind::LlvmIr && kind != OutputKind::Assembly;
  if ((needsWeights && failed(program.writeWeights())) || failed(compileKernels()))
    return failure();
  if (program.settings.deviceTarget && failed(prepareDeviceProgram()))
    return failure();
  return ProgramCode(program, deviceProgram.get(), options, report).write(kind);
}

LogicalResult Compilation::run() {
  if (failed(program.readSettings()))
    return failure();
  if (failed(program.import()))
    return failure();
  // A graph tells its layers after the import; of later phases the text does.
  if (program.state.phase == "import")
    program.state.layers = listLayers(*program.model);
  if (options.listLayers) {
    llvm::outs() << program.state.layers;
    return success();
  }
  if (llvm::StringRef(program.state.layers).count('\n') > mostLayersOfLibrary)
    program.state.layers.clear();
  program.settings.identity.layers = program.state.layers;
  program.settings.identity.dataDescription = program.state.dataDescription;
  if (options.compileTo.empty() && getOutputKind(options.output) == OutputKind::Onnx) {
    std::string problem;
    if (failed(writeOnnx()))
      return failure();
    if (failed(program.files.keep(problem)))
      return error() << problem;
    return success();
  }
  std::string printed = options.output.empty() ? "-" : options.output;
  if (failed(program.runPhases()))
    return failure();
  if (!options.compileTo.empty()) {
    if (visitor)
      return visitor(*program.model, program.settings);
    if (failed(writeModule(printed)))
      return failure();
  } else if (failed(finish())) {
    return failure();
  }
  program.clock.stop();
  if (!options.report.empty() &&
      failed(writeText(program.fileLocation, program.files, options.report, report.toHtml(program.clock.getPhases()))))
    return failure();
  std::string problem;
  if (failed(program.files.keep(problem)) || (deviceProgram && failed(deviceProgram->files.keep(problem))))
    return error() << problem;
  if (options.showTimes)
    program.clock.print();
  return success();
}

LogicalResult Compilation::runReporting() {
  try {
    if (mlir::succeeded(run()))
      return success();
  } catch (const std::exception &exception) {
    // Memory that cannot be had, above all; the model is not to blame for the rest.
    error() << "internal error: " << exception.what();
  }
  if (program.printer.getErrorCount() == 0 && !(deviceProgram && deviceProgram->printer.getErrorCount()))
    error() << "internal error: the compiler failed without a diagnostic";
  return failure();
}

LogicalResult dlc::compile(const CompileOptions &options) { return Compilation(options).runReporting(); }

LogicalResult dlc::visitModule(const CompileOptions &options, ModuleVisitor visitor) {
  return Compilation(options, visitor).runReporting();
}
