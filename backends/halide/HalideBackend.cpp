// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/HalideBackend.h"
#include "backends/cuda/HostKernel.h"
#include "backends/cuda/TemplateKernel.h"
#include "backends/halide/KernelCompiler.h"
#include "targets/Device.h"

using namespace mlir;

namespace dlc::halide {

/// How a GPU computes a sum of products, and what keeps it from a template; "" for other kernels.
static std::string describeProduct(const KernelVariant &variant, const Machine &machine, MathMode math) {
  cuda::TemplateRoute route = cuda::findTemplateRoute(variant.kernel, findDevice(machine.name)->capability, math);
  return !route.name.empty() ? route.name : !route.obstacle.empty() ? "one thread per element: " + route.obstacle : "";
}

FailureOr<std::vector<KernelCode>> HalideBackend::compileKernels(ModuleOp module, const Target &target,
                                                                 const KernelCodeOptions &options) const {
  CompileOptions kernelOptions;
  kernelOptions.jobs = options.jobs;
  kernelOptions.cacheDirectory = options.cacheDirectory;
  kernelOptions.checkBounds = options.checkBounds;
  kernelOptions.relaxContractions = options.math == MathMode::Fast;
  kernelOptions.math = options.math;
  // Kernels of a GPU call what the runtime has for it.
  if (!target.device) {
    kernelOptions.emitObject = options.emitObject;
    kernelOptions.objectKey = options.objectKey;
  }
  auto variants = collectVariants(module);
  auto compiled = halide::compileKernels(variants, kernelOptions);
  if (failed(compiled))
    return failure();
  std::vector<KernelCode> kernels;
  for (auto [variant, code] : llvm::zip_equal(variants, *compiled)) {
    const Machine *machine = findMachine(variant.schedule.getIsa().getValue());
    if (!llvm::is_contained(target.machines, machine))
      return variant.kernel.emitError("internal error: a schedule for ")
             << variant.schedule.getIsa() << ", which is not a target";
    bool isOnHost = target.device && cuda::isCopiedAround(code.bitcode);
    std::string onDevice = target.device && !isOnHost ? describeProduct(variant, *machine, options.math) : "";
    kernels.push_back({variant.kernel.getSymName().str(), machine, std::move(code.bitcode), std::move(code.object),
                       code.scratchBytes, isOnHost, std::move(onDevice)});
  }
  return kernels;
}

} // namespace dlc::halide
