// SPDX-License-Identifier: Apache-2.0
#include "formats/onnx/OpEmitters.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsSelection.h"

using namespace mlir;

namespace dlc::onnx_export {

template <typename OpTy> static std::string emitTopK(OpTy op, GraphWriter &writer, unsigned result) {
  // A run may have fewer elements; what reads the result takes no more than there are.
  AffineExpr extent = writer.getDims(op.getX())[op.getAxis()];
  int64_t k = op.getK();
  AffineExpr count = k < 0 ? extent : minimumExtent(extent, getAffineConstantExpr(k, op.getContext()));
  return writer.addNode("TopK", {writer.getName(op.getX()), writer.makeExtent(count)}, 2,
                        {{"axis", int64_t(op.getAxis())}, {"largest", int64_t(!op.getSmallest())}})[result];
}

void registerSelection(OpEmitters &emitters) {
  emitters.add<TopKOp>([](TopKOp op, GraphWriter &writer) { return emitTopK(op, writer, 0); });
  emitters.add<TopKIndicesOp>([](TopKIndicesOp op, GraphWriter &writer) { return emitTopK(op, writer, 1); });
}

} // namespace dlc::onnx_export
