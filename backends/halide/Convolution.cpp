// SPDX-License-Identifier: Apache-2.0
// Convolutions. The algorithm is the definition; what makes it fast is the layout that the operands have and the
// schedule:
// - "direct": channels innermost, weights in blocks of output channels; RegisterTile.cpp.
// - "depthwise": every output channel reads its own input channel, so vectors run along channels of input, weight and
// result;
//   taps are unrolled and a few neighbouring columns share the inputs that they load.
// - "rows": RowConvolution.cpp. "winograd": WinogradConvolution.cpp.
// - "phases": TransposedConvolution.cpp. "weight_gradient": ConvolutionWeightGradient.cpp.
// - "naive" and "plain": one element after the other.
#include "backends/halide/ConvolutionGradients.h"
#include "backends/halide/Families.h"
#include "backends/halide/PaddedRead.h"
#include "backends/halide/RegisterTile.h"
#include "backends/halide/RowConvolution.h"
#include "backends/halide/SumOfProducts.h"
#include "backends/halide/WinogradConvolution.h"
#include "ir/OpsConvolution.h"

using namespace mlir;
using Halide::Expr;
using Halide::RDom;

namespace dlc::halide {

static FailureOr<TensorFunc> emitConv(ConvOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX()), &w = builder.get(op.getW());
  if (getLayout(w.type) && getLayout(w.type).getWinograd())
    return emitWinograd(op, builder);
  if (op == builder.getAnchorOp() && builder.getSchedule().getAlgorithm() == "rows")
    return emitRowConvolution(op, builder);
  size_t spatial = x.type.getRank() - 2;
  int64_t groups = op.getGroups();
  llvm::ArrayRef<int64_t> pads = op.getPads();
  // Innermost the channels of the group, then the kernel from its last dimension to its first. Operands whose channels
  // are stored in blocks of terms have zeros behind the last.
  Exprs extents{w.extents[1]};
  if (auto channels = w.staticExtent(1))
    extents[0] = static_cast<int>(llvm::alignTo(*channels, getTermsTogether(builder)));
  for (size_t i = 0; i < spatial; ++i)
    extents.push_back(w.extents[w.extents.size() - 1 - i]);
  RDom domain = makeDomain(extents);
  Halide::Type type = getValueType(op.getType().getElementType());
  return defineSum(builder, op, [&](llvm::ArrayRef<Expr> index) {
    Expr channel = domain[0];
    if (groups > 1)
      channel += index[1] / Halide::max(w.extents[0] / static_cast<int>(groups), 1) * w.extents[1];
    Exprs inputIndex{index[0], channel}, weightIndex{index[1], domain[0]};
    for (size_t i = 0; i < spatial; ++i) {
      Expr tap = domain[static_cast<int>(spatial - i)];
      inputIndex.push_back(index[i + 2] * static_cast<int>(op.getStrides()[i]) +
                           tap * static_cast<int>(op.getDilations()[i]) - static_cast<int>(pads[i]));
      weightIndex.push_back(tap);
    }
    return multiply(readPadded(x, inputIndex, pads.take_front(spatial), pads.drop_front(spatial)),
                    readWeight(builder, w, weightIndex), type);
  });
}

LogicalResult scheduleConvolution(KernelBuilder &builder) {
  llvm::StringRef algorithm = builder.getSchedule().getAlgorithm().getValue();
  if (algorithm == "winograd")
    return scheduleWinograd(builder);
  Halide::Func sum = builder.getStage(sumStage);
  if (algorithm == "direct" || algorithm == "depthwise")
    return scheduleRegisterTile(builder, sum);
  schedulePlainSum(builder, sum);
  return success();
}

void addConvolutionEmitters(MLIRContext *context) {
  addEmitter<ConvOp, &emitConv>(context);
  addEmitter<ConvTransposeOp, &emitConvTranspose>(context);
  addEmitter<ConvWeightGradientOp, &emitConvWeightGradient>(context);
}

} // namespace dlc::halide
