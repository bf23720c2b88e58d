// SPDX-License-Identifier: Apache-2.0
#include "ir/SharedMemory.h"
#include "ir/Layout.h"

using namespace mlir;

namespace dlc {

Value getMemory(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isAlias(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// Calls `visit` with each reader of `value`'s memory until it returns true; returns whether it did.
static bool findReader(Value value, llvm::function_ref<bool(Operation *)> visit) {
  llvm::SmallVector<Value> names{value};
  while (!names.empty()) {
    Value name = names.pop_back_val();
    for (Operation *user : name.getUsers()) {
      if (visit(user))
        return true;
      // `dlc.reshape_like` reads only the extents of its other operand.
      if (isAlias(user) && user->getOperand(0) == name)
        names.push_back(user->getResult(0));
    }
  }
  return false;
}

llvm::SmallVector<Operation *> getReaders(Value value) {
  llvm::SmallVector<Operation *> readers;
  findReader(value, [&](Operation *reader) {
    readers.push_back(reader);
    return false;
  });
  return readers;
}

bool isReadAfter(Value value, Operation *op) {
  return findReader(value, [&](Operation *reader) { return op->isBeforeInBlock(reader); });
}

LastReaders::LastReaders(Block &block) {
  for (Operation &op : llvm::reverse(block)) {
    for (Value operand : op.getOperands())
      last.try_emplace(operand, &op);
    if (!isAlias(&op))
      continue;
    // The readers of an alias have been visited; none comes before the alias itself.
    if (Operation *reader = last.lookup(op.getResult(0)))
      if (Operation *&known = last[op.getOperand(0)]; known->isBeforeInBlock(reader))
        known = reader;
  }
}

bool LastReaders::isReadAfter(Value value, Operation *op) const {
  Operation *reader = last.lookup(value);
  return reader && op->isBeforeInBlock(reader);
}

} // namespace dlc
