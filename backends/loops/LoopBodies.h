// SPDX-License-Identifier: Apache-2.0
/// \file
/// The bodies of all ops whose kernels are loops over scalars (kind `loops`), one registration function per file.
#ifndef DLC_BACKENDS_LOOPS_LOOPBODIES_H
#define DLC_BACKENDS_LOOPS_LOOPBODIES_H

#include "backends/loops/LoopBody.h"
#include "llvm/ADT/StringMap.h"
#include <functional>

namespace dlc::loops {

/// Writes what computes an op.
using BodyFunction = std::function<void(mlir::Operation *, LoopBody &)>;

class LoopBodies {
public:
  static const LoopBodies &get();

  template <typename OpTy> void add(void (*write)(OpTy, LoopBody &)) {
    bodies[OpTy::getOperationName()] = [write](mlir::Operation *op, LoopBody &body) {
      write(llvm::cast<OpTy>(op), body);
    };
  }
  /// Null if the op has none.
  BodyFunction find(llvm::StringRef opName) const { return bodies.lookup(opName); }

private:
  llvm::StringMap<BodyFunction> bodies;
};

void registerBits(LoopBodies &bodies);
void registerCustom(LoopBodies &bodies);
void registerDeterminant(LoopBodies &bodies);
void registerMaxRoiPool(LoopBodies &bodies);
void registerRoiAlign(LoopBodies &bodies);
void registerSamplePixels(LoopBodies &bodies);

} // namespace dlc::loops

#endif // DLC_BACKENDS_LOOPS_LOOPBODIES_H
