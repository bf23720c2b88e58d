// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/KernelCompiler.h"
#include "backends/cuda/DeviceKernel.h"
#include "backends/cuda/HostKernel.h"
#include "backends/cuda/TemplateKernel.h"
#include "backends/halide/Emitters.h"
#include "backends/halide/HalideRevision.h"
#include "backends/halide/HalideTarget.h"
#include "backends/halide/KernelBitcode.h"
#include "backends/halide/KernelBuilder.h"
#include "backends/halide/KernelCache.h"
#include "backends/halide/KernelProcess.h"
#include "backends/loops/LoopKernel.h"
#include "ir/KernelText.h"
#include "ir/OpsProgram.h"
#include "targets/Device.h"
#include <deque>
#include <fcntl.h>
#include <unistd.h>

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
  stream << kernelRevision << ' ' << options.checkBounds << options.relaxContractions << getMathModeName(options.math)
         << '\n';
  if (options.emitObject)
    stream << options.objectKey << '\n';
  stream << variant.schedule << '\n';
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

/// Compiles with loops over scalars.
static llvm::Expected<CompiledKernel> compileLoops(const KernelVariant &variant, const Machine &machine,
                                                   const CompileOptions &options) {
  llvm::Expected<std::string> bitcode =
      loops::compileLoopKernel(variant.kernel, variant.schedule, machine, options.checkBounds);
  return bitcode ? finishKernel(*bitcode, machine) : bitcode.takeError();
}

/// Compiles by Halide. A failure that is described by diagnostics has an empty message.
static llvm::Expected<CompiledKernel> compilePipeline(const KernelVariant &variant, const Machine &machine,
                                                      const CompileOptions &options) {
  KernelFuncOp kernel = variant.kernel;
  try {
    KernelOptions kernelOptions{options.checkBounds, options.relaxContractions};
    Halide::Target target = getHalideTarget(machine, kernel.getKind(), kernelOptions);
    KernelBuilder builder(kernel, variant.schedule, target);
    if (failed(builder.build(getCpuScheduler(kernel.getKind()))))
      return llvm::createStringError("");
    MemoryFile file;
    builder.getOutput().compile_to({{Halide::OutputFileType::bitcode, file.getPath()}}, builder.getArguments(),
                                   "kernel", target);
    if (!findDevice(machine.name))
      return finishKernel(file.read(), machine);
    llvm::Expected<std::string> bound = cuda::bindDeviceKernel(file.read());
    return bound ? finishKernel(*bound, machine) : bound.takeError();
  } catch (const std::exception &error) {
    return llvm::createStringError(llvm::StringRef(error.what()).trim());
  } catch (const Halide::Error &error) {
    return llvm::createStringError(llvm::StringRef(error.what()).trim());
  }
}

static llvm::Expected<CompiledKernel> compileFor(const KernelVariant &variant, const Machine &machine,
                                                 const CompileOptions &options) {
  KernelFuncOp kernel = variant.kernel;
  return kernel.getKind() == KernelKind::Loops ? compileLoops(variant, machine, options)
                                               : compilePipeline(variant, machine, options);
}

/// Compiles for a GPU, by a template if there is one for the kernel, else by Halide.
static llvm::Expected<CompiledKernel> compileDeviceCode(const KernelVariant &variant, const Machine &machine,
                                                        const CompileOptions &options) {
  llvm::Expected<std::optional<std::string>> compiled =
      cuda::compileTemplateKernel(variant.kernel, findDevice(machine.name)->capability, options.math);
  if (!compiled)
    return compiled.takeError();
  if (*compiled)
    return CompiledKernel{std::move(**compiled), CompiledKernel::allocatesItself};
  return compilePipeline(variant, machine, options);
}

/// Compiles for a GPU, in a process of its own: LLVM's code generator ends the process at what it cannot do.
static std::optional<CompiledKernel> tryOnDevice(const KernelVariant &variant, const Machine &machine,
                                                 const CompileOptions &options) {
  std::optional<CompiledKernel> result;
  ProcessPool pool(1, options.timeoutSeconds);
  pool.submit(
      [&]() -> Outcome {
        // What it says then is not meant for users, because the kernel is compiled for the host instead.
        if (int null = open("/dev/null", O_WRONLY | O_CLOEXEC); null >= 0)
          dup2(null, STDERR_FILENO);
        llvm::Expected<CompiledKernel> compiled = compileDeviceCode(variant, machine, options);
        if (!compiled)
          return llvm::toString(compiled.takeError());
        return std::move(*compiled);
      },
      [&](Outcome outcome) {
        if (auto *kernel = std::get_if<CompiledKernel>(&outcome))
          result = std::move(*kernel);
      });
  pool.finish();
  return result;
}

/// Compiles for a GPU or, what its code generator does not take, for the host, between copies.
static llvm::Expected<CompiledKernel> compileForDevice(const KernelVariant &variant, const Machine &machine,
                                                       const CompileOptions &options) {
  KernelFuncOp kernel = variant.kernel;
  if (kernel.getKind() != KernelKind::Loops)
    if (std::optional<CompiledKernel> compiled = tryOnDevice(variant, machine, options))
      return std::move(*compiled);
  llvm::Expected<CompiledKernel> onHost = compileFor(variant, getDeviceHost(), options);
  if (!onHost)
    return onHost;
  llvm::Expected<std::string> wrapped =
      cuda::copyAroundKernel(onHost->bitcode, onHost->scratchBytes, kernel.getYieldedValues().size());
  if (!wrapped)
    return wrapped.takeError();
  return CompiledKernel{std::move(*wrapped), CompiledKernel::allocatesItself};
}

/// Replaces the bitcode by an object file, where both are wanted and possible.
static llvm::Error makeObject(CompiledKernel &kernel, const CompileOptions &options) {
  if (!options.emitObject || kernel.scratchBytes == CompiledKernel::allocatesItself)
    return llvm::Error::success();
  llvm::Expected<std::string> object = options.emitObject(kernel.bitcode);
  if (!object)
    return object.takeError();
  kernel.object = std::move(*object);
  if (!kernel.object.empty())
    kernel.bitcode.clear();
  return llvm::Error::success();
}

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
  const Machine *machine = findMachine(variant.schedule.getIsa().getValue());
  if (!machine)
    return "there are no kernels for the instruction set '" + variant.schedule.getIsa().str() + "'";
  try {
    llvm::Expected<CompiledKernel> compiled = findDevice(machine->name) ? compileForDevice(variant, *machine, options)
                                                                        : compileFor(variant, *machine, options);
    llvm::Error failed = compiled ? makeObject(*compiled, options) : compiled.takeError();
    if (!failed)
      return std::move(*compiled);
    std::string why = llvm::toString(std::move(failed));
    return problems.empty() ? why : problems;
  } catch (const std::exception &error) {
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
