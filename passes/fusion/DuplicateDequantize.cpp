// SPDX-License-Identifier: Apache-2.0
#include "ir/OpsQuantization.h"
#include "ir/OpsReduction.h"
#include "passes/Passes.h"

#define DEBUG_TYPE "dlc-duplicate-dequantize"

namespace dlc {
#define GEN_PASS_DEF_DUPLICATEDEQUANTIZE
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// Whether the kernel of `user` can compute its operand.
bool drawsIn(Operation *user) { return user->hasTrait<dlc::Elementwise>() || llvm::isa<dlc::ReduceOp>(user); }

class DuplicateDequantize final : public dlc::impl::DuplicateDequantizeBase<DuplicateDequantize> {
  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    for (auto dequantize : llvm::make_early_inc_range(getOperation().getBody().front().getOps<dlc::DequantizeOp>())) {
      llvm::SmallVector<Operation *> users;
      for (Operation *user : dequantize->getUsers())
        if (drawsIn(user) && !llvm::is_contained(users, user))
          users.push_back(user);
      bool isKept = llvm::any_of(dequantize->getUsers(), [](Operation *user) { return !drawsIn(user); });
      // The original serves the last one, or those that cannot draw it in.
      if (!isKept && !users.empty())
        users.pop_back();
      for (Operation *user : users) {
        OpBuilder builder(user);
        Operation *own = builder.clone(*dequantize);
        user->replaceUsesOfWith(dequantize, own->getResult(0));
      }
    }
  }
};

} // namespace
