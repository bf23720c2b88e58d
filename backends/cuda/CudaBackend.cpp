// SPDX-License-Identifier: Apache-2.0
#include "backends/cuda/CudaBackend.h"
#include "analysis/LayoutInterface.h"
#include "analysis/TargetInterface.h"
#include "backends/halide/Emitters.h"
#include "backends/halide/HalideBackend.h"
#include "backends/llvm/Passes.h"
#include "backends/loops/LoopBodyInterface.h"
#include "ir/OpsAttention.h"

using namespace mlir;

namespace dlc {
namespace {

/// Kernels have no parameters that a schedule could give: code generation decides by the kernel and the machine.
class CudaSchedules final : public KernelSchedules {
public:
  using KernelSchedules::KernelSchedules;

private:
  SchedulePoint choose() const override { return {"naive", 1, -1, 1, {}}; }
  llvm::SmallVector<AlgorithmSpace> describe(const SchedulePoint &) const override { return {}; }
};

class CudaTarget final : public TargetInterface {
public:
  using TargetInterface::TargetInterface;

  std::unique_ptr<KernelSchedules> createSchedules(const TileSubject &subject, const Machine &machine) const override {
    return std::make_unique<CudaSchedules>(subject, machine);
  }

  /// The units that a warp computes are neighbours.
  LayoutAttr planRecurrentWeight(int64_t, int64_t) const override {
    constexpr int64_t warp = 32;
    MLIRContext *context = getDialect()->getContext();
    auto array = [&](llvm::ArrayRef<int64_t> values) { return DenseI64ArrayAttr::get(context, values); };
    return LayoutAttr::get(context, array({2, 1, 0}), {}, {}, array({2}), array({warp}), 0);
  }

  bool multipliesBytes(Operation *, llvm::ArrayRef<const Machine *>) const override { return false; }
  bool splitsLaunches() const override { return false; }
  bool poolsInConvolutions() const override { return false; }
  bool fillsTransposedConvolutions() const override { return false; }
};

/// Templates read rows of the last dimension wherever they are.
struct AttentionLayouts final : public LayoutOpInterface::ExternalModel<AttentionLayouts, AttentionOp> {
  LayoutPlan planLayouts(Operation *, const LayoutQuery &) const { return LayoutPlan::absorbTransposes(3); }
};

class CudaBackend final : public halide::HalideBackend {
public:
  void registerInterfaces(DialectRegistry &registry) const override { registerCudaBackend(registry); }

  void addProgramLowering(OpPassManager &manager) const override { addLowerToLLVM(manager, /*device=*/true); }
};

} // namespace

const Backend &getCudaBackend() {
  static const CudaBackend backend;
  return backend;
}

void registerCudaBackend(DialectRegistry &registry) {
  registerConversionToLLVM(registry);
  registry.addExtension(+[](MLIRContext *context, DlcDialect *dialect) {
    dialect->addInterfaces<CudaTarget>();
    AttentionOp::attachInterface<AttentionLayouts>(*context);
    halide::addEmitters(context);
    loops::addBodies(context);
  });
}

} // namespace dlc
