// SPDX-License-Identifier: Apache-2.0
#include "formats/onnx/OpEmitters.h"
#include "ir/OpsPooling.h"

using namespace mlir;

namespace dlc::onnx_export {

template <typename OpTy> static NodeAttributes getWindows(OpTy op) {
  return {{"ceil_mode", int64_t(op.getCeilMode())},
          {"dilations", llvm::ArrayRef(op.getDilations()).vec()},
          {"kernel_shape", llvm::ArrayRef(op.getKernel()).vec()},
          {"pads", llvm::ArrayRef(op.getPads()).vec()},
          {"strides", llvm::ArrayRef(op.getStrides()).vec()}};
}

static std::string emitMaxPoolIndices(MaxPoolIndicesOp op, GraphWriter &writer) {
  NodeAttributes attributes = getWindows(op);
  attributes.push_back({"storage_order", int64_t(op.getColumnMajor())});
  return writer.addNode("MaxPool", {writer.getName(op.getX())}, 2, std::move(attributes))[1];
}

static std::string emitAveragePool(AveragePoolOp op, GraphWriter &writer) {
  NodeAttributes attributes = getWindows(op);
  attributes.push_back({"count_include_pad", int64_t(op.getCountIncludePad())});
  return writer.add("AveragePool", {writer.getName(op.getX())}, std::move(attributes));
}

static std::string emitLpPool(LpPoolOp op, GraphWriter &writer) {
  NodeAttributes attributes = getWindows(op);
  attributes.push_back({"p", int64_t(op.getP())});
  return writer.add("LpPool", {writer.getName(op.getX())}, std::move(attributes));
}

void registerWindows(OpEmitters &emitters) {
  emitters.add<MaxPoolOp>([](MaxPoolOp op, GraphWriter &writer) {
    return writer.add("MaxPool", {writer.getName(op.getX())}, getWindows(op));
  });
  emitters.add<MaxPoolIndicesOp>(emitMaxPoolIndices);
  emitters.add<AveragePoolOp>(emitAveragePool);
  emitters.add<LpPoolOp>(emitLpPool);
}

} // namespace dlc::onnx_export
