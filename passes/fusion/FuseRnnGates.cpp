// SPDX-License-Identifier: Apache-2.0
#include "passes/Passes.h"
#include "passes/fusion/RecurrentKernel.h"

#define DEBUG_TYPE "dlc-fuse-rnn-gates"

namespace dlc {
#define GEN_PASS_DEF_FUSERNNGATES
#include "passes/Passes.h.inc"
} // namespace dlc

namespace {

class FuseRnnGates final : public dlc::impl::FuseRnnGatesBase<FuseRnnGates> {
  using FuseRnnGatesBase::FuseRnnGatesBase;
  void runOnOperation() override { dlc::fuseGates(getOperation(), dlc::GateEquations::Kind::Elman, reorderSums); }
};

} // namespace
