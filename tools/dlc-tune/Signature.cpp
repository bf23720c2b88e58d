// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-tune/Signature.h"
#include "backends/llvm/ProgramDescription.h"
#include "ir/Layout.h"

using namespace mlir;

namespace dlc::tune {

Buffer describeBuffer(Value value) {
  auto type = llvm::cast<RankedTensorType>(value.getType());
  Buffer buffer;
  buffer.elementType = getElementTypeCode(type.getElementType()).value_or(0);
  buffer.dims.assign(type.getShape().begin(), type.getShape().end());
  llvm::SmallVector<AffineExpr> dims;
  for (int64_t extent : type.getShape())
    dims.push_back(getAffineConstantExpr(extent, type.getContext()));
  buffer.bytes = llvm::cast<AffineConstantExpr>(getBufferBytes(type, dims)).getValue();
  return buffer;
}

} // namespace dlc::tune
