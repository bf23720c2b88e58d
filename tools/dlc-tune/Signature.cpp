// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-tune/Signature.h"
#include "backends/llvm/ProgramDescription.h"
#include "ir/Layout.h"
#include "ir/ShapeInference.h"

using namespace mlir;

namespace dlc::tune {

Buffer describeBuffer(Value value) {
  auto type = llvm::cast<RankedTensorType>(value.getType());
  Buffer buffer;
  buffer.elementType = getElementTypeCode(type.getElementType()).value_or(0);
  buffer.dims.assign(type.getShape().begin(), type.getShape().end());
  buffer.bytes = llvm::cast<AffineConstantExpr>(getBufferBytes(type, staticDims(type))).getValue();
  return buffer;
}

} // namespace dlc::tune
