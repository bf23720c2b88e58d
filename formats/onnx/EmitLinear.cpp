// SPDX-License-Identifier: Apache-2.0
#include "formats/onnx/IntegerProducts.h"
#include "formats/onnx/OpEmitters.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsLinear.h"

using namespace mlir;

namespace dlc::onnx_export {

static RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

static std::vector<int64_t> toVector(llvm::ArrayRef<int64_t> values) { return values.vec(); }

/// Matrices with their last two dimensions exchanged.
static std::string transposeMatrices(Value value, GraphWriter &writer) {
  auto order = llvm::to_vector(llvm::seq<int64_t>(0, typeOf(value).getRank()));
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  return writer.add("Transpose", {writer.getName(value)}, {{"perm", toVector(order)}});
}

static bool isNarrow(Value value) {
  auto integer = llvm::dyn_cast<IntegerType>(typeOf(value).getElementType());
  return integer && integer.getWidth() < 32;
}

static std::string emitMatMul(MatMulOp op, GraphWriter &writer) {
  if (isNarrow(op.getLhs()))
    return emitMatMulInteger(op, writer);
  bool isTransposed = op.getTransposeLhs() || op.getTransposeRhs();
  std::string lhs = writer.getName(op.getLhs()), rhs = writer.getName(op.getRhs());
  if (isTransposed && typeOf(op.getLhs()).getRank() == 2 && typeOf(op.getRhs()).getRank() == 2)
    return writer.add("Gemm", {lhs, rhs},
                      {{"transA", int64_t(op.getTransposeLhs())}, {"transB", int64_t(op.getTransposeRhs())}});
  if (op.getTransposeLhs() && typeOf(op.getLhs()).getRank() > 1)
    lhs = transposeMatrices(op.getLhs(), writer);
  if (op.getTransposeRhs() && typeOf(op.getRhs()).getRank() > 1)
    rhs = transposeMatrices(op.getRhs(), writer);
  return writer.add("MatMul", {lhs, rhs});
}

static std::string emitEinsum(EinsumOp op, GraphWriter &writer) {
  Names inputs;
  for (Value operand : op.getOperands())
    inputs.push_back(writer.getName(operand));
  return writer.add("Einsum", inputs, {{"equation", op.getEquation().str()}});
}

static FailureOr<std::string> emitConv(ConvOp op, GraphWriter &writer) {
  if (isNarrow(op.getX()))
    return emitConvInteger(op, writer);
  std::string x = writer.getName(op.getX());
  llvm::SmallVector<int64_t> pads(op.getPads());
  // A negative pad crops, which `Conv` does not.
  if (llvm::any_of(pads, [](int64_t pad) { return pad < 0; })) {
    size_t spatial = pads.size() / 2;
    llvm::SmallVector<int64_t> all(2 * (spatial + 2), 0);
    for (size_t d = 0; d < spatial; ++d) {
      all[2 + d] = std::min<int64_t>(pads[d], 0);
      all[spatial + 4 + d] = std::min<int64_t>(pads[spatial + d], 0);
    }
    x = writer.add("Pad", {x, writer.makeInts(all)});
    for (int64_t &pad : pads)
      pad = std::max<int64_t>(pad, 0);
  }
  return writer.add("Conv", {x, writer.getName(op.getW())},
                    {{"dilations", toVector(op.getDilations())},
                     {"group", int64_t(op.getGroups())},
                     {"kernel_shape", toVector(typeOf(op.getW()).getShape().drop_front(2))},
                     {"pads", toVector(pads)},
                     {"strides", toVector(op.getStrides())}});
}

static FailureOr<std::string> emitConvTranspose(ConvTransposeOp op, GraphWriter &writer) {
  if (llvm::any_of(op.getPads(), [](int64_t pad) { return pad < 0; }))
    return op.emitOpError("has no form in ONNX with negative pads");
  return writer.add("ConvTranspose", {writer.getName(op.getX()), writer.getName(op.getW())},
                    {{"dilations", toVector(op.getDilations())},
                     {"group", int64_t(op.getGroups())},
                     {"kernel_shape", toVector(typeOf(op.getW()).getShape().drop_front(2))},
                     {"output_padding", toVector(op.getOutputPadding())},
                     {"pads", toVector(op.getPads())},
                     {"strides", toVector(op.getStrides())}});
}

void registerLinear(OpEmitters &emitters) {
  emitters.add<MatMulOp>(emitMatMul);
  emitters.add<EinsumOp>(emitEinsum);
  emitters.addPlain<DeterminantOp>("Det");
  emitters.add<ConvOp>(emitConv);
  emitters.add<ConvTransposeOp>(emitConvTranspose);
}

} // namespace dlc::onnx_export
