// SPDX-License-Identifier: Apache-2.0
#include "backends/onnx/OpEmitters.h"

using namespace dlc::onnx_export;

OpEmitters::OpEmitters() {
  registerElementwise(*this);
  registerLinear(*this);
  registerAttention(*this);
  registerWindows(*this);
  registerNormalization(*this);
  registerReduction(*this);
  registerMovement(*this);
  registerSelection(*this);
}

const OpEmitter *OpEmitters::find(mlir::Operation *op) {
  static const OpEmitters emitters;
  auto found = emitters.table.find(op->getName().getStringRef());
  return found == emitters.table.end() ? nullptr : &found->second;
}
