// SPDX-License-Identifier: Apache-2.0
// The matrices that ImportSignal.cpp computes while importing, as tensors of a run.
#include "frontend/onnx/ComputedSignal.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/TensorFormula.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLinear.h"
#include "ir/OpsMovement.h"
#include "ir/OpsSize.h"
#include "ir/OpsTransposition.h"
#include <cmath>

using namespace mlir;

namespace dlc::onnx_import {

constexpr double pi = 3.14159265358979323846;
/// Extents of transforms that are computed as products.
constexpr int64_t largestTransform = 1 << 14;

bool isDecidedByRun(NodeImporter &node, int64_t i) {
  const KnownValue *known = node.hasOperand(i) ? node.followOperand(i) : nullptr;
  return node.hasOperand(i) && (!known || !known->isConstant());
}

AffineExpr getOneInteger(NodeImporter &node, int64_t i, StringRef what) {
  std::optional<Dims> value = node.getKnownExtents(i, what);
  if (value && value->size() != 1)
    node.error() << "expects one integer as '" << what << "'";
  return value && !node.hasFailed() ? value->front() : AffineExpr();
}

/// Every run checks that `value` is at least `low`, and not above `high` if that is not null.
static void expectBetween(NodeImporter &node, AffineExpr value, int64_t low, AffineExpr high) {
  ExtentRange range = getExtentRange(value);
  if (range.low < low)
    node.expectInRun(ExtentRelation::AtLeast, value, node.extent(low));
  if (high && getExtentRange(subtractExtents(high, value)).low < 0)
    node.expectInRun(ExtentRelation::AtMost, value, high);
}

/// The transform of `x`, [a, samples, b, parts], along its dimension 1 of `size` samples in time. Its sums are of
/// doubles, which give zero for what cancels.
static Value transformSamples(NodeImporter &node, Value x, AffineExpr size, bool isInverse, bool isOneSided) {
  if (node.hasFailed())
    return {};
  Dims dims(node.getDims(x));
  std::optional<int64_t> parts = constantDim(dims.back());
  if (!parts || *parts < 1 || *parts > 2) {
    node.error() << "expects one or two parts of a number in the last dimension";
    return {};
  }
  // Of a one-sided inverse transform the operand is half a spectrum, and the result is real.
  bool isReal = isInverse && isOneSided;
  if (isReal && *parts != 2) {
    node.error() << "expects two parts where it is both inverse and one-sided";
    return {};
  }
  expectBetween(node, size, 1, node.extent(largestTransform));
  size = atLeastZero(size);
  AffineExpr zero = node.extent(0), one = node.extent(1), samples = dims[1];
  AffineExpr half = addExtents(divideExtents(size, node.extent(2)), one), needed = isReal ? half : size,
             bins = isOneSided && !isReal ? half : size;
  // More samples are cut off, missing ones are zero.
  if (samples != needed) {
    Dims kept = dims;
    kept[1] = minimumExtent(samples, needed);
    x = node.cutTo(x, kept);
    kept[1] = needed;
    x = node.padTo(x, kept);
  }
  Builder &builder = node.getBuilder();
  Type type = node.getElementType(0), f64 = builder.getF64Type(), i64 = builder.getI64Type();
  // Products of indices are taken modulo the size while they are integers.
  Term sample = Term(node, node.countTo(needed)).reshape({needed, one}),
       bin = Term(node, node.countTo(bins)).reshape({one, bins});
  Term period(node, node.createInteger(i64, maximumExtent(size, one))), product = sample * bin;
  Term turn = product - product / period * period;
  Term angle = turn.cast(f64) / period.cast(f64) * (2 * pi), cosine = angle.apply<CosOp>(), sine = angle.apply<SinOp>();
  if (isInverse) {
    Term scale = 1 / period.cast(f64);
    // What half a spectrum lacks is what it has, conjugate.
    if (isReal)
      scale = (sample == 0 | sample * 2 == period).choose(scale, scale * 2);
    cosine = cosine * scale;
    sine = sine * scale;
  } else {
    sine = sine * -1;
  }
  if (node.hasFailed())
    return {};
  Value turned = node.create<TransposeOp>(node.cast(x, f64), node.integers({0, 2, 1, 3}));
  auto part = [&](int64_t number) {
    return node.create<GatherOp>(turned, node.createScalar(i64, static_cast<double>(number)), node.integer(3));
  };
  auto multiply = [&](Value values, const Term &matrix) {
    return Term(node, node.create<MatMulOp>(values, matrix, false, false));
  };
  Term re = multiply(part(0), cosine), im = isReal ? Term() : multiply(part(0), sine);
  if (*parts == 2)
    re = re - multiply(part(1), sine);
  if (*parts == 2 && !isReal)
    im = im + multiply(part(1), cosine);
  Dims column{dims[0], dims[2], bins, one};
  SmallVector<Value> all{re.cast(type).reshape(column)};
  if (!isReal)
    all.push_back(im.cast(type).reshape(column));
  if (node.hasFailed())
    return {};
  return node.create<TransposeOp>(isReal ? all[0] : node.create<ConcatOp>(all, node.integer(3)),
                                  node.integers({0, 2, 1, 3}));
}

Value transformByRun(NodeImporter &node, AffineExpr axis, AffineExpr length, bool isInverse, bool isOneSided) {
  if (node.hasFailed())
    return {};
  int64_t rank = node.getRank(0);
  AffineExpr zero = node.extent(0), one = node.extent(1);
  axis = chooseExtent(isLessExtent(axis, zero), addExtents(axis, node.extent(rank)), axis);
  expectBetween(node, axis, 0, node.extent(rank - 2));
  // What comes before the axis is one dimension, and what comes after it.
  Dims dims(node.getDims(0)), target;
  AffineExpr before = one, own = zero, after = one;
  for (int64_t dim = 0; dim < rank - 1; ++dim) {
    AffineExpr number = node.extent(dim), isOwn = isEqualExtent(axis, number);
    before = multiplyExtents(before, chooseExtent(isLessExtent(number, axis), dims[dim], one));
    after = multiplyExtents(after, chooseExtent(isLessExtent(axis, number), dims[dim], one));
    own = addExtents(own, multiplyExtents(isOwn, dims[dim]));
  }
  bool isReal = isInverse && isOneSided;
  AffineExpr size = length ? length : isReal ? multiplyExtents(node.extent(2), subtractExtents(own, one)) : own;
  Value x = node.reshape(node.getOperand(0), {before, own, after, dims.back()});
  Value y = transformSamples(node, x, size, isInverse, isOneSided);
  if (node.hasFailed())
    return {};
  AffineExpr bins = node.getDims(y)[1];
  for (int64_t dim = 0; dim < rank - 1; ++dim)
    target.push_back(chooseExtent(isEqualExtent(axis, node.extent(dim)), bins, dims[dim]));
  target.push_back(node.extent(isReal ? 1 : 2));
  return node.reshape(y, target);
}

Value cutFrames(NodeImporter &node, AffineExpr step, AffineExpr length) {
  if (node.hasFailed())
    return {};
  AffineExpr samples = node.getDims(0)[1], one = node.extent(1);
  expectBetween(node, step, 1, {});
  expectBetween(node, length, 1, samples);
  step = maximumExtent(step, one);
  length = atLeastZero(length);
  AffineExpr frames = addExtents(divideExtents(atLeastZero(subtractExtents(samples, length)), step), one);
  Type i64 = node.getBuilder().getI64Type();
  Term first = Term(node, node.countTo(frames)).reshape({frames, one}) * Term(node, node.createInteger(i64, step));
  Term positions = first + Term(node, node.countTo(length)).reshape({one, length});
  if (node.hasFailed())
    return {};
  Value framed = node.create<GatherOp>(node.getOperand(0), positions, node.integer(1));
  if (node.hasOperand(2)) {
    if (node.getDims(2)[0] != length)
      node.expectInRun(ExtentRelation::Equal, node.getDims(2)[0], length);
    Term window = Term(node, node.getOperand(2)).cast(node.getElementType(0)).reshape({node.getDims(2)[0], one});
    framed = Term(node, framed) * window;
  }
  return framed;
}

Value frameByRun(NodeImporter &node, AffineExpr step, AffineExpr length) {
  Value framed = cutFrames(node, step, length);
  if (node.hasFailed())
    return {};
  // Frames are as many signals.
  AffineExpr one = node.extent(1);
  length = atLeastZero(length);
  Dims dims(node.getDims(framed));
  Value rows = node.reshape(framed, {multiplyExtents(dims[0], dims[1]), dims[2], one, dims[3]});
  Value y = transformSamples(node, rows, length, /*isInverse=*/false, node.getFlag("onesided", true));
  if (node.hasFailed())
    return {};
  return node.reshape(y, {dims[0], dims[1], node.getDims(y)[1], node.extent(2)});
}

Value makeMelWeights(NodeImporter &node) {
  Builder &builder = node.getBuilder();
  Type type = node.getTypeAttribute("output_datatype", builder.getF32Type()), f64 = builder.getF64Type();
  AffineExpr bands = getOneInteger(node, 0, "num_mel_bins"), length = getOneInteger(node, 1, "dft_length"),
             one = node.extent(1);
  if (node.hasFailed())
    return {};
  expectBetween(node, bands, 1, node.extent(1 << 20));
  expectBetween(node, length, 1, node.extent(1 << 24));
  bands = atLeastZero(bands);
  length = atLeastZero(length);
  AffineExpr bins = addExtents(divideExtents(length, node.extent(2)), one), edges = addExtents(bands, node.extent(2));
  auto get = [&](int64_t i) { return Term(node, node.getOperand(i)).reshape({}).cast(f64); };
  auto number = [&](AffineExpr value) { return Term(node, node.createInteger(f64, value)); };
  auto toMel = [](const Term &hertz) { return (hertz / 700 + 1).apply<LogOp>() * (2595 / std::log(10.0)); };
  Term rate = get(2), lower = toMel(get(3)), upper = toMel(get(4));
  // The spectrogram's bin at which each band begins, has its peak, and ends.
  Term mel = Term(node, node.countTo(edges)).cast(f64) * ((upper - lower) / number(edges)) + lower;
  Term hertz = ((mel * (std::log(10.0) / 2595)).apply<ExpOp>() - 1) * 700;
  Term edge = ((number(length) + 1) * hertz / rate).floor();
  auto part = [&](int64_t start) {
    return Term(node, node.slice(edge, {node.extent(start)}, {bands}, {1})).reshape({one, bands});
  };
  if (node.hasFailed())
    return {};
  Term begin = part(0), peak = part(1), end = part(2),
       bin = Term(node, node.countTo(bins)).cast(f64).reshape({bins, one});
  Term least = number(one), none = least - least;
  Term rising = (bin - begin) / (peak - begin).max(least), falling = (end - bin) / (end - peak).max(least);
  Term weights =
      (bin == peak)
          .choose(least, (bin < peak).choose((bin >= begin).choose(rising, none), (bin < end).choose(falling, none)));
  return weights.cast(type);
}

} // namespace dlc::onnx_import
