// SPDX-License-Identifier: Apache-2.0
/// \file
/// Values that share memory: aliases (see isAlias) refer to one tensor's memory several times.
#ifndef DLC_IR_SHAREDMEMORY_H
#define DLC_IR_SHAREDMEMORY_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

namespace dlc {

/// The value whose memory `value` shares: itself, or what it is an alias of.
mlir::Value getMemory(mlir::Value value);

/// Ops that read `value` or an alias of it; the aliases themselves are among them.
llvm::SmallVector<mlir::Operation *> getReaders(mlir::Value value);

/// The last reader of every value of a block, for passes that ask about many values.
class LastReaders {
public:
  explicit LastReaders(mlir::Block &block);

  /// Whether an op after `op`, in the same block, reads `value` or an alias of it.
  bool isReadAfter(mlir::Value value, mlir::Operation *op) const;

private:
  llvm::DenseMap<mlir::Value, mlir::Operation *> last;
};

/// Whether an op after `op`, in the same block, reads `value` or an alias of it.
bool isReadAfter(mlir::Value value, mlir::Operation *op);

} // namespace dlc

#endif // DLC_IR_SHAREDMEMORY_H
