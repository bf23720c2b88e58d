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

static std::string emitRunningCount(RunningCountOp op, GraphWriter &writer) {
  std::string numbers = writer.add("Cast", {writer.getName(op.getMask())}, {{"to", int64_t(onnx::TensorProto::INT64)}});
  return writer.add("CumSum", {numbers, writer.makeInt(0)});
}

/// Where the count becomes larger; NonZero has a row for each dimension, and a vector has one.
static std::string emitTruePositions(TruePositionsOp op, GraphWriter &writer) {
  std::string counts =
      writer.add("Concat", {writer.makeInts({0}), writer.getName(op.getCounts())}, {{"axis", int64_t(0)}});
  std::string after = writer.add("Slice", {counts, writer.makeInts({1}), writer.makeInts({INT64_MAX})}),
              before = writer.add("Slice", {counts, writer.makeInts({0}), writer.makeInts({-1})});
  std::string indices = writer.add("NonZero", {writer.add("Sub", {after, before})});
  return writer.add("Reshape", {indices, writer.makeInts({-1})});
}

void registerSelection(OpEmitters &emitters) {
  emitters.add<TopKOp>([](TopKOp op, GraphWriter &writer) { return emitTopK(op, writer, 0); });
  emitters.add<RunningCountOp>(emitRunningCount);
  emitters.add<TruePositionsOp>(emitTruePositions);
  emitters.add<TopKIndicesOp>([](TopKIndicesOp op, GraphWriter &writer) { return emitTopK(op, writer, 1); });
}

} // namespace dlc::onnx_export
