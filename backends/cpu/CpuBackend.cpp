// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/CpuBackend.h"
#include "analysis/TargetInterface.h"
#include "backends/cpu/CpuSchedules.h"
#include "backends/cpu/Layouts.h"
#include "backends/cpu/PlanContraction.h"
#include "backends/cpu/PlanRecurrent.h"
#include "backends/halide/Emitters.h"
#include "backends/halide/HalideBackend.h"
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
  bool multipliesBytes(Operation *op, llvm::ArrayRef<const Machine *> machines) const override {
    return dlc::multipliesBytes(op, machines);
  }
  bool splitsLaunches() const override { return true; }
  bool poolsInConvolutions() const override { return true; }
  bool fillsTransposedConvolutions() const override { return true; }
};

class CpuBackend final : public halide::HalideBackend {
public:
  void registerInterfaces(DialectRegistry &registry) const override { registerCpuBackend(registry); }

  void addProgramLowering(OpPassManager &manager) const override { addLowerToLLVM(manager); }
};

} // namespace

const Backend &getCpuBackend() {
  static const CpuBackend backend;
  return backend;
}

void registerCpuBackend(DialectRegistry &registry) {
  registerConversionToLLVM(registry);
  registry.addExtension(+[](MLIRContext *context, DlcDialect *dialect) {
    dialect->addInterfaces<CpuTarget>();
    attachCpuLayouts(context);
    halide::addEmitters(context);
    loops::addBodies(context);
  });
}

} // namespace dlc
