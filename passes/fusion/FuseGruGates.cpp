// SPDX-License-Identifier: Apache-2.0
#include "passes/Passes.h"
#include "passes/fusion/RecurrentKernel.h"

#define DEBUG_TYPE "dlc-fuse-gru-gates"

namespace dlc {
#define GEN_PASS_DEF_FUSEGRUGATES
#include "passes/Passes.h.inc"
} // namespace dlc

namespace {

class FuseGruGates final : public dlc::impl::FuseGruGatesBase<FuseGruGates> {
  using FuseGruGatesBase::FuseGruGatesBase;
  void runOnOperation() override { dlc::fuseGates(getOperation(), dlc::GateEquations::Kind::Gru, reorderSums); }
};

} // namespace
