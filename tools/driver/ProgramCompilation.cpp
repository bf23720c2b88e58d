// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/ProgramCompilation.h"
#include "analysis/KernelTime.h"
#include "backends/cpu/CpuBackend.h"
#include "backends/cuda/CudaBackend.h"
#include "backends/link/WeightsFile.h"
#include "backends/llvm/KernelObject.h"
#include "frontend/CheckGraph.h"
#include "frontend/json/ImportJson.h"
#include "frontend/json/ImportTraining.h"
#include "frontend/onnx/ImportOnnx.h"
#include "ir/Annotations.h"
#include "ir/OpsProgram.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Passes.h"
#include "tools/driver/ParameterFile.h"
#include "tools/driver/TextLocations.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <thread>

using namespace dlc;
using mlir::failed;
using mlir::failure;
using mlir::LogicalResult;
using mlir::success;

// The verifier takes as long as the passes. Builds for tests run it after every pass, others after the phases that
// change most and before a module is printed.
#ifdef _GLIBCXX_ASSERTIONS
static constexpr bool verifiesEveryPass = true;
#else
static constexpr bool verifiesEveryPass = false;
#endif

ProgramCompilation::ProgramCompilation(const CompileOptions &options, std::string suffix)
    : options(options), context(mlir::MLIRContext::Threading::DISABLED), printer(&context, options.model, llvm::errs()),
      suffix(std::move(suffix)), fileLocation(mlir::FileLineColLoc::get(&context, options.model, 0, 0)) {
  context.loadDialect<DlcDialect, mlir::func::FuncDialect, mlir::arith::ArithDialect, mlir::affine::AffineDialect,
                      mlir::scf::SCFDialect, mlir::cf::ControlFlowDialect, mlir::memref::MemRefDialect,
                      mlir::LLVM::LLVMDialect>();
}

std::string ProgramCompilation::besideOutput(llvm::StringRef ending) const {
  return (isStandardOutput(options.output) ? llvm::Twine("dlc") : llvm::Twine(options.output)).concat(ending).str();
}

LogicalResult ProgramCompilation::readSettings() {
  mlir::FailureOr<CompilationSettings> read = CompilationSettings::read(options, fileLocation);
  if (failed(read))
    return failure();
  settings = std::move(*read);
  settings.identity.programSuffix = suffix;
  if (!settings.identity.weightsFile.empty())
    settings.identity.weightsFile = settings.identity.name + suffix + ".weights";
  return success();
}

/// The options, or the module that is compiled, have said what the target is.
void ProgramCompilation::chooseBackend() {
  backend = settings.target.device ? &getCudaBackend() : &getCpuBackend();
  mlir::DialectRegistry registry;
  backend->registerInterfaces(registry);
  context.appendDialectRegistry(registry);
}

/// A module in the form that `--compile-to` prints, from whose phase on compilation continues.
mlir::FailureOr<ImportedModel> ProgramCompilation::parseText() {
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

LogicalResult ProgramCompilation::import() {
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

bool ProgramCompilation::isDone(llvm::StringRef phase) const {
  return llvm::find(getPhaseNames(), phase) <= llvm::find(getPhaseNames(), state.phase);
}

LogicalResult ProgramCompilation::runPhase(llvm::StringRef phase) {
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
  bool isVerified = phase == "graph" || phase == "program" || phase == options.compileTo;
  return verifiesPasses || !isVerified ? success() : mlir::verify(*model);
}

LogicalResult ProgramCompilation::runPhases() {
  for (llvm::StringRef phase : getPhaseNames()) {
    if (phase == "layout")
      settings.refineTarget(*model);
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

LogicalResult ProgramCompilation::writeWeights() {
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

LogicalResult ProgramCompilation::compileKernels() {
  clock.start("kernel code");
  KernelCodeOptions kernelOptions;
  kernelOptions.jobs = options.jobs ? options.jobs : std::max(1u, std::thread::hardware_concurrency());
  kernelOptions.cacheDirectory = options.cacheDirectory;
  kernelOptions.checkBounds = options.checkBounds;
  kernelOptions.math = settings.pipelineOptions.math;
  // Text has the kernels in it. Object files are generated where kernels are compiled, at the same time.
  std::optional<OutputKind> kind = getOutputKind(options.output);
  if (kind && *kind != OutputKind::LlvmIr && *kind != OutputKind::Assembly) {
    kernelOptions.emitObject = [&](llvm::StringRef bitcode) { return emitKernelObject(bitcode, settings.target); };
    kernelOptions.objectKey = getKernelObjectKey(settings.target);
  }
  auto compiled = backend->compileKernels(*model, settings.target, kernelOptions);
  if (failed(compiled))
    return failure();
  kernels = std::move(*compiled);
  return success();
}

mlir::FailureOr<TranslatedProgram> ProgramCompilation::translate(llvm::LLVMContext &llvmContext) {
  auto translated = translateProgram(*model, llvmContext, settings.target, settings.identity, *backend);
  model = nullptr;
  return translated;
}

ProgramPart ProgramCompilation::describe(const TranslatedProgram &translated) const {
  return {translated.description, settings.identity, settings.target, getScratchBytes(kernels)};
}
