// SPDX-License-Identifier: Apache-2.0
// When a run begins to change what the model keeps from run to run: from then on it can neither fail nor be cancelled.
#include "analysis/MemoryPlan.h"
#include "ir/Annotations.h"
#include "ir/OpsCustom.h"

using namespace mlir;

namespace dlc {

/// Whether a run may fail in `op`, of `frame`, as a step or a branch may.
static bool mayFail(Frame &frame, Operation *op) {
  auto isIn = [](const std::unique_ptr<Frame> &inner) {
    return llvm::any_of(inner->order, [&](Operation *part) { return mayFail(*inner, part); });
  };
  if (auto body = frame.bodies.find(op); body != frame.bodies.end())
    return isIn(body->second);
  auto branches = frame.branches.find(op);
  return llvm::isa<ReadbackOp>(op) || callsFunction(op) ||
         (branches != frame.branches.end() && llvm::any_of(branches->second, isIn));
}

/// Whether `op` of `frame`, that of the entry point, gives a variable its new value where the old one is.
static bool writesVariable(Frame &frame, Operation *op) {
  return llvm::any_of(op->getResults(),
                      [&](Value result) { return frame.storage.lookup(result).kind == Storage::Variable; });
}

/// The update of a state in place that `op` does; null for all other ops.
UpdateSliceOp MemoryPlan::getStateUpdate(Operation *op) {
  auto kernel = llvm::dyn_cast<KernelOp>(op);
  UpdateSliceOp update = kernel ? getUpdate(kernel) : UpdateSliceOp();
  bool isOfState = update && updatesInPlace.contains(update) && llvm::any_of(kernel.getInputs(), [&](Value input) {
                     return llvm::is_contained(statesInPlace, getMemory(input));
                   });
  return isOfState ? update : UpdateSliceOp();
}

/// Whether `update`, of `kernel`, writes only behind the length that a state counts, for which the cache has room.
bool MemoryPlan::appends(UpdateSliceOp update, KernelOp kernel) {
  auto position = llvm::dyn_cast<BlockArgument>(update.getPosition());
  auto length = position ? llvm::dyn_cast<BlockArgument>(getMemory(kernel.getInputs()[position.getArgNumber()]))
                         : BlockArgument();
  if (!length || length.getOwner() != &entry->function.getBody().front())
    return false;
  ArrayAttr checks = annotation::checks.getOfArgument(entry->function, length.getArgNumber());
  return annotation::state.getOfArgument(entry->function, length.getArgNumber()) && checks &&
         llvm::any_of(checks.getAsRange<ElementCheckAttr>(),
                      [](ElementCheckAttr check) { return check.getKind() == ElementCheckKind::Room; });
}

Operation *MemoryPlan::getFirstOverwrite() {
  for (Operation *op : entry->order) {
    UpdateSliceOp update = getStateUpdate(op);
    if (writesVariable(*entry, op) || (update && !appends(update, llvm::cast<KernelOp>(op))))
      return op;
  }
  return nullptr;
}

/// A run may fail where it reads an extent back or calls a user's function: until then, what the model keeps from run
/// to run must be as it was.
LogicalResult MemoryPlan::checkFailures(Frame &frame) {
  Operation *writer = nullptr;
  for (Operation *op : frame.order) {
    if (writer && mayFail(frame, op)) {
      InFlightDiagnostic error = op->emitOpError("comes after a variable or a state has got its new value, so that a "
                                                 "run that fails here could not leave it as "
                                                 "it was");
      error.attachNote(writer->getLoc()) << "which this writes";
      return error;
    }
    if (writesVariable(frame, op) || getStateUpdate(op))
      writer = op;
  }
  return success();
}

} // namespace dlc
