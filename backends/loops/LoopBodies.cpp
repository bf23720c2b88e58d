// SPDX-License-Identifier: Apache-2.0
#include "backends/loops/LoopBodies.h"

namespace dlc::loops {

const LoopBodies &LoopBodies::get() {
  static const LoopBodies bodies = [] {
    LoopBodies all;
    registerBits(all);
    registerCustom(all);
    registerDeterminant(all);
    registerMaxRoiPool(all);
    registerRoiAlign(all);
    registerSamplePixels(all);
    return all;
  }();
  return bodies;
}

} // namespace dlc::loops
