// SPDX-License-Identifier: Apache-2.0
#include "ir/Annotations.h"
#include "ir/OpsControl.h"
#include "ir/OpsCustom.h"
#include "ir/OpsSize.h"
#include "ir/Variables.h"
#include "passes/Passes.h"
#include "llvm/ADT/SetVector.h"

#define DEBUG_TYPE "dlc-sink-updates"

namespace dlc {
#define GEN_PASS_DEF_SINKUPDATES
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

class SinkUpdates final : public dlc::impl::SinkUpdatesBase<SinkUpdates> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isPrivate())
        continue;
      Operation *last = nullptr;
      for (Operation &op : function.getBody().front())
        if (mayFail(&op))
          last = &op;
      if (last)
        sink(function, last);
    }
  }

  /// Whether a run may fail in `op`, as a step or a branch may: it reads an extent back or calls a user's function.
  static bool mayFail(Operation *op) {
    if (llvm::isa<dlc::ReadbackOp>(op) || dlc::callsFunction(op))
      return true;
    auto isIn = [&](FlatSymbolRefAttr name) {
      auto function = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(op, name);
      return function && llvm::any_of(function.getBody().front(), [](Operation &inner) { return mayFail(&inner); });
    };
    if (auto loop = llvm::dyn_cast<dlc::OutlinedLoopOp>(op))
      return isIn(loop.getBodyAttr());
    auto choice = llvm::dyn_cast<dlc::OutlinedIfOp>(op);
    return choice && (isIn(choice.getThenBodyAttr()) || isIn(choice.getElseBodyAttr()));
  }

  /// Moves the ops before `last` that give variables and states their new values behind it, with what reads these.
  static void sink(func::FuncOp function, Operation *last) {
    llvm::SetVector<Operation *> moves;
    Operation *end = function.getBody().front().getTerminator();
    for (OpOperand &returned : end->getOpOperands()) {
      unsigned number = returned.getOperandNumber();
      Operation *definition = returned.get().getDefiningOp();
      bool isKept = dlc::getVariableOfResult(function, number) || dlc::annotation::state.getOfResult(function, number);
      if (!isKept || !definition || !definition->isBeforeInBlock(last))
        continue;
      llvm::SetVector<Operation *> readers;
      readers.insert(definition);
      for (size_t i = 0; i < readers.size(); ++i)
        for (Operation *user : readers[i]->getUsers())
          if (!last->isBeforeInBlock(user))
            readers.insert(user);
      // What may fail stays, and so does what it reads.
      if (llvm::none_of(readers, mayFail))
        moves.insert(readers.begin(), readers.end());
    }
    llvm::SmallVector<Operation *> order(moves.takeVector());
    llvm::sort(order, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    for (Operation *op : llvm::reverse(order))
      op->moveAfter(last);
  }
};

} // namespace
