// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/Compilation.h"
#include "backends/link/LinkedFiles.h"
#include "backends/link/SharedLibrary.h"
#include "backends/llvm/KernelObject.h"
#include "backends/llvm/MachineCode.h"
#include "backends/llvm/ModelHeader.h"
#include "backends/llvm/Passes.h"
#include "backends/llvm/ProgramDifference.h"
#include "backends/llvm/RuntimeObject.h"
#include "formats/onnx/ExportOnnx.h"
#include "ir/Suggestion.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Passes.h"
#include "tools/driver/CompilationReport.h"
#include "tools/driver/CompilerVersion.h"
#include "tools/driver/LayerTable.h"
#include "tools/driver/ModuleText.h"
#include "tools/driver/ObjectCache.h"
#include "tools/driver/ProgramCompilation.h"
#include "llvm/IR/LLVMContext.h"
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
  mlir::FailureOr<std::unique_ptr<llvm::Module>> translate(llvm::LLVMContext &llvmContext);
  LogicalResult writeModule(llvm::StringRef path);
  LogicalResult finish();
  LogicalResult writeOnnx();
  LogicalResult writeModelHeader(llvm::StringRef path);
  LogicalResult checkCustomOps(OutputKind kind);
  LogicalResult compileKernels();
  LogicalResult writeProgramText(OutputKind kind, llvm::Module &module, RuntimePart &runtime);
  LogicalResult addCode(OutputKind kind, llvm::ArrayRef<std::string> objects);
  LogicalResult generateObject(OutputKind kind);
  mlir::InFlightDiagnostic error() { return program.error(); }
  LogicalResult fail(llvm::Error problem);

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

/// The module in LLVM IR, with that of the program for a GPU, and the model's description.
mlir::FailureOr<std::unique_ptr<llvm::Module>> Compilation::translate(llvm::LLVMContext &llvmContext) {
  auto main = program.translate(llvmContext);
  if (failed(main))
    return failure();
  ProgramPart part = program.describe(*main);
  if (!deviceProgram) {
    addModelDescription(*main->module, part);
    return std::move(main->module);
  }
  auto device = deviceProgram->translate(llvmContext);
  if (failed(device))
    return failure();
  if (std::string difference = findDifference(main->description, device->description); !difference.empty())
    return error() << "the programs for " << program.settings.target.name << " and "
                   << deviceProgram->settings.target.name << " cannot be in one library, because they differ in "
                   << difference << ": compile a library for each";
  if (llvm::Error problem =
          joinPrograms(*main->module, std::move(device->module), deviceProgram->kernels, deviceProgram->suffix))
    return error() << "internal error: " << llvm::toString(std::move(problem));
  // A context prefers the GPU.
  addModelDescription(*main->module, {deviceProgram->describe(*device), part});
  return std::move(main->module);
}

LogicalResult Compilation::fail(llvm::Error problem) {
  return error() << "internal error: " << llvm::toString(std::move(problem));
}

/// The program with its runtime, as text that people read.
LogicalResult Compilation::writeProgramText(OutputKind kind, llvm::Module &module, RuntimePart &runtime) {
  if (llvm::Error problem = runtime.addNeeded(module))
    return fail(std::move(problem));
  if (llvm::Error problem = runtime.linkInto(module))
    return fail(std::move(problem));
  if (kind == OutputKind::LlvmIr) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    module.print(stream, nullptr);
    return writeText(program.fileLocation, program.files, options.output, text);
  }
  program.clock.start("machine code");
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream stream(text);
  if (llvm::Error problem =
          emitCode(module, *program.settings.target.createTargetMachine(), llvm::CodeGenFileType::AssemblyFile, stream))
    return fail(std::move(problem));
  return writeText(program.fileLocation, program.files, options.output, text);
}

/// Writes the object files of the program and its runtime and those of its kernels, and puts them before the others
/// that are linked.
LogicalResult Compilation::addCode(OutputKind kind, llvm::ArrayRef<std::string> objects) {
  llvm::SmallVector<std::string> code;
  size_t bytes = 0;
  for (llvm::StringRef object : objects) {
    bytes += object.size();
    OutputFile &file = program.files.createTemporary(program.besideOutput(code.empty() ? ".code" : ".runtime"));
    code.push_back(file.getTemporaryPath());
    std::string problem;
    if (failed(file.write(object, problem)))
      return error() << problem;
  }
  size_t kernelBytes = 0;
  for (const KernelCode &kernel : program.kernels)
    kernelBytes += kernel.object.size();
  if (kernelBytes) {
    code.push_back(program.files.createTemporary(program.besideOutput(".kernels")).getTemporaryPath());
    if (failed(writeKernelArchive(program.fileLocation, program.kernels, code.back())))
      return failure();
  }
  if (kind != OutputKind::SharedLibrary) {
    // Two models with kernels of one name go into one program, and each has its own runtime.
    std::string merged = program.files.createTemporary(program.besideOutput(".merged")).getTemporaryPath(),
                exported = getModelSymbol(program.settings.identity.name);
    if (failed(linkRelocatable(program.fileLocation, code, {}, program.settings.target, exported, merged)) ||
        failed(hideSymbols(program.fileLocation, exported, merged)))
      return failure();
    code.assign({merged});
  }
  program.objects.insert(program.objects.begin(), code.begin(), code.end());
  report.sizes.insert(report.sizes.begin(), {"code", static_cast<int64_t>(bytes + kernelBytes)});
  return success();
}

LogicalResult Compilation::generateObject(OutputKind kind) {
  program.clock.start("host program");
  llvm::LLVMContext llvmContext;
  // Two shared libraries of the user's may each be linked with a model of one name, and each means its own: references
  // to it must not be resolved by the dynamic linker, which takes the first of a name. Protected rather than hidden:
  // such a library still exports its models for dlc_library_open. Nothing in a library of dlc's own refers to the
  // model, and programs that are not position-independent code may copy it, which a protected one forbids.
  const CompilationSettings &settings = program.settings;
  program.settings.identity.isProtected = kind != OutputKind::SharedLibrary;
  auto module = translate(llvmContext);
  if (failed(module))
    return failure();
  llvm::SmallVector<llvm::ArrayRef<KernelCode>, 2> all;
  if (deviceProgram) {
    all.push_back(deviceProgram->kernels);
    program.objects.insert(program.objects.end(), deviceProgram->objects.begin(), deviceProgram->objects.end());
  }
  all.push_back(program.kernels);

  bool isSanitized = options.sanitize == "thread";
  RuntimePart runtime(settings.target, isSanitized);
  auto merge = [&] {
    return mergeKernels(**module, all, settings.target, settings.customFunctions,
                        getModelSymbol(settings.identity.name));
  };
  if (isText(kind)) {
    if (llvm::Error problem = merge())
      return fail(std::move(problem));
    return writeProgramText(kind, **module, runtime);
  }

  ObjectCache cache(options.cacheDirectory);
  llvm::Expected<std::string> object = cache.findOrMake(
      [&] { return getObjectKey(**module, all, settings.target, settings.customFunctions, getCompilerName()); },
      [&]() -> llvm::Expected<std::string> {
        if (llvm::Error problem = merge())
          return problem;
        program.clock.start("machine code");
        llvm::SmallString<0> bytes;
        llvm::raw_svector_ostream stream(bytes);
        if (llvm::Error problem =
                emitCode(**module, *settings.target.createTargetMachine(), llvm::CodeGenFileType::ObjectFile, stream))
          return problem;
        return std::string(bytes);
      });
  if (!object)
    return fail(object.takeError());

  program.clock.start("runtime");
  if (llvm::Error problem = runtime.addNeeded(*object))
    return fail(std::move(problem));
  for (const KernelCode &kernel : program.kernels)
    if (!kernel.object.empty())
      if (llvm::Error problem = runtime.addNeeded(kernel.object))
        return fail(std::move(problem));
  llvm::Expected<std::string> runtimeObject =
      cache.findOrMake([&] { return runtime.getKey(getCompilerName()); }, [&] { return runtime.emitObject(); });
  if (!runtimeObject)
    return fail(runtimeObject.takeError());

  program.clock.start("link");
  if (failed(addCode(kind, {*object, *runtimeObject})))
    return failure();
  return linkOutput(program.fileLocation, program.files, kind, options.output, settings.identity.name, program.objects,
                    options.links, settings.target, /*mayLack=*/isSanitized);
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
  return generateObject(kind);
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
