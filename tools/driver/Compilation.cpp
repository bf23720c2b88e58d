// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/Compilation.h"
#include "analysis/KernelTime.h"
#include "backends/cpu/CpuBackend.h"
#include "backends/cuda/CudaBackend.h"
#include "backends/link/LinkedFiles.h"
#include "backends/link/WeightsFile.h"
#include "backends/llvm/CodeGeneration.h"
#include "backends/llvm/ModelHeader.h"
#include "backends/llvm/Passes.h"
#include "backends/llvm/ProgramDifference.h"
#include "formats/onnx/ExportOnnx.h"
#include "frontend/CheckGraph.h"
#include "frontend/json/ImportJson.h"
#include "frontend/json/ImportTraining.h"
#include "frontend/onnx/ImportOnnx.h"
#include "ir/Annotations.h"
#include "ir/OpsProgram.h"
#include "ir/Suggestion.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Passes.h"
#include "tools/driver/CompilationReport.h"
#include "tools/driver/CompilationSettings.h"
#include "tools/driver/CompilerVersion.h"
#include "tools/driver/DiagnosticPrinter.h"
#include "tools/driver/LayerTable.h"
#include "tools/driver/ModuleText.h"
#include "tools/driver/ObjectCache.h"
#include "tools/driver/Output.h"
#include "tools/driver/ParameterFile.h"
#include "tools/driver/PhaseClock.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <thread>

using namespace dlc;
using mlir::failed;
using mlir::failure;
using mlir::LogicalResult;
using mlir::success;

// The verifier takes as long as the passes. Builds for tests run it after every pass, others after each phase.
#ifdef _GLIBCXX_ASSERTIONS
static constexpr bool verifiesEveryPass = true;
#else
static constexpr bool verifiesEveryPass = false;
#endif

// A library lists its model's layers for people. More of them are a graph that was unrolled, which nobody reads.
static constexpr size_t mostLayersOfLibrary = 1000;

namespace {
/// One run of the compiler: its steps in order, and what they hand on.
class Compilation {
public:
  /// `suffix`: of the program's names, if it is an additional one of a library, which is only prepared.
  explicit Compilation(const CompileOptions &options, ModuleVisitor visitor = nullptr, std::string suffix = "")
      : options(options), visitor(visitor), context(mlir::MLIRContext::Threading::DISABLED),
        printer(&context, options.model, llvm::errs()), suffix(std::move(suffix)),
        fileLocation(mlir::FileLineColLoc::get(&context, options.model, 0, 0)) {
    context.loadDialect<DlcDialect, mlir::func::FuncDialect, mlir::arith::ArithDialect, mlir::affine::AffineDialect,
                        mlir::scf::SCFDialect, mlir::cf::ControlFlowDialect, mlir::memref::MemRefDialect,
                        mlir::LLVM::LLVMDialect>();
  }

  /// Compiles; every failure has been reported.
  LogicalResult runReporting();

private:
  LogicalResult run();
  LogicalResult readSettings();
  LogicalResult runPhases();
  LogicalResult prepareDeviceProgram();
  mlir::FailureOr<std::unique_ptr<llvm::Module>> translate(llvm::LLVMContext &llvmContext);
  void chooseBackend();
  LogicalResult import();
  mlir::FailureOr<ImportedModel> parseText();
  bool isDone(llvm::StringRef phase) const;
  LogicalResult writeModule(llvm::StringRef path);
  LogicalResult runPhase(llvm::StringRef phase);
  LogicalResult finish();
  LogicalResult writeOnnx();
  LogicalResult writeModelHeader(llvm::StringRef path);
  LogicalResult checkCustomOps(OutputKind kind);
  LogicalResult writeWeights();
  LogicalResult compileKernels();
  LogicalResult generateObject(OutputKind kind);

  /// An error about the command line or the compilation as a whole.
  mlir::InFlightDiagnostic error() { return mlir::emitError(fileLocation); }
  /// A path beside the output for what is needed only while compiling.
  std::string besideOutput(llvm::StringRef ending) const {
    return (isStandardOutput(options.output) ? llvm::Twine("dlc") : llvm::Twine(options.output)).concat(ending).str();
  }

  const CompileOptions &options;
  const Backend *backend = nullptr; ///< that of the target, once that is known
  ModuleVisitor visitor;            ///< takes the module where `options.compileTo` stops; null: it is printed
  mlir::MLIRContext context;
  DiagnosticPrinter printer;
  std::string suffix;
  mlir::Location fileLocation;
  PhaseClock clock;
  // Files are removed before the context goes, but after everything that may fail.
  OutputFiles files;

  CompilationSettings settings;
  ImportedModel model;
  CompilationState state;
  std::vector<KernelCode> kernels;
  Report report;
  std::vector<std::string> objects;

  CompileOptions deviceOptions; ///< of the program for a GPU, if the library has both kinds
  std::unique_ptr<Compilation> deviceProgram;
};
} // namespace

/// The options, or the module that is compiled, have said what the target is.
void Compilation::chooseBackend() {
  backend = settings.target.device ? &getCudaBackend() : &getCpuBackend();
  mlir::DialectRegistry registry;
  backend->registerInterfaces(registry);
  context.appendDialectRegistry(registry);
}

/// A module in the form that `--compile-to` prints, from whose phase on compilation continues.
mlir::FailureOr<ImportedModel> Compilation::parseText() {
  if (!settings.importOptions.shapes.empty())
    return error() << "--shape changes models in .onnx and .json; edit the types of this one";
  TextLocations locations;
  ImportedModel text = parseModule(options.model, &context, state, locations);
  if (!text || failed(settings.resume(options, state, fileLocation)))
    return failure();
  chooseBackend();
  if (state.phase == "import") {
    for (mlir::func::FuncOp function : text->getOps<mlir::func::FuncOp>())
      for (mlir::Operation &op : function.getOps())
        if (llvm::isa<LaunchOp>(op))
          return op.emitError("belongs to a program, and the module's attribute dlc.phase does not say that it is one");
    if (failed(checkGraph(*text)))
      return failure();
  }
  // Of other phases the passes that follow check what they take, but for schedules, which people edit.
  if (state.phase == "kernels" || state.phase == "program") {
    mlir::PassManager manager(&context);
    VerifySchedulesOptions schedules;
    schedules.isas.assign(settings.pipelineOptions.isas.begin(), settings.pipelineOptions.isas.end());
    manager.addPass(createVerifySchedules(schedules));
    if (failed(manager.run(*text)))
      return failure();
  }
  locations.restore();
  return std::move(text);
}

/// Whether `phase` is over: it is the one after which the module that is compiled was printed, or one before.
bool Compilation::isDone(llvm::StringRef phase) const {
  return llvm::find(getPhaseNames(), phase) <= llvm::find(getPhaseNames(), state.phase);
}

/// Writes the module as it is to `path`. People, who sit at terminals, do not want to see the bytes of constants.
LogicalResult Compilation::writeModule(llvm::StringRef path) {
  state.replaceableWeights = settings.pipelineOptions.replaceableWeights;
  // The first choice that depends on the target.
  if (isDone("layout"))
    state.target = settings.target.name;
  if (isDone("graph")) {
    state.optimizationLevel = settings.pipelineOptions.optimizationLevel;
    state.math = settings.pipelineOptions.math;
  }
  bool isTerminal = isStandardOutput(path) && llvm::outs().is_displayed();
  return writeText(fileLocation, files, path, [&](llvm::raw_ostream &stream) {
    printModule(stream, *model, state, /*isComplete=*/!options.brief && !isTerminal);
  });
}

LogicalResult Compilation::import() {
  clock.start("import");
  llvm::StringRef ending = llvm::sys::path::extension(options.model);
  mlir::FailureOr<ImportedModel> imported = failure();
  if (!llvm::sys::fs::exists(options.model))
    return error() << "there is no such file";
  if (llvm::sys::fs::is_directory(options.model))
    return error() << "is a folder; name the model in it, a .onnx, .json or .mlir file";
  if (uint64_t size = 0; !llvm::sys::fs::file_size(options.model, size) && size == 0)
    return error() << "is empty";
  if (ending != ".mlir")
    chooseBackend();
  if (ending == ".onnx")
    imported = importOnnx(options.model, &context, settings.importOptions);
  else if (ending == ".json")
    imported = importJson(options.model, &context, settings.importOptions);
  else if (ending == ".mlir")
    imported = parseText();
  else
    return error() << "the ending '" << ending << "' names no model format; models are .onnx, .json or .mlir";
  if (failed(imported))
    return failure();
  model = std::move(*imported);
  if (ending == ".onnx" && options.train && failed(importTraining(options.training, *model)))
    return failure();
  if (settings.rates)
    setGivenRates(*model, *settings.rates);
  else if (auto given = findGivenRates(*model))
    settings.identity.rates = given->name;
  if (!options.parameters.empty() && failed(readParameters(*model, options.parameters)))
    return failure();
  // The weights that count say what was learned from; those of a module's text have said it when it was printed.
  if (ending != ".mlir" || !options.parameters.empty()) {
    mlir::StringAttr data = annotation::learnedData.get(*model);
    state.dataDescription = data ? data.str() : "";
    annotation::learnedData.remove(*model);
  }
  return success();
}

LogicalResult Compilation::runPhase(llvm::StringRef phase) {
  clock.start(phase);
  mlir::PassManager manager(&context);
  bool verifiesPasses = verifiesEveryPass || options.verifyEach;
  manager.enableVerifier(verifiesPasses);
  if (!options.crashReproducer.empty())
    manager.enableCrashReproducerGeneration(options.crashReproducer, /*genLocalReproducer=*/true);
  if (phase == "llvm")
    backend->addProgramLowering(manager);
  else
    addPhase(manager, phase, settings.pipelineOptions);
  auto isNamed = [](mlir::Pass *pass, llvm::StringRef name) {
    return !name.empty() && (pass->getArgument() == name || pass->getArgument() == ("dlc-" + name).str());
  };
  if (options.printIrBeforeAll || options.printIrAfterAll || !options.printIrBefore.empty() ||
      !options.printIrAfter.empty())
    manager.enableIRPrinting(
        [&](mlir::Pass *pass, mlir::Operation *) {
          return options.printIrBeforeAll || isNamed(pass, options.printIrBefore);
        },
        [&](mlir::Pass *pass, mlir::Operation *) {
          return options.printIrAfterAll || isNamed(pass, options.printIrAfter);
        },
        /*printModuleScope=*/true, /*printAfterOnlyOnChange=*/false, /*printAfterOnlyOnFailure=*/false, llvm::errs(),
        mlir::OpPrintingFlags().elideLargeElementsAttrs(64).elideLargeResourceString(256));
  if (failed(manager.run(*model)))
    return failure();
  return verifiesPasses ? success() : mlir::verify(*model);
}

/// The graph as it was imported goes out again as ONNX.
LogicalResult Compilation::writeOnnx() {
  clock.start("onnx");
  mlir::PassManager manager(&context);
  manager.addNestedPass<mlir::func::FuncOp>(createPruneLoops());
  if (failed(manager.run(*model)))
    return failure();
  mlir::FailureOr<std::string> bytes =
      exportOnnx(*model, options.entry, settings.identity.name, settings.identity.compiler);
  if (failed(bytes))
    return failure();
  std::string problem;
  if (failed(files.create(options.output).write(*bytes, problem)))
    return error() << problem;
  return success();
}

/// The header goes where `path` says.
LogicalResult Compilation::writeModelHeader(llvm::StringRef path) {
  auto program = describeProgram(*model);
  if (failed(program))
    return failure();
  return writeText(fileLocation, files, path,
                   writeHeader(describeHeader(*program, settings.identity.name, settings.identity.compiler,
                                              settings.identity.dataDescription)));
}

/// Every custom op needs a function, which the files that are linked define; nothing else is asked of them.
LogicalResult Compilation::checkCustomOps(OutputKind kind) {
  auto used = collectCustomOps(*model);
  LogicalResult result = success();
  for (auto [name, location] : used)
    if (llvm::none_of(settings.customFunctions, [name = name](const auto &function) { return function.op == name; }))
      result = mlir::emitError(location) << "op '" << name << "' is computed by a C function: say which, by --op "
                                         << name << "=SYMBOL --link FILE.o";
  llvm::SmallVector<llvm::StringRef> names;
  for (auto &entry : used)
    names.push_back(entry.first);
  for (const CustomFunction &function : settings.customFunctions)
    if (!used.contains(function.op))
      result = error() << "--op names '" << function.op << "', and the model has no such custom op"
                       << suggest(function.op, names);
  if (failed(result) || settings.customFunctions.empty() || isText(kind))
    return result;
  llvm::SmallVector<std::string> symbols;
  for (const CustomFunction &function : settings.customFunctions)
    symbols.push_back(function.symbol);
  return checkLinkedFiles(fileLocation, options.links, symbols, settings.target);
}

/// Streams the weights to where the linker or the user finds them, and gives their memory back: kernels are compiled in
/// processes that share this one's memory, and linking needs the room.
LogicalResult Compilation::writeWeights() {
  auto weights = model->getOps<WeightsOp>();
  if (weights.empty() || (*weights.begin()).getSize() == 0) {
    settings.identity.weightsFile.clear();
    return success();
  }
  clock.start("weights");
  WeightsOp block = *weights.begin();
  if (options.weights == WeightsPlacement::File) {
    llvm::SmallString<128> path(llvm::sys::path::parent_path(options.output));
    llvm::sys::path::append(path, settings.identity.weightsFile);
    if (failed(writeWeightsSidecar(block, files.create(path).getTemporaryPath(), WeightsMemory::Release,
                                   settings.identity.weightsHash)))
      return failure();
  } else {
    OutputFile &file = files.createTemporary(besideOutput(suffix + ".weights"));
    if (failed(writeWeightsObject(block, settings.target, getWeightsSymbol(settings.identity), file.getTemporaryPath(),
                                  WeightsMemory::Release)))
      return failure();
    objects.push_back(file.getTemporaryPath());
  }
  return success();
}

LogicalResult Compilation::compileKernels() {
  clock.start("kernel code");
  KernelCodeOptions kernelOptions;
  kernelOptions.jobs = options.jobs ? options.jobs : std::max(1u, std::thread::hardware_concurrency());
  kernelOptions.cacheDirectory = options.cacheDirectory;
  kernelOptions.checkBounds = options.checkBounds;
  kernelOptions.math = settings.pipelineOptions.math;
  auto compiled = backend->compileKernels(*model, settings.target, kernelOptions);
  if (failed(compiled))
    return failure();
  kernels = std::move(*compiled);
  if (!options.report.empty())
    reportDeviceKernels(*model, kernels, report);
  report.sizes.push_back({"scratch per thread", static_cast<int64_t>(getScratchBytes(kernels))});
  return success();
}

/// Compiles the same model for the GPU as far as its kernels; the rest is done together with the program for the CPU.
LogicalResult Compilation::prepareDeviceProgram() {
  clock.start("program for the GPU");
  deviceOptions = options;
  deviceOptions.target = settings.deviceTarget->name;
  deviceOptions.name = settings.identity.name;
  deviceProgram = std::make_unique<Compilation>(deviceOptions, nullptr, ".cuda");
  // What there is to say of the model has been said.
  deviceProgram->printer.continueFrom(printer);
  bool needsWeights = !isText(*getOutputKind(options.output));
  if (failed(deviceProgram->readSettings()) || failed(deviceProgram->import()) || failed(deviceProgram->runPhases()) ||
      (needsWeights && failed(deviceProgram->writeWeights())) || failed(deviceProgram->compileKernels()))
    return failure();
  return success();
}

/// The module in LLVM IR, with that of the program for a GPU, and the model's description.
mlir::FailureOr<std::unique_ptr<llvm::Module>> Compilation::translate(llvm::LLVMContext &llvmContext) {
  auto main = translateProgram(*model, llvmContext, settings.target, settings.identity, *backend);
  model = nullptr;
  if (failed(main))
    return failure();
  ProgramPart part{main->description, settings.identity, settings.target, getScratchBytes(kernels)};
  if (!deviceProgram) {
    addModelDescription(*main->module, part);
    return std::move(main->module);
  }
  Compilation &other = *deviceProgram;
  auto device =
      translateProgram(*other.model, llvmContext, other.settings.target, other.settings.identity, *other.backend);
  other.model = nullptr;
  if (failed(device))
    return failure();
  if (std::string difference = findDifference(main->description, device->description); !difference.empty())
    return error() << "the programs for " << settings.target.name << " and " << other.settings.target.name
                   << " cannot be in one library, because they differ in " << difference
                   << ": compile a library for each";
  if (llvm::Error problem = joinPrograms(*main->module, std::move(device->module), other.kernels, other.suffix))
    return error() << "internal error: " << llvm::toString(std::move(problem));
  // A context prefers the GPU.
  addModelDescription(
      *main->module,
      {{device->description, other.settings.identity, other.settings.target, getScratchBytes(other.kernels)}, part});
  return std::move(main->module);
}

LogicalResult Compilation::generateObject(OutputKind kind) {
  clock.start("host program");
  llvm::LLVMContext llvmContext;
  // Two shared libraries of the user's may each be linked with a model of one name, and each means its own: references
  // to it must not be resolved by the dynamic linker, which takes the first of a name. Protected rather than hidden:
  // such a library still exports its models for dlc_library_open. Nothing in a library of dlc's own refers to the
  // model, and programs that are not position-independent code may copy it, which a protected one forbids.
  settings.identity.isProtected = kind != OutputKind::SharedLibrary;
  auto program = translate(llvmContext);
  if (failed(program))
    return failure();
  llvm::SmallVector<llvm::ArrayRef<KernelCode>, 2> all;
  if (deviceProgram) {
    all.push_back(deviceProgram->kernels);
    objects.insert(objects.end(), deviceProgram->objects.begin(), deviceProgram->objects.end());
  }
  all.push_back(kernels);

  bool isSanitized = options.sanitize == "thread";
  bool mayBeCached = !options.cacheDirectory.empty() && kind != OutputKind::LlvmIr && kind != OutputKind::Assembly;
  std::string key = mayBeCached ? getObjectKey(**program, all, settings.target, settings.customFunctions,
                                               getCompilerName(), isSanitized)
                                : "";
  ObjectCache cache(options.cacheDirectory);
  std::string object;
  if (mayBeCached) {
    if (auto cached = cache.find(key))
      object = cached->getBuffer().str();
  }
  if (object.empty()) {
    if (llvm::Error problem = mergeModel(**program, all, settings.target, settings.customFunctions,
                                         getModelSymbol(settings.identity.name), isSanitized))
      return error() << "internal error: " << llvm::toString(std::move(problem));
    if (kind == OutputKind::LlvmIr) {
      std::string text;
      llvm::raw_string_ostream stream(text);
      (*program)->print(stream, nullptr);
      return writeText(fileLocation, files, options.output, text);
    }
    clock.start("machine code");
    llvm::SmallVector<char, 0> bytes;
    llvm::raw_svector_ostream stream(bytes);
    auto fileType =
        kind == OutputKind::Assembly ? llvm::CodeGenFileType::AssemblyFile : llvm::CodeGenFileType::ObjectFile;
    if (llvm::Error problem = emitCode(**program, settings.target, fileType, stream))
      return error() << "internal error: " << llvm::toString(std::move(problem));
    object.assign(bytes.begin(), bytes.end());
    if (kind == OutputKind::Assembly)
      return writeText(fileLocation, files, options.output, object);
    if (mayBeCached)
      cache.insert(key, object);
  }

  clock.start("link");
  OutputFile &file = files.createTemporary(besideOutput(".code"));
  std::string problem;
  if (failed(file.write(object, problem)))
    return error() << problem;
  objects.insert(objects.begin(), file.getTemporaryPath());
  report.sizes.insert(report.sizes.begin(), {"code", static_cast<int64_t>(object.size())});
  return linkOutput(fileLocation, files, kind, options.output, settings.identity.name, objects, options.links,
                    settings.target, /*mayLack=*/isSanitized);
}

LogicalResult Compilation::finish() {
  OutputKind kind = *getOutputKind(options.output);
  if (!options.report.empty() && failed(gatherReport(*model, settings, options.profile, fileLocation, report)))
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
    llvm::sys::path::append(path, settings.identity.name + ".h");
    if (failed(writeModelHeader(path)))
      return failure();
  }
  bool needsWeights = kind != OutputKind::LlvmIr && kind != OutputKind::Assembly;
  if ((needsWeights && failed(writeWeights())) || failed(compileKernels()))
    return failure();
  if (settings.deviceTarget && failed(prepareDeviceProgram()))
    return failure();
  return generateObject(kind);
}

LogicalResult Compilation::readSettings() {
  mlir::FailureOr<CompilationSettings> read = CompilationSettings::read(options, fileLocation);
  if (failed(read))
    return failure();
  settings = std::move(*read);
  settings.identity.programSuffix = suffix;
  if (!settings.identity.weightsFile.empty())
    settings.identity.weightsFile = settings.identity.name + suffix + ".weights";
  return success();
}

/// The phases to the one where `options` stop, or to that of which a library needs parts one after the other.
LogicalResult Compilation::runPhases() {
  for (llvm::StringRef phase : getPhaseNames()) {
    if (!isDone(phase)) {
      if (phase == "llvm" && options.compileTo.empty())
        break;
      if (failed(runPhase(phase)))
        return failure();
      state.phase = phase.str();
    }
    if (phase == options.compileTo)
      break;
  }
  return success();
}

LogicalResult Compilation::run() {
  if (failed(readSettings()))
    return failure();
  if (failed(import()))
    return failure();
  // A graph tells its layers after the import; of later phases the text does.
  if (state.phase == "import")
    state.layers = listLayers(*model);
  if (options.listLayers) {
    llvm::outs() << state.layers;
    return success();
  }
  if (llvm::StringRef(state.layers).count('\n') > mostLayersOfLibrary)
    state.layers.clear();
  settings.identity.layers = state.layers;
  settings.identity.dataDescription = state.dataDescription;
  if (options.compileTo.empty() && getOutputKind(options.output) == OutputKind::Onnx) {
    std::string problem;
    if (failed(writeOnnx()))
      return failure();
    if (failed(files.keep(problem)))
      return error() << problem;
    return success();
  }
  std::string printed = options.output.empty() ? "-" : options.output;
  if (failed(runPhases()))
    return failure();
  if (!options.compileTo.empty()) {
    if (visitor)
      return visitor(*model, settings);
    if (failed(writeModule(printed)))
      return failure();
  } else if (failed(finish())) {
    return failure();
  }
  clock.stop();
  if (!options.report.empty() &&
      failed(writeText(fileLocation, files, options.report, report.toHtml(clock.getPhases()))))
    return failure();
  std::string problem;
  if (failed(files.keep(problem)) || (deviceProgram && failed(deviceProgram->files.keep(problem))))
    return error() << problem;
  if (options.showTimes)
    clock.print();
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
  if (printer.getErrorCount() == 0 && !(deviceProgram && deviceProgram->printer.getErrorCount()))
    error() << "internal error: the compiler failed without a diagnostic";
  return failure();
}

LogicalResult dlc::compile(const CompileOptions &options) { return Compilation(options).runReporting(); }

LogicalResult dlc::visitModule(const CompileOptions &options, ModuleVisitor visitor) {
  return Compilation(options, visitor).runReporting();
}
