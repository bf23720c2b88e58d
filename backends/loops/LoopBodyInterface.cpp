// SPDX-License-Identifier: Apache-2.0
#include "backends/loops/LoopBodyInterface.h"

#include "backends/loops/LoopBodyInterface.cpp.inc"

namespace dlc::loops {

void addBodies(mlir::MLIRContext *context) {
  addBits(context);
  addCustom(context);
  addDeterminant(context);
  addMaxRoiPool(context);
  addRoiAlign(context);
  addSamplePixels(context);
  addTopK(context);
}

} // namespace dlc::loops
