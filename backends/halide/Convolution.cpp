// SPDX-License-Identifier: Apache-2.0
// Convolutions. The algorithm is the definition; what makes it fast is the layout that the operands have and the
// schedule:
// - "direct": channels innermost, weights in blocks of output channels; RegisterTile.cpp.
// - "depthwise": every output channel reads its own input channel, so vectors run along channels of input, weight and
// result;
//   taps are unrolled and a few neighbouring columns share the inputs that they load.
// - "winograd": WinogradConvolution.cpp.
// - "naive" and "plain": one element after the other.
#include "backends/halide/Families.h"
#include "backends/halide/RegisterTile.h"
#include "backends/halide/SumOfProducts.h"
#include "backends/halide/WinogradConvolution.h"

using namespace mlir;
using Halide::Expr;
using Halide::RDom;

namespace dlc::halide {

/// `low + i` read as an element of `x` along `dims`, 0 where that lies outside of what x's memory holds: a layout's
/// halo is zero already.
static Expr readPadded(const TensorFunc &x, llvm::ArrayRef<Expr> index, llvm::ArrayRef<int64_t> padLow,
                       llvm::ArrayRef<int64_t> padHigh) {
  LayoutAttr layout = getLayout(x.type);
  Exprs safe(index.begin(), index.end());
  Expr isInside;
  auto require = [&](Expr condition) { isInside = isInside.defined() ? isInside && condition : condition; };
  for (size_t i = 0; i < padLow.size(); ++i) {
    size_t dim = i + 2;
    int64_t haloLow = layout && layout.getHaloLow() ? layout.getHaloLow()[dim] : 0;
    int64_t haloHigh = layout && layout.getHaloHigh() ? layout.getHaloHigh()[dim] : 0;
    Expr position = index[dim], last = x.extents[dim] - 1;
    if (padLow[i] > haloLow) {
      require(position >= 0);
      safe[dim] = Halide::max(safe[dim], 0);
    }
    if (padHigh[i] > haloHigh) {
      require(position <= last);
      safe[dim] = Halide::min(safe[dim], last);
    }
  }
  Expr element = x.at(safe);
  return isInside.defined() ? Halide::select(isInside, element, Halide::Internal::make_zero(element.type())) : element;
}

/// A reduction domain over `extents`, the first of which is the innermost loop.
static RDom makeDomain(llvm::ArrayRef<Expr> extents) {
  Halide::Region region;
  for (const Expr &extent : extents)
    region.emplace_back(0, extent);
  return RDom(region);
}

static FailureOr<TensorFunc> emitConv(ConvOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX()), &w = builder.get(op.getW());
  if (getLayout(w.type) && getLayout(w.type).getWinograd())
    return emitWinograd(op, builder);
  size_t spatial = x.type.getRank() - 2;
  int64_t groups = op.getGroups();
  llvm::ArrayRef<int64_t> pads = op.getPads();
  // Innermost the channels of the group, then the kernel from its last dimension to its first.
  Exprs extents{w.extents[1]};
  for (size_t i = 0; i < spatial; ++i)
    extents.push_back(w.extents[w.extents.size() - 1 - i]);
  RDom domain = makeDomain(extents);
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
    return multiply(readPadded(x, inputIndex, pads.take_front(spatial), pads.drop_front(spatial)), w.at(weightIndex));
  });
}

/// Result o of a dimension gathers input i and tap t with `i stride + t dilation - pad = o`. Without dilation only
/// every stride-th tap meets an input: tap `t = stride j + (o + pad) mod stride` meets input `(o + pad) / stride - j`.
static FailureOr<TensorFunc> emitConvTranspose(ConvTransposeOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX()), &w = builder.get(op.getW());
  size_t spatial = x.type.getRank() - 2;
  int groups = static_cast<int>(op.getGroups());
  Expr channelsPerGroup = x.extents[1] / groups;
  Exprs extents{channelsPerGroup};
  for (size_t i = spatial; i-- > 0;) {
    Expr taps = w.extents[i + 2];
    int stride = static_cast<int>(op.getStrides()[i]);
    extents.push_back(op.getDilations()[i] == 1 ? (taps + stride - 1) / stride : taps);
  }
  RDom domain = makeDomain(extents);
  return defineSum(builder, op, [&](llvm::ArrayRef<Expr> index) {
    Expr group = index[1] / w.extents[1];
    Expr channel = group * channelsPerGroup + domain[0];
    Exprs inputIndex{index[0], channel}, weightIndex{channel, index[1] % w.extents[1]};
    Expr isTerm = Halide::Internal::const_true();
    for (size_t i = 0; i < spatial; ++i) {
      int stride = static_cast<int>(op.getStrides()[i]), dilation = static_cast<int>(op.getDilations()[i]);
      Expr step = domain[static_cast<int>(spatial - i)], place = index[i + 2] + static_cast<int>(op.getPads()[i]);
      Expr tap = step, input;
      if (dilation == 1) {
        tap = step * stride + place % stride;
        input = place / stride - step;
        isTerm = isTerm && tap < w.extents[i + 2];
      } else {
        Expr distance = place - step * dilation;
        input = distance / stride;
        isTerm = isTerm && distance % stride == 0;
      }
      isTerm = isTerm && input >= 0 && input < x.extents[i + 2];
      inputIndex.push_back(Halide::clamp(input, 0, Halide::max(x.extents[i + 2] - 1, 0)));
      weightIndex.push_back(Halide::min(tap, w.extents[i + 2] - 1));
    }
    Expr product = multiply(x.at(inputIndex), w.at(weightIndex));
    return Halide::select(isTerm, product, Halide::Internal::make_zero(product.type()));
  });
}

static LogicalResult scheduleConvolution(KernelBuilder &builder) {
  llvm::StringRef algorithm = builder.getSchedule().getAlgorithm().getValue();
  if (algorithm == "winograd")
    return scheduleWinograd(builder);
  Halide::Func sum = builder.getStage(sumStage);
  if (algorithm == "direct" || algorithm == "depthwise")
    return scheduleRegisterTile(builder, sum);
  schedulePlainSum(builder, sum);
  return success();
}

void registerConvolutionEmitters(EmitterRegistry &registry) {
  registry.add<ConvOp>(&emitConv);
  registry.add<ConvTransposeOp>(&emitConvTranspose);
  registry.addScheduler(KernelRoot::Convolution, &scheduleConvolution);
}

} // namespace dlc::halide
