// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-tune/TuneCommand.h"
#include "analysis/PackedWeights.h"
#include "backends/Target.h"
#include "backends/halide/KernelCompiler.h"
#include "dlc/runtime.h"
#include "ir/LoadTimeConstants.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tools/dlc-tune/Tuner.h"
#include "tools/driver/Compilation.h"
#include "tools/driver/CompilationSettings.h"
#include "tools/driver/CompilerVersion.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"
#include <CLI/CLI.hpp>
#include <cstdio>

using namespace dlc;
using mlir::failure;
using mlir::LogicalResult;
using mlir::success;

namespace {
/// The kernels of a module that can be measured, and what is told of the others.
struct KernelCollection {
  std::vector<std::unique_ptr<tune::TunedKernel>> kernels;
  size_t all = 0, open = 0;
  size_t weightBytes = 0;
};
} // namespace

static KernelCollection collectKernels(mlir::ModuleOp module, const Machine &machine, llvm::StringRef layer) {
  KernelCollection collection;
  llvm::StringMap<tune::TunedKernel *> known;
  llvm::DenseSet<mlir::Value> prepacked;
  llvm::DenseMap<mlir::Operation *, int64_t> packedBytes;
  module.walk([&](KernelOp kernel) {
    // What a library computes when it is loaded takes no time of a run.
    auto isLoadTime = [&](mlir::Value value) { return isLoadTimeConstant(value) || prepacked.contains(value); };
    if (llvm::all_of(kernel.getInputs(), isLoadTime)) {
      prepacked.insert(kernel.getOutputs().begin(), kernel.getOutputs().end());
      return;
    }
    ++collection.all;
    auto function = kernel->getParentOfType<mlir::func::FuncOp>();
    auto [packed, isFirst] = packedBytes.try_emplace(function);
    if (isFirst)
      packed->second = countPackedBytes(function);
    std::unique_ptr<tune::TunedKernel> tuned = tune::TunedKernel::create(kernel, machine, packed->second, isLoadTime);
    if (!tuned) {
      ++collection.open;
      return;
    }
    for (const tune::Buffer &input : tuned->signature.inputs)
      if (input.isWeight)
        collection.weightBytes += input.bytes;
    tune::TunedKernel *&first = known[tuned->fingerprint];
    if (first)
      ++first->count;
    else if (llvm::StringRef(tuned->layer).contains(layer)) {
      first = tuned.get();
      collection.kernels.push_back(std::move(tuned));
    }
  });
  return collection;
}

/// The tensors of the model's entry point; none if it has several, or a run decides extents.
static std::optional<tune::Signature> getSignature(mlir::ModuleOp module) {
  auto functions = module.getOps<mlir::func::FuncOp>();
  auto isStatic = [](mlir::Type type) {
    auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
    return tensor && tensor.hasStaticShape();
  };
  if (!llvm::hasSingleElement(functions))
    return std::nullopt;
  mlir::func::FuncOp function = *functions.begin();
  if (!llvm::all_of(function.getArgumentTypes(), isStatic) || !llvm::all_of(function.getResultTypes(), isStatic))
    return std::nullopt;
  tune::Signature signature;
  for (mlir::Value argument : function.getArguments())
    signature.inputs.push_back(tune::describeBuffer(argument));
  for (mlir::Value result : function.front().getTerminator()->getOperands())
    signature.outputs.push_back(tune::describeBuffer(result));
  return signature;
}

static LogicalResult tuneModule(mlir::ModuleOp module, const CompilationSettings &settings,
                                const CompileOptions &compile, tune::TuneOptions &options) {
  const Machine &machine = *settings.target.machines.back();
  KernelCollection collection = collectKernels(module, machine, options.layer);
  std::string open = collection.open == 0 ? ""
                                          : "; " + std::to_string(collection.open) +
                                                " are left alone, because a run decides their sizes (give --shape)";
  if (collection.kernels.empty()) {
    module.emitError() << (collection.open == collection.all
                               ? "there is nothing to tune" + open
                               : "there is no kernel of a layer whose name contains '" + options.layer + "'");
    return failure();
  }
  llvm::outs() << collection.all << (collection.all == 1 ? " kernel on " : " kernels on ") << machine.name << ", "
               << collection.kernels.size() << " to tune" << open << '\n';
  llvm::outs().flush();
  options.measurement.weightBytes = collection.weightBytes;
  if (std::optional<tune::Signature> signature = getSignature(module))
    options.check.emplace(compile, std::move(*signature));
  tune::Tuner tuner(std::move(collection.kernels), options);
  return success(tuner.run());
}

static int run(int argc, char **argv) {
  CompileOptions compile;
  tune::TuneOptions options;
  compile.compileTo = "kernels";
  compile.cacheDirectory = halide::getDefaultCacheDirectory();
  std::string math = "default";

  CLI::App app("Finds faster schedules of a model's kernels by measuring them on this machine.\n\n"
               "  dlc-tune model.onnx -o model.records.json\n"
               "  dlc model.onnx --records model.records.json -o model.so\n",
               "dlc-tune");
  app.set_help_flag("-h,--help", "Print this and exit");
  app.set_version_flag("--version", getVersionText());
  app.add_option("MODEL", compile.model, "The model: a .json, .onnx or .mlir file, as dlc takes it")->required();
  app.add_option("-o,--output", options.output,
                 "Where to write the records. A file that exists is added to, and a search that was stopped goes on")
      ->type_name("FILE.json")
      ->required();
  app.add_option("--minutes", options.minutes, "How long to search")
      ->check(CLI::Range(0.0, 1e5))
      ->capture_default_str();
  app.add_option("--threads", options.measurement.threads, "Threads that kernels are measured with")
      ->check(CLI::Range(1u, static_cast<unsigned>(DLC_MAX_THREADS)))
      ->capture_default_str();
  app.add_option("--layer", options.layer, "Tune only the kernels of layers whose names contain this")
      ->type_name("TEXT");
  app.add_flag("--explain", options.explains, "Print every schedule that is measured, and why others are of no use");
  app.add_option("--seed", options.seed, "Of the order in which schedules are tried")->capture_default_str();
  const char *model = "The model, as for dlc";
  app.add_option("--target", compile.target, "The machine, which must be this one")
      ->type_name("TARGET")
      ->capture_default_str()
      ->group(model);
  app.add_option("--math", math, "What algebraic changes are allowed")
      ->check(CLI::IsMember({"strict", "default", "fast"}))
      ->capture_default_str()
      ->group(model);
  app.add_option("--shape", compile.shapes, "Fix the extents of an input: --shape x=1x3x224x224; may be repeated")
      ->type_name("INPUT=EXTENTS")
      ->allow_extra_args(false)
      ->take_all()
      ->group(model);
  std::string train;
  app.add_flag("--train", train,
               "Tune the entry points that train the model, too; --train=FILE.json: as that file says")
      ->group(model);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    if (!error.get_exit_code())
      return app.exit(error);
    throw std::runtime_error(std::string(error.what()) + ": see dlc-tune --help");
  }
  compile.train = app.count("--train") != 0;
  if (train != "true")
    compile.training = train;
  compile.math = *parseMathMode(math);
  compile.isMathGiven = app.count("--math") != 0;
  options.measurement.cacheDirectory = compile.cacheDirectory;
  auto visit = [&](mlir::ModuleOp module, const CompilationSettings &settings) {
    return tuneModule(module, settings, compile, options);
  };
  return mlir::succeeded(visitModule(compile, visit)) ? 0 : 1;
}

int dlc::runTune(int argc, char **argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "dlc-tune: error: %s\n", error.what());
    return 1;
  }
}
