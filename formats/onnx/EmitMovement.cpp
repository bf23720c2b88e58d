// SPDX-License-Identifier: Apache-2.0
#include "formats/onnx/OpEmitters.h"
#include "ir/ConstantData.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsMovement.h"
#include "ir/OpsShape.h"
#include "ir/OpsSlicing.h"
#include "ir/OpsTransposition.h"
#include <cmath>

using namespace mlir;

namespace dlc::onnx_export {

static RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

static std::string emitTranspose(TransposeOp op, GraphWriter &writer) {
  return writer.add("Transpose", {writer.getName(op.getX())}, {{"perm", op.getPermutation().vec()}});
}

static std::string emitExpand(ExpandOp op, GraphWriter &writer) {
  return writer.add("Expand", {writer.getName(op.getX()), writer.makeShape(writer.getDims(op.getResult()))});
}

static std::string emitFill(FillOp op, GraphWriter &writer) {
  return writer.add("Expand", {writer.makeScalar(op.getValue().convertToDouble(), op.getElementType()),
                               writer.makeShape(writer.getDims(op.getResult()))});
}

static std::string emitConcat(ConcatOp op, GraphWriter &writer) {
  Names inputs;
  for (Value operand : op.getOperands())
    inputs.push_back(writer.getName(operand));
  return writer.add("Concat", inputs, {{"axis", int64_t(op.getAxis())}});
}

static std::string emitSlice(SliceOp op, GraphWriter &writer) {
  llvm::SmallVector<int64_t> starts, ends, axes, steps;
  for (auto [dim, size] : llvm::enumerate(op.getSizes())) {
    if (size < 0)
      continue;
    int64_t start = op.getStarts()[dim], step = op.getSteps()[dim],
            end = size == 0 ? start : start + (size - 1) * step + (step > 0 ? 1 : -1);
    axes.push_back(dim);
    starts.push_back(start);
    steps.push_back(step);
    // Before the first element; -1 would be the last one.
    ends.push_back(end < 0 ? INT64_MIN : end);
  }
  std::string x = writer.getName(op.getX());
  if (axes.empty())
    return writer.add("Identity", {x});
  return writer.add("Slice",
                    {x, writer.makeInts(starts), writer.makeInts(ends), writer.makeInts(axes), writer.makeInts(steps)});
}

static std::string emitPad(PadOp op, GraphWriter &writer) {
  llvm::SmallVector<int64_t> pads(op.getLow());
  llvm::append_range(pads, op.getHigh());
  Names inputs{writer.getName(op.getX()), writer.makeInts(pads)};
  if (op.getValue())
    inputs.push_back(writer.getName(op.getValue()));
  return writer.add("Pad", inputs, {{"mode", stringifyPadMode(op.getMode()).str()}});
}

static std::string emitTile(TileOp op, GraphWriter &writer) {
  return writer.add("Tile", {writer.getName(op.getX()), writer.makeInts(op.getRepeats())});
}

static std::string emitGather(GatherOp op, GraphWriter &writer) {
  std::string indices = writer.getName(op.getIndices());
  // Indices are i32 or i64 in ONNX.
  if (!getElementTypeOrSelf(op.getIndices().getType()).isSignlessInteger(64) &&
      !getElementTypeOrSelf(op.getIndices().getType()).isSignlessInteger(32))
    indices = writer.add("Cast", {indices}, {{"to", int64_t(onnx::TensorProto::INT64)}});
  return writer.add("Gather", {writer.getName(op.getX()), indices}, {{"axis", int64_t(op.getAxis())}});
}

static std::string emitIota(IotaOp op, GraphWriter &writer) {
  auto type = typeOf(op.getResult());
  double start = op.getStart().convertToDouble(), step = op.getStep().convertToDouble();
  if (llvm::isa<FloatType>(type.getElementType())) {
    std::vector<double> values;
    for (int64_t i = 0; i < type.getNumElements(); ++i)
      values.push_back(start + step * static_cast<double>(i));
    return writer.makeConstant(makeConstantFromDoubles(type, values));
  }
  llvm::SmallVector<Attribute> values;
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    values.push_back(
        IntegerAttr::get(type.getElementType(), static_cast<int64_t>(start + step * static_cast<double>(i))));
  return writer.makeConstant(DenseElementsAttr::get(type, values));
}

/// 0, 1, ... to an extent, as i64.
static std::string countTo(AffineExpr extent, GraphWriter &writer) {
  std::string limit = writer.add("Squeeze", {writer.makeExtent(extent), writer.makeInts({0})});
  return writer.add("Range", {writer.makeInt(0), limit, writer.makeInt(1)});
}

static std::string emitIndex(IndexOp op, GraphWriter &writer) {
  return countTo(writer.getDims(op.getX())[op.getAxis()], writer);
}

static std::string emitExtent(ExtentOp op, GraphWriter &writer) {
  std::string product = writer.makeInt(1);
  for (int64_t axis : op.getAxes())
    product = writer.add("Mul", {product, writer.add("Squeeze", {writer.makeExtent(writer.getDims(op.getX())[axis]),
                                                                 writer.makeInts({0})})});
  return writer.add("Cast", {product}, {{"to", int64_t(*getOnnxType(op.getElementType()))}});
}

/// Each position along the axis is taken from the update if it is inside it.
static std::string emitUpdateSlice(UpdateSliceOp op, GraphWriter &writer) {
  int64_t axis = op.getAxis(), rank = typeOf(op.getX()).getRank();
  std::string extent = writer.makeExtent(writer.getDims(op.getX())[axis]),
              count = writer.makeExtent(writer.getDims(op.getUpdate())[axis]);
  std::string position = writer.getName(op.getPosition());
  if (!getElementTypeOrSelf(op.getPosition().getType()).isSignlessInteger(64))
    position = writer.add("Cast", {position}, {{"to", int64_t(onnx::TensorProto::INT64)}});
  position = writer.add("Max", {writer.add("Min", {position, writer.add("Sub", {extent, count})}), writer.makeInt(0)});
  std::string fromStart = writer.add("Sub", {countTo(writer.getDims(op.getX())[axis], writer), position});
  std::string isInside = writer.add(
      "And", {writer.add("GreaterOrEqual", {fromStart, writer.makeInt(0)}), writer.add("Less", {fromStart, count})});
  std::string last = writer.add("Sub", {count, writer.makeInt(1)});
  std::string nearest = writer.add("Max", {writer.add("Min", {fromStart, last}), writer.makeInt(0)});
  std::string spread = writer.add("Gather", {writer.getName(op.getUpdate()), nearest}, {{"axis", axis}});
  llvm::SmallVector<int64_t> shape(rank - axis, 1);
  shape[0] = -1;
  std::string condition = writer.add("Reshape", {isInside, writer.makeInts(shape)});
  return writer.add("Where", {condition, spread, writer.getName(op.getX())});
}

static std::string makeFloats(llvm::ArrayRef<double> values, Builder &builder, GraphWriter &writer) {
  return writer.makeConstant(makeConstantFromDoubles(
      RankedTensorType::get({static_cast<int64_t>(values.size())}, builder.getF32Type()), values));
}

static FailureOr<std::string> emitResize(ResizeOp op, GraphWriter &writer) {
  Builder builder(op.getContext());
  llvm::StringRef mode = stringifyResizeMode(op.getMode());
  NodeAttributes attributes{{"antialias", int64_t(op.getAntialias())},
                            {"coordinate_transformation_mode", op.getCoordinateMode().str()},
                            {"cubic_coeff_a", static_cast<float>(op.getCubicCoefficient().convertToDouble())},
                            {"exclude_outside", int64_t(op.getExcludeOutside())},
                            {"extrapolation_value", static_cast<float>(op.getExtrapolationValue().convertToDouble())},
                            {"mode", mode.str()}};
  if (op.getMode() == ResizeMode::Nearest)
    attributes.push_back({"nearest_mode", op.getNearestMode().str()});
  std::string roi = op.getRoi().empty() ? "" : makeFloats(op.getRoi(), builder, writer);
  // Extents are computed from the factors, or the factors from the extents.
  RankedTensorType from = typeOf(op.getX());
  bool followsFromScales = true;
  for (auto [dim, size] : llvm::enumerate(op.getSizes()))
    if (op.getScales()[dim] == 0)
      followsFromScales = false;
    else if (size >= 0 && !from.isDynamicDim(dim))
      followsFromScales &= size == static_cast<int64_t>(std::floor(static_cast<float>(from.getDimSize(dim)) *
                                                                   static_cast<float>(op.getScales()[dim])));
  if (followsFromScales)
    return writer.add("Resize", {writer.getName(op.getX()), roi, makeFloats(op.getScales(), builder, writer)},
                      std::move(attributes));
  return writer.add("Resize", {writer.getName(op.getX()), roi, "", writer.makeShape(writer.getDims(op.getResult()))},
                    std::move(attributes));
}

void registerMovement(OpEmitters &emitters) {
  auto emitReshape = [](auto op, GraphWriter &writer) {
    return writer.reshape(writer.getName(op.getX()), op.getResult());
  };
  emitters.add<ReshapeOp>(emitReshape);
  emitters.add<ReshapeLikeOp>(emitReshape);
  emitters.add<TransposeOp>(emitTranspose);
  emitters.add<ExpandOp>(emitExpand);
  emitters.add<FillOp>(emitFill);
  emitters.add<ConcatOp>(emitConcat);
  emitters.add<SliceOp>(emitSlice);
  emitters.add<PadOp>(emitPad);
  emitters.add<TileOp>(emitTile);
  emitters.add<GatherOp>(emitGather);
  emitters.add<IotaOp>(emitIota);
  emitters.add<IndexOp>(emitIndex);
  emitters.add<ExtentOp>(emitExtent);
  emitters.add<UpdateSliceOp>(emitUpdateSlice);
  emitters.add<ResizeOp>(emitResize);
}

} // namespace dlc::onnx_export
