// SPDX-License-Identifier: Apache-2.0
// Transposed convolutions, which are also gradients of convolutions with respect to their input.
//
// - "direct" (stride 1): a convolution whose taps run backwards, with the schedule of RegisterTile.cpp. Weights
//   [C, K, kernel...] are packed as [K/32][kernel...][C][32].
// - "phases" (larger strides, no dilation): results `stride q + phase` of one phase are a convolution of stride 1 with
//   every stride-th tap. A tile of the result is `rows` x `planes` positions q of every phase; each phase is a register
//   tile of its own, stored to the stack and interleaved from there. Nothing is multiplied by zero.
// - "winograd": WinogradConvolution.cpp.
// - else every result gathers its taps by itself.
//
// Share of the peak of "phases" by useful products (Zen 4, one core, 117 GFLOP/s with AVX-512, batch 8, stride 2):
//   128 -> 64 channels, 28x28 -> 56x56, 3x3: 87 %    256 -> 128, 14x14: 93 %    512 -> 256, 7x7: 80 %
#include "backends/halide/ConvolutionGradients.h"
#include "backends/halide/PaddedRead.h"
#include "backends/halide/RegisterTile.h"
#include "backends/halide/SumOfProducts.h"
#include "backends/halide/WinogradConvolution.h"
#include "ir/ConvolutionReach.h"
#include "ir/OpsConvolution.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::TailStrategy;
using Halide::Var;

namespace dlc::halide {

/// Result o of a dimension gathers input i and tap t with `i stride + t dilation - pad = o`. Without dilation only
/// every stride-th tap meets an input: tap `t = stride j + (o + pad) mod stride` meets input `(o + pad) / stride - j`.
static FailureOr<TensorFunc> emitGathered(ConvTransposeOp op, KernelBuilder &builder) {
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
      Expr step = domain[static_cast<int>(spatial - i)], coordinate = index[i + 2] + static_cast<int>(op.getPads()[i]);
      Expr tap = step, input;
      if (dilation == 1) {
        tap = step * stride + coordinate % stride;
        input = coordinate / stride - step;
        isTerm = isTerm && tap < w.extents[i + 2];
      } else {
        Expr distance = coordinate - step * dilation;
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

namespace {
/// The results `stride q + phase` of one dimension: `q + base - step j` is the input that tap `stride j + first` meets.
struct Phase {
  int first, base, count, step;
  Phase(ConvTransposeOp op, int64_t kernel, size_t dim, int phase) {
    int stride = static_cast<int>(op.getStrides()[dim]), pad = static_cast<int>(op.getPads()[dim]);
    first = ((phase + pad) % stride + stride) % stride;
    base = (phase + pad - first) / stride;
    count = std::max(0, (static_cast<int>(kernel) - first + stride - 1) / stride);
    step = stride == 1 ? static_cast<int>(op.getDilations()[dim]) : 1;
  }
};
} // namespace

/// The sum of one phase of each dimension, at `index`, whose spatial coordinates are positions q. Null without taps.
static Expr makeTerm(ConvTransposeOp op, KernelBuilder &builder, llvm::ArrayRef<Phase> phases,
                     llvm::ArrayRef<Expr> index) {
  const TensorFunc &x = builder.get(op.getX()), &w = builder.get(op.getW());
  size_t spatial = phases.size();
  Exprs extents{w.extents[0]};
  for (const Phase &phase : llvm::reverse(phases))
    extents.push_back(phase.count);
  if (llvm::any_of(phases, [](const Phase &phase) { return phase.count == 0; }))
    return {};
  RDom domain = makeDomain(extents);
  Exprs inputIndex{index[0], domain[0]}, weightIndex{domain[0], index[1]};
  llvm::SmallVector<int64_t> low, high;
  for (auto [i, phase] : llvm::enumerate(phases)) {
    int stride = static_cast<int>(op.getStrides()[i]);
    Expr tap = domain[static_cast<int>(spatial - i)];
    inputIndex.push_back(index[i + 2] + phase.base - tap * phase.step);
    weightIndex.push_back(tap * stride + phase.first);
    ConvTransposeReach reach = getConvTransposeReach(op, i);
    low.push_back(reach.low);
    high.push_back(reach.high);
  }
  return multiply(readPadded(x, inputIndex, low, high), w.at(weightIndex));
}

static FailureOr<TensorFunc> emitDirect(ConvTransposeOp op, KernelBuilder &builder) {
  llvm::SmallVector<Phase> phases;
  for (size_t i = 0; i < op.getStrides().size(); ++i)
    phases.emplace_back(op, llvm::cast<RankedTensorType>(op.getW().getType()).getDimSize(i + 2), i, 0);
  return defineSum(builder, op, [&](llvm::ArrayRef<Expr> index) { return makeTerm(op, builder, phases, index); });
}

/// Positions of the result, two-dimensional, as tiles of whole phases.
static LogicalResult schedulePhases(ConvTransposeOp op, KernelBuilder &builder, const std::vector<Func> &sums) {
  ScheduleAttr schedule = builder.getSchedule();
  int columns = static_cast<int>(schedule.getTile(columnsTile, 1)),
      lanes = std::min(static_cast<int>(schedule.getVector()), columns),
      rows = static_cast<int>(schedule.getTile(rowsTile, 1)),
      planes = static_cast<int>(schedule.getTile(planesTile, 1));
  int strideY = static_cast<int>(op.getStrides()[0]), strideX = static_cast<int>(op.getStrides()[1]);
  Func out = builder.getOutput();
  std::vector<Var> arguments = out.args();
  Var c = arguments[0], x = arguments[1], y = arguments[2], image = arguments[3];
  Var block("block"), inBlock("in_block"), tileX("tile_x"), inX("in_x"), tileY("tile_y"), inY("in_y");
  Var row("row"), phaseX("phase_x"), plane("plane"), phaseY("phase_y");
  auto isExact = [&](size_t position, int size) {
    std::optional<int64_t> extent = builder.getOutputExtent(position);
    return extent && *extent % size == 0;
  };
  auto tailOf = [&](size_t position, int size) {
    return isExact(position, size) ? TailStrategy::RoundUp : TailStrategy::GuardWithIf;
  };
  bool hasWholeBlocks = isExact(0, columns);
  out.split(c, block, inBlock, columns, hasWholeBlocks ? TailStrategy::RoundUp : TailStrategy::Predicate)
      .split(x, tileX, inX, rows * strideX, tailOf(1, rows * strideX))
      .split(y, tileY, inY, planes * strideY, tailOf(2, planes * strideY))
      .split(inX, row, phaseX, strideX)
      .split(inY, plane, phaseY, strideY)
      .reorder({inBlock, phaseX, phaseY, row, plane, tileX, tileY, block, image})
      .unroll(phaseX)
      .unroll(phaseY);
  if (hasWholeBlocks)
    out.vectorize(inBlock, lanes).unroll(inBlock);
  else
    out.vectorize(inBlock);
  for (Func sum : sums) {
    std::vector<Var> own = sum.args();
    sum.compute_at(out, tileX).bound_extent(own[0], columns).bound_extent(own[1], rows).bound_extent(own[2], planes);
    sum.vectorize(own[0], lanes).unroll(own[0]).unroll(own[1]).unroll(own[2]);
    if (!sum.has_update_definition())
      continue;
    std::vector<Halide::VarOrRVar> order(own.begin(), own.end());
    for (const Halide::RVar &variable : sum.rvars())
      order.push_back(variable);
    sum.update().reorder(order).vectorize(own[0], lanes).unroll(own[0]).unroll(own[1]).unroll(own[2]);
  }
  return success();
}

static FailureOr<TensorFunc> emitPhases(ConvTransposeOp op, KernelBuilder &builder) {
  auto w = llvm::cast<RankedTensorType>(op.getW().getType());
  int strideY = static_cast<int>(op.getStrides()[0]), strideX = static_cast<int>(op.getStrides()[1]);
  Halide::Type type = getValueType(op.getType().getElementType());
  std::vector<Func> sums;
  for (int y = 0; y < strideY; ++y)
    for (int x = 0; x < strideX; ++x) {
      Var c("c"), q("q"), p("p"), image("image");
      Func sum("phase");
      sum(c, q, p, image) = Halide::Internal::make_zero(type);
      llvm::SmallVector<Phase> phases{{op, w.getDimSize(2), 0, y}, {op, w.getDimSize(3), 1, x}};
      if (Expr term = makeTerm(op, builder, phases, {image, c, p, q}); term.defined())
        sum(c, q, p, image) += term;
      sums.push_back(sum);
    }
  builder.setScheduler(op, [op, sums](KernelBuilder &at) { return schedulePhases(op, at, sums); });
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    std::vector<Expr> values;
    for (const Func &sum : sums)
      values.push_back(sum(index[1], index[3] / strideX, index[2] / strideY, index[0]));
    return Halide::mux(index[2] % strideY * strideX + index[3] % strideX, values);
  });
}

FailureOr<TensorFunc> emitConvTranspose(ConvTransposeOp op, KernelBuilder &builder) {
  LayoutAttr layout = getLayout(op.getW().getType());
  if (layout && layout.getWinograd())
    return emitWinograd(op, builder);
  llvm::StringRef algorithm = builder.getSchedule().getAlgorithm().getValue();
  if (op == builder.getAnchorOp() && algorithm == "direct")
    return emitDirect(op, builder);
  if (op == builder.getAnchorOp() && algorithm == "phases")
    return emitPhases(op, builder);
  return emitGathered(op, builder);
}

} // namespace dlc::halide
