// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/CpuBackend.h"
#include "analysis/TargetInterface.h"
#include "backends/cpu/CpuSchedules.h"
#include "backends/cpu/Layouts.h"
#include "backends/cpu/PlanRecurrent.h"

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

} // namespace

void registerCpuBackend(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, DlcDialect *dialect) {
    dialect->addInterfaces<CpuTarget>();
    attachCpuLayouts(context);
  });
}

} // namespace dlc
