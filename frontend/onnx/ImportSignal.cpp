// SPDX-License-Identifier: Apache-2.0
// Window functions and Fourier transforms.
#include "frontend/onnx/ComputedSignal.h"
#include "frontend/onnx/FourierTransform.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/OpenAxes.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsMovement.h"
#include "ir/OpsSlicing.h"
#include "ir/OpsTransposition.h"
#include <cmath>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

constexpr double pi = 3.14159265358979323846;

/// A window of `size` elements, which a run learns; see importWindow.
void setOpenWindow(NodeImporter &node, ArrayRef<double> coefficients, AffineExpr size, Type type) {
  Builder &builder = node.getBuilder();
  Type f64 = builder.getF64Type();
  AffineExpr period = node.getFlag("periodic", true) ? size : subtractExtents(size, node.extent(1));
  Value phase =
      node.divide(node.cast(node.countTo(size), f64), node.cast(node.createInteger(builder.getI64Type(), period), f64));
  Value sum = node.fill(f64, {size}, coefficients[0]);
  for (size_t i = 1; i < coefficients.size(); ++i) {
    Value turns = node.multiply(phase, node.createScalar(f64, 2 * pi * static_cast<double>(i)));
    sum = node.add(sum, node.multiply(node.create<CosOp>(turns), node.createScalar(f64, coefficients[i])));
  }
  node.setResult(0, node.cast(sum, type));
}

/// The sum of `coefficients[i] * cos(2 pi i n / N)` for n = 0, 1, ...; N is the size, or one less.
void importWindow(NodeImporter &node, ArrayRef<double> coefficients) {
  if (!node.expectOperands(1, 1))
    return;
  Type type = node.getTypeAttribute("output_datatype", node.getBuilder().getF32Type());
  if (std::optional<Dims> open = getOpenAxes(node, 0); open && open->size() == 1) {
    setOpenWindow(node, coefficients, atLeastZero(open->front()), type);
    return;
  }
  std::optional<SmallVector<int64_t>> size = node.getKnownIntegers(0, "size");
  if (!size || node.hasFailed())
    return;
  if (size->size() != 1 || size->front() < 0 || size->front() > INT32_MAX) {
    node.error() << "expects one size between 0 and 2147483647";
    return;
  }
  int64_t count = size->front();
  double period = static_cast<double>(node.getFlag("periodic", true) ? count : count - 1);
  std::vector<double> values(count);
  for (auto [n, value] : llvm::enumerate(values))
    for (auto [i, coefficient] : llvm::enumerate(coefficients))
      value += coefficient * std::cos(2 * pi * static_cast<double>(i * n) / period);
  node.setResult(0, node.createReals(type, {count}, values));
}
void importHannWindow(NodeImporter &node) { importWindow(node, {0.5, -0.5}); }
void importHammingWindow(NodeImporter &node) { importWindow(node, {25.0 / 46.0, -21.0 / 46.0}); }
void importBlackmanWindow(NodeImporter &node) { importWindow(node, {0.42, -0.5, 0.08}); }

void importMelWeightMatrix(NodeImporter &node) {
  if (!node.expectOperands(5, 5))
    return;
  if (llvm::any_of(llvm::seq<int64_t>(0, 5), [&](int64_t i) { return isDecidedByRun(node, i); })) {
    node.setResult(0, makeMelWeights(node));
    return;
  }
  auto read = [&](int64_t i, StringRef what) {
    std::optional<SmallVector<double>> value = node.getKnownReals(i, what);
    if (value && value->size() != 1)
      node.error() << "expects one " << what;
    return value && value->size() == 1 ? value->front() : 0.0;
  };
  double bandCount = read(0, "number of bins"), length = read(1, "length"), rate = read(2, "sample rate"),
         lower = read(3, "lower edge"), upper = read(4, "upper edge");
  Type type = node.getTypeAttribute("output_datatype", node.getBuilder().getF32Type());
  if (node.hasFailed())
    return;
  if (!(bandCount >= 1 && bandCount < 1 << 20 && length >= 1 && length < 1 << 24 && rate > 0 && lower >= 0 &&
        upper >= lower && upper <= rate / 2)) {
    node.error() << "expects at least one bin, and edges in ascending order up to half the sample rate";
    return;
  }
  auto bands = static_cast<int64_t>(bandCount), bins = static_cast<int64_t>(length) / 2 + 1;
  auto toMel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
  double step = (toMel(upper) - toMel(lower)) / static_cast<double>(bands + 2);
  // The spectrogram's bin at which each band begins, has its peak, and ends.
  std::vector<int64_t> edges(bands + 2);
  for (auto [i, edge] : llvm::enumerate(edges)) {
    double hertz = 700 * (std::pow(10.0, (static_cast<double>(i) * step + toMel(lower)) / 2595) - 1);
    edge = static_cast<int64_t>(std::floor((length + 1) * hertz / rate));
  }
  std::vector<double> values(bins * bands);
  for (int64_t band = 0; band < bands; ++band) {
    int64_t begin = edges[band], peak = edges[band + 1], end = edges[band + 2];
    auto set = [&](int64_t bin, double value) {
      if (bin >= 0 && bin < bins)
        values[bin * bands + band] = value;
    };
    if (peak == begin)
      set(peak, 1);
    for (int64_t bin = begin; peak > begin && bin <= peak; ++bin)
      set(bin, static_cast<double>(bin - begin) / static_cast<double>(peak - begin));
    for (int64_t bin = peak; bin < end; ++bin)
      set(bin, static_cast<double>(end - bin) / static_cast<double>(end - peak));
  }
  node.setResult(0, node.createReals(type, {bins, bands}, values));
}

/// Sums of 16-bit numbers are made of wider ones, as those of products are.
Value widen(NodeImporter &node, Value x) {
  return getElementTypeOrSelf(x).getIntOrFloatBitWidth() < 32 ? node.cast(x, node.getBuilder().getF32Type()) : x;
}

void importDFT(NodeImporter &node) {
  bool isAxisOperand = node.getOpset() >= 20;
  if (!node.expectOperands(1, isAxisOperand ? 3 : 2) || !expectElements(node, 0, ElementClass::Real))
    return;
  int64_t rank = node.getRank(0), axis = isAxisOperand ? -2 : node.getInteger("axis", 1);
  if (isDecidedByRun(node, 1) || isDecidedByRun(node, 2)) {
    AffineExpr by = node.hasOperand(2) ? getOneInteger(node, 2, "axis") : node.extent(axis),
               length = node.hasOperand(1) ? getOneInteger(node, 1, "length") : AffineExpr();
    if (rank < 2 && !node.hasFailed())
      node.error() << "expects an axis before the last one, which holds the parts of a number";
    node.setResult(0, transformByRun(node, by, length, node.getFlag("inverse"), node.getFlag("onesided")));
    return;
  }
  if (node.hasOperand(2)) {
    std::optional<SmallVector<int64_t>> given = node.getKnownIntegers(2, "axis");
    if (!given)
      return;
    axis = given->size() == 1 ? given->front() : rank;
  }
  axis = node.normalizeAxis(axis, rank);
  if (!node.hasFailed() && (rank < 2 || axis == rank - 1))
    node.error() << "expects an axis before the last one, which holds the parts of a number";
  bool isInverse = node.getFlag("inverse"), isOneSided = node.getFlag("onesided");
  if (node.hasFailed())
    return;
  std::optional<int64_t> size = constantDim(node.getDims(0)[axis]);
  if (size && isInverse && isOneSided)
    size = 2 * (*size - 1);
  if (node.hasOperand(1)) {
    std::optional<SmallVector<int64_t>> given = node.getKnownIntegers(1, "length");
    if (!given)
      return;
    size = given->size() == 1 ? given->front() : 0;
  }
  if (!size) {
    node.setResult(0, transformByRun(node, node.extent(axis), {}, isInverse, isOneSided));
    return;
  }
  SmallVector<int64_t> swapped = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::swap(swapped[axis], swapped[rank - 2]);
  Value x = node.create<TransposeOp>(node.getOperand(0), node.integers(swapped));
  // Sums of doubles give zero for what cancels. Longer transforms would pay for it.
  constexpr int64_t fewSamples = 256;
  x = *size <= fewSamples ? node.cast(x, node.getBuilder().getF64Type()) : widen(node, x);
  Value y = node.cast(transform(node, x, {*size, isInverse, isOneSided}), node.getElementType(0));
  node.setResult(0, node.create<TransposeOp>(y, node.integers(swapped)));
}

/// Sets the result of STFT to the transforms of its frames of `length` samples.
void setSpectra(NodeImporter &node, Value framed, int64_t length) {
  if (node.hasFailed())
    return;
  Value y = transform(node, widen(node, framed), {length, /*isInverse=*/false, node.getFlag("onesided", true)});
  node.setResult(0, node.cast(y, node.getElementType(0)));
}

void importSTFT(NodeImporter &node) {
  if (!node.expectOperands(2, 4) || !expectElements(node, 0, ElementClass::Real))
    return;
  bool hasWindow = node.hasOperand(2) && node.getRank(2) == 1;
  if (node.getRank(0) == 3 && (isDecidedByRun(node, 1) || isDecidedByRun(node, 3)) &&
      (hasWindow || node.hasOperand(3))) {
    AffineExpr by = getOneInteger(node, 1, "step"),
               size = node.hasOperand(3) ? getOneInteger(node, 3, "length") : node.getDims(2)[0];
    node.setResult(0, frameByRun(node, by, size));
    return;
  }
  std::optional<SmallVector<int64_t>> step = node.getKnownIntegers(1, "step"), given;
  std::optional<int64_t> length;
  if (node.hasOperand(2) && node.getRank(2) == 1)
    length = constantDim(node.getDims(2)[0]);
  if (node.hasOperand(3)) {
    given = node.getKnownIntegers(3, "length");
    if (!given)
      return;
    length = given->size() == 1 ? given->front() : 0;
  }
  bool isSignal = node.getRank(0) == 3;
  std::optional<int64_t> samples = isSignal ? constantDim(node.getDims(0)[1]) : std::nullopt;
  if (!step || node.hasFailed())
    return;
  if (!isSignal || step->size() != 1 || step->front() < 1 || !length || *length < 1 ||
      *length > samples.value_or(*length)) {
    node.error() << "expects a signal of rank 3, a positive step, and a frame that is not longer than the signal";
    return;
  }
  if (!samples) {
    Value framed = cutFrames(node, node.extent(step->front()), node.extent(*length));
    setSpectra(node, framed, *length);
    return;
  }
  int64_t frames = (*samples - *length) / step->front() + 1;
  SmallVector<double> positions;
  for (int64_t frame = 0; frame < frames; ++frame)
    for (int64_t sample = 0; sample < *length; ++sample)
      positions.push_back(static_cast<double>(frame * step->front() + sample));
  Value indices = node.createReals(node.getBuilder().getI64Type(), {frames, *length}, positions);
  Value framed = node.create<GatherOp>(node.getOperand(0), indices, node.integer(1));
  if (node.hasOperand(2))
    framed = node.multiply(framed, node.reshape(node.cast(node.getOperand(2), node.getElementType(0)),
                                                {node.extent(*length), node.extent(1)}));
  setSpectra(node, framed, *length);
}

} // namespace

void registerSignal(OpRegistry &registry) {
  registry.add("BlackmanWindow", 17, importBlackmanWindow);
  registry.add("HammingWindow", 17, importHammingWindow);
  registry.add("HannWindow", 17, importHannWindow);
  registry.add("MelWeightMatrix", 17, importMelWeightMatrix);
  registry.add("DFT", 17, importDFT);
  registry.add("STFT", 17, importSTFT);
}

} // namespace dlc::onnx_import
