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

llvm::SmallVector<Operation *> getReaders(Value value) {
  llvm::SmallVector<Operation *> readers;
  for (Operation *user : value.getUsers()) {
    readers.push_back(user);
    // `dlc.reshape_like` asks its other operand for extents only.
    if (isAlias(user) && user->getOperand(0) == value)
      readers.append(getReaders(user->getResult(0)));
  }
  return readers;
}

bool isReadAfter(Value value, Operation *op) {
  return llvm::any_of(getReaders(value), [&](Operation *reader) { return op->isBeforeInBlock(reader); });
}

} // namespace dlc
