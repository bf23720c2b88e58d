// SPDX-License-Identifier: Apache-2.0
// Ops whose results have sizes that a run computes.
#include "formats/onnx/OpEmitters.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsSize.h"

using namespace mlir;

namespace dlc::onnx_export {

/// Integers as one tensor of rank 1.
static std::string makeIntegers(llvm::ArrayRef<AffineExpr> values, GraphWriter &writer) {
  return values.empty() ? writer.makeInts({}) : writer.makeShape(values);
}

static std::string emitShape(ShapeOp op, GraphWriter &writer) {
  // Readers ask for the extents alone, and some need a tensor to ask.
  Builder builder(op.getContext());
  return writer.add("Expand",
                    {writer.makeScalar(0, builder.getI1Type()), makeIntegers(writer.getDims(op.getResult()), writer)});
}

static std::string emitReadback(ReadbackOp op, GraphWriter &writer) {
  Builder builder(op.getContext());
  std::string count = writer.add("Reshape", {writer.getName(op.getCount()), writer.makeInts({1})});
  std::string shape = writer.add("Expand", {writer.makeScalar(0, builder.getI1Type()), count});
  // Whoever needs the extent reads it there.
  auto symbol = llvm::cast<AffineSymbolExpr>(writer.getDims(op.getResult())[0]);
  writer.getScope().symbolSources[symbol.getPosition()] = {shape, 0, 0, &writer};
  return shape;
}

static std::string emitIntegers(IntegersOp op, GraphWriter &writer) {
  llvm::SmallVector<AffineExpr> extents, values;
  for (Value operand : op.getOperands())
    llvm::append_range(extents, writer.getDims(operand));
  for (AffineExpr value : op.getValues().getResults())
    values.push_back(normalizeExtent(value.replaceSymbols(extents)));
  return writer.add("Cast", {makeIntegers(values, writer)}, {{"to", int64_t(*getOnnxType(op.getElementType()))}});
}

static std::string emitExpandLike(ExpandLikeOp op, GraphWriter &writer) {
  return writer.add("Expand", {writer.getName(op.getX()), makeIntegers(writer.getDims(op.getResult()), writer)});
}

static std::string emitSliceLike(SliceLikeOp op, GraphWriter &writer) {
  llvm::SmallVector<AffineExpr> starts(writer.getDims(op.getStarts())), ends;
  for (auto [start, size, step] : llvm::zip(starts, writer.getDims(op.getSizes()), op.getSteps())) {
    AffineExpr end = addExtents(start, multiplyExtents(size, getAffineConstantExpr(step, op.getContext())));
    // Before the first element, which -1 would not say.
    AffineExpr none = getAffineConstantExpr(INT32_MIN, op.getContext());
    ends.push_back(step > 0 ? end
                            : chooseExtent(isLessExtent(end, getAffineConstantExpr(0, op.getContext())), none, end));
  }
  llvm::SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, starts.size()));
  return writer.add("Slice", {writer.getName(op.getX()), makeIntegers(starts, writer), makeIntegers(ends, writer),
                              writer.makeInts(axes), writer.makeInts(op.getSteps())});
}

static std::string emitPadLike(PadLikeOp op, GraphWriter &writer) {
  llvm::SmallVector<AffineExpr> pads(writer.getDims(op.getLow()));
  for (auto [extent, low, size] :
       llvm::zip(writer.getDims(op.getX()), writer.getDims(op.getLow()), writer.getDims(op.getSizes())))
    pads.push_back(subtractExtents(size, addExtents(extent, low)));
  Names inputs{writer.getName(op.getX()), makeIntegers(pads, writer)};
  if (op.getValue())
    inputs.push_back(writer.getName(op.getValue()));
  return writer.add("Pad", inputs, {{"mode", stringifyPadMode(op.getMode()).str()}});
}

void registerSize(OpEmitters &emitters) {
  emitters.add<ShapeOp>(emitShape);
  emitters.add<ReadbackOp>(emitReadback);
  emitters.add<IntegersOp>(emitIntegers);
  emitters.add<ExpandLikeOp>(emitExpandLike);
  emitters.add<SliceLikeOp>(emitSliceLike);
  emitters.add<PadLikeOp>(emitPadLike);
}

} // namespace dlc::onnx_export
