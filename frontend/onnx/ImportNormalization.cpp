// SPDX-License-Identifier: Apache-2.0
#include "frontend/LpNormalization.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

//===-- Along an axis ------------------------------------------------------===//

/// Until opset 12, the operand is taken as a matrix whose rows start at `axis`.
template <typename OpTy> void importRows(NodeImporter &node) {
  if (!node.expectOperands(1, 1) || !expectElements(node, 0, ElementClass::Real))
    return;
  int64_t rank = node.getRank(0), axis = node.getInteger("axis", 1);
  axis = axis == rank ? rank : node.normalizeAxis(axis, rank);
  node.setResult(
      0, node.create<OpTy>(node.getOperand(0), ArrayRef<int64_t>(llvm::to_vector(llvm::seq<int64_t>(axis, rank)))));
}

template <typename OpTy> void importAlongAxis(NodeImporter &node) {
  if (!node.expectOperands(1, 1) || !expectElements(node, 0, ElementClass::Real))
    return;
  int64_t axis = node.normalizeAxis(node.getInteger("axis", -1), node.getRank(0));
  node.setResult(0, node.create<OpTy>(node.getOperand(0), ArrayRef<int64_t>{axis}));
}

void importLpNormalization(NodeImporter &node) {
  if (!node.expectOperands(1, 1) || !expectElements(node, 0, ElementClass::Real))
    return;
  int64_t axis = node.normalizeAxis(node.getInteger("axis", -1), node.getRank(0)), p = node.getInteger("p", 2);
  if (p != 1 && p != 2 && !node.hasFailed())
    node.error() << "p = " << p << " is neither 1 nor 2";
  Value x = node.getOperand(0), zero = node.createScalar(node.getElementType(0), 0);
  node.setResult(0, buildLpNormalization(node, x, zero, axis, p));
}

//===-- Per channel --------------------------------------------------------===//

/// Mean and variance over `axes`, which stay with extent 1.
std::pair<Value, Value> createMoments(NodeImporter &node, Value x, ArrayRef<int64_t> axes) {
  Value mean = node.create<ReduceOp>(ReductionKind::Mean, x, axes, true);
  Value centred = node.subtract(x, mean);
  Value variance = node.create<ReduceOp>(ReductionKind::Mean, node.multiply(centred, centred), axes, true);
  return {mean, variance};
}

/// All dimensions but the channels.
SmallVector<int64_t> getAxesBesideChannels(NodeImporter &node) {
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, node.getRank(0)));
  if (axes.size() > 1)
    axes.erase(axes.begin() + 1);
  return axes;
}

/// Statistics of the batch: normalizes with them and moves the running ones towards them.
void importTrainedBatchNorm(NodeImporter &node, ArrayRef<Value> operands, double epsilon) {
  double momentum = node.getReal("momentum", 0.9);
  Type type = node.getElementType(0);
  auto [mean, variance] = createMoments(node, operands[0], getAxesBesideChannels(node));
  if (node.hasFailed())
    return;
  ArrayRef<AffineExpr> channels = node.getDims(operands[1]);
  Value meanOfChannel = node.reshape(mean, channels), varianceOfChannel = node.reshape(variance, channels);
  node.setResult(0, node.create<BatchNormOp>(operands[0], operands[1], operands[2], meanOfChannel, varianceOfChannel,
                                             node.real(epsilon)));
  auto move = [&](Value running, Value batch) {
    return node.add(node.multiply(running, node.createScalar(type, momentum)),
                    node.multiply(batch, node.createScalar(type, 1 - momentum)));
  };
  if (node.hasResult(1))
    node.setResult(1, move(operands[3], meanOfChannel));
  if (node.hasResult(2))
    node.setResult(2, move(operands[4], varianceOfChannel));
}

void importBatchNormalization(NodeImporter &node) {
  if (!node.expectOperands(5, 5) || !expectElements(node, 0, ElementClass::Real))
    return;
  if (node.getRank(0) < 2) {
    node.error() << "expects an operand of rank 2 or more";
    return;
  }
  // Until opset 13, extra results mean training; then an attribute does.
  bool isTraining =
      node.getOpset() >= 14 ? node.getFlag("training_mode") : node.hasResult(1) && !node.getFlag("is_test");
  double epsilon = node.getReal("epsilon", 1e-5);
  AffineExpr channels = node.getDims(0)[1];
  // Before opset 9, statistics may be given for every element of a sample.
  bool isSpatial = node.getFlag("spatial", true);
  SmallVector<Value> operands = {node.getOperand(0)};
  for (int64_t i = 1; i < 5 && !node.hasFailed(); ++i) {
    ArrayRef<AffineExpr> dims = node.getDims(i);
    if (isSpatial && (dims.size() != 1 || (constantDim(dims[0]) && constantDim(channels) && dims[0] != channels)))
      node.error() << "operand " << i << " must hold one number per channel";
    operands.push_back(node.cast(node.getOperand(i), node.getElementType(0)));
  }
  if (node.hasFailed())
    return;
  // Steps will normalize by the batch, predictions by the running statistics, whatever mode the file was exported in.
  if (node.getImporter().isTrained() && isSpatial) {
    Value y =
        node.create<BatchNormOp>(operands[0], operands[1], operands[2], operands[3], operands[4], node.real(epsilon));
    if (!y)
      return;
    annotation::momentum.set(y.getDefiningOp(), node.getBuilder().getF64FloatAttr(node.getReal("momentum", 0.9)));
    node.setResult(0, y);
    for (int64_t i : {1, 2})
      if (node.hasResult(i))
        node.setResult(i, operands[2 + i]);
    return;
  }
  if (isTraining) {
    if (!isSpatial || node.getOpset() < 14)
      node.error() << "of training is supported from opset 14 on";
    importTrainedBatchNorm(node, operands, epsilon);
  } else if (isSpatial) {
    node.setResult(0, node.create<BatchNormOp>(operands[0], operands[1], operands[2], operands[3], operands[4],
                                               node.real(epsilon)));
  } else {
    Value deviation = node.create<SqrtOp>(node.add(operands[4], node.createScalar(node.getElementType(0), epsilon)));
    Value normalized = node.divide(node.subtract(operands[0], operands[3]), deviation);
    node.setResult(0, node.add(node.multiply(normalized, operands[1]), operands[2]));
  }
}

/// Scale and bias of group normalizations: [C], or [groups] in GroupNormalization of opset 18.
Value getChannelOperand(NodeImporter &node, int64_t i, int64_t channels, int64_t groups) {
  if (!node.expectOperands(3, 3))
    return {};
  ArrayRef<AffineExpr> dims = node.getDims(i);
  Value value = node.cast(node.getOperand(i), node.getElementType(0));
  if (dims.size() == 1 && dims[0] == node.extent(channels))
    return value;
  if (dims.size() != 1 || constantDim(dims[0]) != groups || channels % groups != 0) {
    if (!node.hasFailed())
      node.error() << "operand " << i << " must hold one number per channel"
                   << (node.getOpset() < 21 ? " or group" : "");
    return {};
  }
  AffineExpr size = node.extent(channels / groups);
  Value repeated =
      node.create<ExpandOp>(node.reshape(value, {dims[0], node.extent(1)}), node.integers({groups, channels / groups}));
  return node.reshape(repeated, {dims[0] * size});
}

void importGroups(NodeImporter &node, std::optional<int64_t> groups) {
  if (!node.expectOperands(3, 3) || !expectElements(node, 0, ElementClass::Real))
    return;
  Value x = node.getOperand(0);
  std::optional<int64_t> channels = node.getRank(0) >= 2 ? constantDim(node.getDims(0)[1]) : std::nullopt;
  // Where the operand does not tell how many channels there are, its scale does.
  bool scalesChannels = !groups || node.getOpset() >= 21;
  if (node.getRank(0) >= 2 && !channels && scalesChannels && node.getRank(1) == 1) {
    AffineExpr given = node.getDims(1)[0];
    channels = constantDim(given);
    if (channels)
      x = fixExtent(node, x, 1, given);
  }
  if (!groups)
    groups = channels.value_or(0);
  if (!channels || *groups < 1 || *channels % *groups != 0) {
    node.error() << "expects an operand of rank 2 or more whose known number of channels its groups divide";
    return;
  }
  double epsilon = node.getReal("epsilon", 1e-5);
  Value scale = getChannelOperand(node, 1, *channels, *groups), bias = getChannelOperand(node, 2, *channels, *groups);
  node.setResult(0, node.create<GroupNormOp>(x, scale, bias, node.integer(*groups), node.real(epsilon)));
}
void importGroupNormalization(NodeImporter &node) { importGroups(node, node.getInteger("num_groups", 0)); }
void importInstanceNormalization(NodeImporter &node) { importGroups(node, std::nullopt); }

void importLrn(NodeImporter &node) {
  int64_t size = node.getInteger("size", 0);
  if ((size < 1 || size > INT32_MAX) && !node.hasFailed())
    node.error() << "attribute 'size' is " << size;
  if (!node.expectOperands(1, 1) || !expectElements(node, 0, ElementClass::Real))
    return;
  if (node.getRank(0) < 2)
    node.error() << "expects an operand of rank 2 or more";
  node.setResult(0, node.create<LrnOp>(node.getOperand(0), node.integer(size), node.real(node.getReal("alpha", 1e-4)),
                                       node.real(node.getReal("beta", 0.75)), node.real(node.getReal("bias", 1))));
}

void importMeanVarianceNormalization(NodeImporter &node) {
  if (!node.expectOperands(1, 1) || !expectElements(node, 0, ElementClass::Real))
    return;
  SmallVector<int64_t> axes =
      node.normalizeAxes(node.getIntegers("axes").value_or(SmallVector<int64_t>{0, 2, 3}), node.getRank(0));
  Value x = node.getOperand(0);
  auto [mean, variance] = createMoments(node, x, axes);
  if (node.hasFailed())
    return;
  Value deviation = node.add(node.create<SqrtOp>(variance), node.createScalar(node.getElementType(0), 1e-9));
  node.setResult(0, node.divide(node.subtract(x, mean), deviation));
}

//===-- Trailing dimensions ------------------------------------------------===//

void importTrailing(NodeImporter &node, bool isRootMeanSquare) {
  if (!node.expectOperands(1, 3) || !expectElements(node, 0, ElementClass::Real))
    return;
  int64_t rank = node.getRank(0), axis = node.normalizeAxis(node.getInteger("axis", -1), rank);
  double epsilon = node.getReal("epsilon", 1e-5);
  Type type = node.getElementType(0);
  Value x = node.getOperand(0);
  auto getAffine = [&](int64_t i) {
    return node.hasOperand(i) && !node.hasFailed() ? node.cast(node.getOperand(i), type) : Value();
  };
  Value scale = getAffine(1), bias = getAffine(2);
  node.setResult(
      0, node.create<LayerNormOp>(x, scale, bias, node.integer(axis), node.real(epsilon), node.flag(isRootMeanSquare)));
  if (!node.hasResult(1) && !node.hasResult(2))
    return;
  // Statistics of each row, in f32 (stash_type).
  Value wide = node.cast(x, type.isF64() ? type : node.getBuilder().getF32Type());
  auto [mean, variance] = createMoments(node, wide, llvm::to_vector(llvm::seq<int64_t>(axis, rank)));
  node.setResult(1, mean);
  if (node.hasResult(2) && !node.hasFailed()) {
    Value shifted = node.add(variance, node.createScalar(getElementTypeOrSelf(variance), epsilon));
    node.setResult(2, node.create<ReciprocalOp>(node.create<SqrtOp>(shifted)));
  }
}
void importLayerNormalization(NodeImporter &node) { importTrailing(node, false); }
void importRmsNormalization(NodeImporter &node) { importTrailing(node, true); }

} // namespace

void registerNormalization(OpRegistry &registry) {
  registry.add("Softmax", 1, importRows<SoftmaxOp>);
  registry.add("Softmax", 13, importAlongAxis<SoftmaxOp>);
  registry.add("LogSoftmax", 1, importRows<LogSoftmaxOp>);
  registry.add("LogSoftmax", 13, importAlongAxis<LogSoftmaxOp>);
  registry.add("Hardmax", 1, importRows<HardmaxOp>);
  registry.add("Hardmax", 13, importAlongAxis<HardmaxOp>);
  registry.add("LpNormalization", 1, importLpNormalization);
  registry.add("BatchNormalization", 1, importBatchNormalization);
  registry.add("InstanceNormalization", 1, importInstanceNormalization);
  registry.add("GroupNormalization", 18, importGroupNormalization);
  registry.add("LRN", 1, importLrn);
  registry.add("MeanVarianceNormalization", 9, importMeanVarianceNormalization);
  registry.add("LayerNormalization", 17, importLayerNormalization);
  registry.add("RMSNormalization", 23, importRmsNormalization);
}

} // namespace dlc::onnx_import
