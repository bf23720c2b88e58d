// SPDX-License-Identifier: Apache-2.0
#include "formats/onnx/OpEmitters.h"
#include "ir/OpsSelection.h"

namespace dlc::onnx_export {

template <typename OpTy> static std::string emitTopK(OpTy op, GraphWriter &writer, unsigned result) {
  return writer.addNode("TopK", {writer.getName(op.getX()), writer.makeInts({static_cast<int64_t>(op.getK())})}, 2,
                        {{"axis", int64_t(op.getAxis())}, {"largest", int64_t(!op.getSmallest())}})[result];
}

void registerSelection(OpEmitters &emitters) {
  emitters.add<TopKOp>([](TopKOp op, GraphWriter &writer) { return emitTopK(op, writer, 0); });
  emitters.add<TopKIndicesOp>([](TopKIndicesOp op, GraphWriter &writer) { return emitTopK(op, writer, 1); });
}

} // namespace dlc::onnx_export
