// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/CpuBackend.h"
#include "analysis/TargetInterface.h"
#include "backends/cpu/CpuSchedules.h"
#include "backends/cpu/Layouts.h"
#include "backends/cpu/PlanRecurrent.h"
#include "backends/halide/Emitters.h"
#include "backends/halide/KernelCompiler.h"
#include "backends/llvm/Passes.h"
#include "backends/loops/LoopBodyInterface.h"

using namespace mlir;

namespace dlc {
namespace {

class CpuTarget final : public TargetInterface {
public:
  using TargetInterface::TargetInterface;

  std::unique_ptr<KernelSchedules> createSchedules(const TileSubject &subject, const Machine &machine) const override {
    return CpuSchedules::create(subject, machine);
  }
  LayoutAttr planRecurrentWeight(int64_t gates, int64_t units) const override {
    return dlc::planRecurrentWeight(getDialect()->getContext(), gates, units);
  }
};

class CpuBackend final : public Backend {
public:
  void registerInterfaces(DialectRegistry &registry) const override { registerCpuBackend(registry); }

  FailureOr<std::vector<KernelCode>> compileKernels(ModuleOp module, const Target &target,
                                                    const KernelCodeOptions &options) const override {
    halide::CompileOptions kernelOptions;
    kernelOptions.jobs = options.jobs;
    kernelOptions.cacheDirectory = options.cacheDirectory;
    kernelOptions.checkBounds = options.checkBounds;
    kernelOptions.relaxContractions = options.math == MathMode::Fast;
    auto variants = halide::collectVariants(module);
    auto compiled = halide::compileKernels(variants, kernelOptions);
    if (failed(compiled))
      return failure();
    std::vector<KernelCode> kernels;
    for (auto [variant, code] : llvm::zip_equal(variants, *compiled)) {
      const Machine *machine = findMachine(variant.schedule.getIsa().getValue());
      if (!llvm::is_contained(target.machines, machine))
        return variant.kernel.emitError("internal error: a schedule for ")
               << variant.schedule.getIsa() << ", which is not a target";
      kernels.push_back({variant.kernel.getSymName().str(), machine, std::move(code.bitcode), code.scratchBytes});
    }
    return kernels;
  }

  void addProgramLowering(OpPassManager &manager) const override { addLowerToLLVM(manager); }
};

} // namespace

const Backend &getCpuBackend() {
  static const CpuBackend backend;
  return backend;
}

void registerCpuBackend(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, DlcDialect *dialect) {
    dialect->addInterfaces<CpuTarget>();
    attachCpuLayouts(context);
    halide::addEmitters(context);
    loops::addBodies(context);
  });
}

} // namespace dlc
