// SPDX-License-Identifier: Apache-2.0
#include "formats/onnx/OpEmitters.h"
#include "ir/ConstantData.h"
#include "ir/OpsNormalization.h"

using namespace mlir;

namespace dlc::onnx_export {

static RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

static std::string emitBatchNorm(BatchNormOp op, GraphWriter &writer) {
  Names inputs;
  for (Value operand : op->getOperands())
    inputs.push_back(writer.getName(operand));
  return writer.add("BatchNormalization", inputs, {{"epsilon", static_cast<float>(op.getEpsilon().convertToDouble())}});
}

/// `RMSNormalization` exists from opset 23 on.
static std::string emitRootMeanSquare(LayerNormOp op, GraphWriter &writer) {
  Type element = getElementTypeOrSelf(op.getType());
  std::string x = writer.getName(op.getX());
  auto axes = llvm::to_vector(llvm::seq<int64_t>(op.getAxis(), typeOf(op.getX()).getRank()));
  std::string mean = writer.add("ReduceMean", {writer.add("Mul", {x, x}), writer.makeInts(axes)});
  std::string root =
      writer.add("Sqrt", {writer.add("Add", {mean, writer.makeScalar(op.getEpsilon().convertToDouble(), element)})});
  std::string result = writer.add("Div", {x, root});
  if (op.getScale())
    result = writer.add("Mul", {result, writer.getName(op.getScale())});
  return op.getBias() ? writer.add("Add", {result, writer.getName(op.getBias())}) : result;
}

static std::string emitLayerNorm(LayerNormOp op, GraphWriter &writer) {
  if (op.getRootMeanSquare())
    return emitRootMeanSquare(op, writer);
  // The scale must be there, of the shape that is normalized.
  auto type = typeOf(op.getResult());
  llvm::SmallVector<int64_t> normalized(type.getShape().drop_front(op.getAxis()));
  for (int64_t &extent : normalized)
    extent = ShapedType::isDynamic(extent) ? 1 : extent;
  auto ones = RankedTensorType::get(normalized, type.getElementType());
  std::string scale = op.getScale() ? writer.getName(op.getScale())
                                    : writer.makeConstant(DenseElementsAttr::get(
                                          ones, llvm::cast<Attribute>(FloatAttr::get(type.getElementType(), 1))));
  Names inputs{writer.getName(op.getX()), scale};
  if (op.getBias())
    inputs.push_back(writer.getName(op.getBias()));
  return writer.add(
      "LayerNormalization", inputs,
      {{"axis", int64_t(op.getAxis())}, {"epsilon", static_cast<float>(op.getEpsilon().convertToDouble())}});
}

/// A group is what `InstanceNormalization` treats as a channel.
static std::string emitGroupNorm(GroupNormOp op, GraphWriter &writer) {
  RankedTensorType type = typeOf(op.getX());
  int64_t groups = op.getGroups(), channels = type.getDimSize(1);
  std::string x = writer.getName(op.getX());
  NodeAttributes epsilon{{"epsilon", static_cast<float>(op.getEpsilon().convertToDouble())}};
  if (groups == channels)
    return writer.add("InstanceNormalization", {x, writer.getName(op.getScale()), writer.getName(op.getBias())},
                      std::move(epsilon));
  auto vector = RankedTensorType::get({groups}, type.getElementType());
  auto repeat = [&](double value) {
    return writer.makeConstant(makeConstantFromDoubles(vector, std::vector<double>(groups, value)));
  };
  std::string grouped = writer.add("Reshape", {x, writer.makeInts({0, groups, -1})});
  std::string normal = writer.add("InstanceNormalization", {grouped, repeat(1), repeat(0)}, std::move(epsilon));
  llvm::SmallVector<int64_t> perChannel(type.getRank() - 1, 1);
  perChannel[0] = channels;
  auto spread = [&](Value value) {
    return writer.add("Reshape", {writer.getName(value), writer.makeInts(perChannel)});
  };
  std::string scaled = writer.add("Mul", {writer.reshape(normal, op.getResult()), spread(op.getScale())});
  return writer.add("Add", {scaled, spread(op.getBias())});
}

static std::string emitLrn(LrnOp op, GraphWriter &writer) {
  auto number = [](const llvm::APFloat &value) { return static_cast<float>(value.convertToDouble()); };
  return writer.add("LRN", {writer.getName(op.getX())},
                    {{"alpha", number(op.getAlpha())},
                     {"beta", number(op.getBeta())},
                     {"bias", number(op.getBias())},
                     {"size", int64_t(op.getSize())}});
}

static std::string emitSoftmax(SoftmaxOp op, GraphWriter &writer) {
  std::string x = writer.getName(op.getX());
  if (op.getAxes().size() == 1)
    return writer.add("Softmax", {x}, {{"axis", op.getAxes()[0]}});
  std::string axes = writer.makeInts(op.getAxes());
  std::string power = writer.add("Exp", {writer.add("Sub", {x, writer.add("ReduceMax", {x, axes})})});
  return writer.add("Div", {power, writer.add("ReduceSum", {power, axes})});
}

static std::string emitLogSoftmax(LogSoftmaxOp op, GraphWriter &writer) {
  std::string x = writer.getName(op.getX());
  if (op.getAxes().size() == 1)
    return writer.add("LogSoftmax", {x}, {{"axis", op.getAxes()[0]}});
  return writer.add("Sub", {x, writer.add("ReduceLogSumExp", {x, writer.makeInts(op.getAxes())})});
}

static FailureOr<std::string> emitHardmax(HardmaxOp op, GraphWriter &writer) {
  if (op.getAxes().size() != 1)
    return op.emitOpError("has no form in ONNX along several dimensions");
  return writer.add("Hardmax", {writer.getName(op.getX())}, {{"axis", op.getAxes()[0]}});
}

void registerNormalization(OpEmitters &emitters) {
  emitters.add<BatchNormOp>(emitBatchNorm);
  emitters.add<LayerNormOp>(emitLayerNorm);
  emitters.add<GroupNormOp>(emitGroupNorm);
  emitters.add<LrnOp>(emitLrn);
  emitters.add<SoftmaxOp>(emitSoftmax);
  emitters.add<LogSoftmaxOp>(emitLogSoftmax);
  emitters.add<HardmaxOp>(emitHardmax);
}

} // namespace dlc::onnx_export
