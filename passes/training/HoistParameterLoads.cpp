// SPDX-License-Identifier: Apache-2.0
#include "ir/ControlFlow.h"
#include "ir/OpsParameter.h"
#include "passes/Passes.h"

#define DEBUG_TYPE "dlc-hoist-parameter-loads"

namespace dlc {
#define GEN_PASS_DEF_HOISTPARAMETERLOADS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

class HoistParameterLoads final : public dlc::impl::HoistParameterLoadsBase<HoistParameterLoads> {
  void runOnOperation() override {
    getOperation().walk([](dlc::LoadParameterOp load) {
      if (Operation *around = dlc::getOutermostControlFlow(load))
        load->moveBefore(around);
    });
  }
};

} // namespace
