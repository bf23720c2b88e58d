// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/KernelCompiler.h"
#include "backends/halide/Emitters.h"
#include "backends/halide/HalideRevision.h"
#include "backends/halide/HalideTarget.h"
#include "backends/halide/KernelBitcode.h"
#include "backends/halide/KernelBuilder.h"
#include "backends/halide/KernelCache.h"
#include "backends/halide/KernelProcess.h"
#include "backends/loops/LoopKernel.h"
#include "ir/KernelText.h"
#include "ir/OpsKernel.h"
#include <deque>

using namespace mlir;

namespace dlc::halide {

llvm::SmallVector<KernelVariant> collectVariants(ModuleOp module) {
  llvm::SmallVector<KernelVariant> variants;
  for (auto kernel : module.getOps<KernelFuncOp>())
    if (ArrayAttr schedules = kernel.getSchedulesAttr())
      for (auto schedule : schedules.getAsRange<ScheduleAttr>())
        variants.push_back({kernel, schedule});
  return variants;
}

/// Everything that the code of a variant depends on: the compiler, the options, and the kernel without its name and
/// location.
static std::string makeKey(const KernelVariant &variant, const CompileOptions &options) {
  std::string key;
  llvm::raw_string_ostream stream(key);
  stream << kernelRevision << ' ' << options.checkBounds << options.relaxContractions << '\n'
         << variant.schedule << '\n';
  writeKernelText(variant.kernel, stream);
  return key;
}

namespace {
/// Halide's messages: errors become exceptions; warnings that promise a failure at run time count as errors.
class ErrorReporter final : public Halide::CompileTimeErrorReporter {
public:
  void warning(const char *message) override {
    if (llvm::StringRef(message).contains("guaranteed to fail"))
      throw std::runtime_error(message);
  }
  [[noreturn]] void error(const char *message) override { throw std::runtime_error(message); }
};
} // namespace

/// Compiles in this process, whose exit follows: Halide's counters must be fresh for each kernel to have reproducible
/// names.
static std::variant<CompiledKernel, std::string> compileHere(const KernelVariant &variant,
                                                             const CompileOptions &options) {
  KernelFuncOp kernel = variant.kernel;
  std::string problems;
  ScopedDiagnosticHandler handler(kernel.getContext(), [&](Diagnostic &diagnostic) {
    problems += (problems.empty() ? "" : "\n") + diagnostic.str();
    return success();
  });
  ErrorReporter reporter;
  Halide::set_custom_compile_time_error_reporter(&reporter);
  try {
    KernelOptions kernelOptions{options.checkBounds, options.relaxContractions};
    const Machine *machine = findMachine(variant.schedule.getIsa().getValue());
    if (!machine)
      return "there are no kernels for the instruction set '" + variant.schedule.getIsa().str() + "'";
    if (kernel.getKind() == KernelKind::Loops) {
      llvm::Expected<std::string> bitcode =
          loops::compileLoopKernel(kernel, variant.schedule, *machine, options.checkBounds);
      if (!bitcode) {
        std::string why = llvm::toString(bitcode.takeError());
        return problems.empty() ? why : problems;
      }
      llvm::Expected<CompiledKernel> finished = finishKernel(*bitcode);
      if (!finished)
        return llvm::toString(finished.takeError());
      return std::move(*finished);
    }
    Halide::Target target = getHalideTarget(*machine, kernel.getKind(), kernelOptions);
    KernelBuilder builder(kernel, variant.schedule, target);
    if (failed(builder.build(getCpuScheduler(kernel.getKind()))))
      return problems;
    MemoryFile file;
    builder.getOutput().compile_to({{Halide::OutputFileType::bitcode, file.getPath()}}, builder.getArguments(),
                                   "kernel", target);
    llvm::Expected<CompiledKernel> finished = finishKernel(file.read());
    if (!finished)
      return llvm::toString(finished.takeError());
    return std::move(*finished);
  } catch (const std::exception &error) {
    return llvm::StringRef(error.what()).trim().str();
  } catch (const Halide::Error &error) {
    return llvm::StringRef(error.what()).trim().str();
  }
}

FailureOr<std::vector<CompiledKernel>> compileKernels(llvm::ArrayRef<KernelVariant> variants,
                                                      const CompileOptions &options) {
  KernelCache cache(options.cacheDirectory);
  std::vector<CompiledKernel> compiled(variants.size());
  // Equal kernels are compiled once: the first variant of a key does the work for the others.
  llvm::StringMap<llvm::SmallVector<size_t, 1>> byKey;
  std::vector<std::string> keys;
  for (auto [i, variant] : llvm::enumerate(variants)) {
    std::string key = makeKey(variant, options);
    llvm::SmallVector<size_t, 1> &same = byKey[key];
    if (same.empty())
      keys.push_back(key);
    same.push_back(i);
  }
  std::vector<std::string> missing;
  for (const std::string &key : keys) {
    std::optional<CompiledKernel> found = cache.find(key);
    if (!found) {
      missing.push_back(key);
      continue;
    }
    for (size_t i : byKey[key])
      compiled[i] = *found;
  }

  bool isComplete = true;
  ProcessPool pool(options.jobs, options.timeoutSeconds);
  for (const std::string &key : missing) {
    size_t first = byKey[key].front();
    pool.submit([&, first] { return compileHere(variants[first], options); },
                [&, key, first](std::variant<CompiledKernel, std::string> outcome) {
                  if (auto *problem = std::get_if<std::string>(&outcome)) {
                    KernelFuncOp kernel = variants[first].kernel;
                    kernel.emitError("kernel '") << kernel.getSymName() << "' cannot be compiled for "
                                                 << variants[first].schedule.getIsa().getValue() << ": " << *problem;
                    isComplete = false;
                    return;
                  }
                  const CompiledKernel &kernel = std::get<CompiledKernel>(outcome);
                  cache.insert(key, kernel);
                  for (size_t i : byKey[key])
                    compiled[i] = kernel;
                });
  }
  pool.finish();
  if (!isComplete)
    return failure();
  return compiled;
}

} // namespace dlc::halide
