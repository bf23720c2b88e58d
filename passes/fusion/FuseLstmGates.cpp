// SPDX-License-Identifier: Apache-2.0
#include "passes/Passes.h"
#include "passes/fusion/RecurrentKernel.h"

#define DEBUG_TYPE "dlc-fuse-lstm-gates"

namespace dlc {
#define GEN_PASS_DEF_FUSELSTMGATES
#include "passes/Passes.h.inc"
} // namespace dlc

namespace {

class FuseLstmGates final : public dlc::impl::FuseLstmGatesBase<FuseLstmGates> {
  using FuseLstmGatesBase::FuseLstmGatesBase;
  void runOnOperation() override { dlc::fuseGates(getOperation(), dlc::GateEquations::Kind::Lstm, reorderSums); }
};

} // namespace
