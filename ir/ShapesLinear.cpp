// SPDX-License-Identifier: Apache-2.0
// Shape functions of products and convolutions.
#include "ir/ConvolutionReach.h"
#include "ir/DlcDialect.h"
#include "ir/ExtentRequirements.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsLinear.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc {

LogicalResult MatMulOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                   Dims &result) {
  Dims lhs = dims[0], rhs = dims[1];
  if (lhs.empty() || rhs.empty())
    return emitOptionalError(location, "matmul expects operands of rank 1 or more");
  AffineExpr one = getAffineConstantExpr(1, adaptor.getLhs().getContext());
  bool isRow = lhs.size() == 1, isColumn = rhs.size() == 1;
  if ((isRow && adaptor.getTransposeLhs()) || (isColumn && adaptor.getTransposeRhs()))
    return emitOptionalError(location, "matmul transposes operands of rank 2 or more only");
  if (isRow)
    lhs.insert(lhs.begin(), one);
  if (isColumn)
    rhs.push_back(one);
  if (adaptor.getTransposeLhs())
    std::swap(lhs[lhs.size() - 1], lhs[lhs.size() - 2]);
  if (adaptor.getTransposeRhs())
    std::swap(rhs[rhs.size() - 1], rhs[rhs.size() - 2]);
  AffineExpr rows = lhs[lhs.size() - 2], columns = rhs[rhs.size() - 1];
  if (!requireEqual(lhs.back(), rhs[rhs.size() - 2]))
    return emitOptionalError(location, "matmul sums over ", *constantDim(lhs.back()), " elements on the left and ",
                             *constantDim(rhs[rhs.size() - 2]), " on the right");
  lhs.resize(lhs.size() - 2);
  rhs.resize(rhs.size() - 2);
  if (failed(broadcastDims(location, {lhs, rhs}, result)))
    return failure();
  if (!isRow)
    result.push_back(rows);
  if (!isColumn)
    result.push_back(columns);
  return success();
}

LogicalResult EinsumOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                   Dims &result) {
  auto [inputs, output] = adaptor.getEquation().split("->");
  llvm::SmallVector<llvm::StringRef> terms;
  inputs.split(terms, ',');
  if (terms.size() != dims.size())
    return emitOptionalError(location, "equation '", adaptor.getEquation(), "' has ", terms.size(), " terms for ",
                             dims.size(), " operands");
  llvm::DenseMap<char, AffineExpr> extents;
  for (auto [term, operand] : llvm::zip(terms, dims)) {
    if (term.size() != operand.size())
      return emitOptionalError(location, "term '", term, "' of the equation names ", term.size(),
                               " indices, its operand has rank ", operand.size());
    for (auto [letter, extent] : llvm::zip(term, operand)) {
      if (!llvm::isAlpha(letter))
        return emitOptionalError(location, "'", std::string(1, letter), "' in the equation is not an index");
      AffineExpr &known = extents[letter];
      std::optional<int64_t> before = known ? constantDim(known) : std::nullopt, here = constantDim(extent);
      if (known && before != 1 && here != 1 && !requireEqual(known, extent))
        return emitOptionalError(location, "index '", std::string(1, letter), "' has different extents, ", *before,
                                 " and ", *here);
      if (!known || before == 1 || (!before && here && here != 1))
        known = extent;
    }
  }
  for (char letter : output) {
    if (!extents.count(letter))
      return emitOptionalError(location, "index '", std::string(1, letter), "' of the result is in no operand");
    result.push_back(extents[letter]);
  }
  return success();
}

LogicalResult LeastSquaresOp::inferShape(std::optional<Location> location, Adaptor, llvm::ArrayRef<Dims> dims,
                                         Dims &result) {
  const Dims &a = dims[0], &b = dims[1];
  size_t leading = a.size() - 2;
  if (a.size() < 2 || b.size() <= leading || b.size() > a.size())
    return emitOptionalError(location, "least_squares expects [..., M, N] and [..., M, K] or [..., M], got ranks ",
                             a.size(), " and ", b.size());
  AffineExpr rows = a[leading], columns = a[leading + 1];
  for (size_t dim = 0; dim <= leading; ++dim)
    if (!requireEqual(a[dim], b[dim]))
      return emitOptionalError(location, "least_squares has ", *constantDim(a[dim]), " and ", *constantDim(b[dim]),
                               dim == leading ? " rows" : " systems", " in its operands");
  if (constantDim(rows) && constantDim(columns) && *constantDim(rows) < *constantDim(columns))
    return emitOptionalError(location, "least_squares needs at least as many rows as columns, got ", *constantDim(rows),
                             " rows of ", *constantDim(columns));
  result.append(a.begin(), a.begin() + leading);
  result.push_back(columns);
  if (b.size() == a.size())
    result.push_back(b.back());
  return success();
}

/// Checks that `x` is square matrices; `what` is the op.
static LogicalResult checkSquare(std::optional<Location> location, const Dims &x, llvm::StringRef what) {
  if (x.size() < 2)
    return emitOptionalError(location, what, " expects matrices [..., N, N], got rank ", x.size());
  AffineExpr rows = x[x.size() - 2], columns = x[x.size() - 1];
  if (!requireEqual(rows, columns))
    return emitOptionalError(location, what, " expects square matrices, got ", *constantDim(rows), " x ",
                             *constantDim(columns));
  return success();
}

LogicalResult DeterminantOp::inferShape(std::optional<Location> location, Adaptor, llvm::ArrayRef<Dims> dims,
                                        Dims &result) {
  if (failed(checkSquare(location, dims[0], "determinant")))
    return failure();
  result.assign(dims[0].begin(), dims[0].end() - 2);
  return success();
}

LogicalResult CofactorsOp::inferShape(std::optional<Location> location, Adaptor, llvm::ArrayRef<Dims> dims,
                                      Dims &result) {
  result = dims[0];
  return checkSquare(location, dims[0], "cofactors");
}

/// The rows of the matrices `x`, a typical number where only a run knows.
static int64_t getTypicalRows(Value x) {
  constexpr int64_t typicalRows = 8, mostRows = 1 << 16;
  int64_t rows = llvm::cast<RankedTensorType>(x.getType()).getShape().back();
  return ShapedType::isDynamic(rows) ? typicalRows : std::min(rows, mostRows);
}

int64_t DeterminantOp::getParallelRank() { return llvm::cast<RankedTensorType>(getType()).getRank(); }
int64_t DeterminantOp::getScalarOperations() {
  // A third of so many products and differences, a scalar at a time.
  int64_t rows = getTypicalRows(getX());
  return rows * rows * rows + 10;
}

int64_t CofactorsOp::getParallelRank() { return llvm::cast<RankedTensorType>(getType()).getRank() - 2; }
int64_t CofactorsOp::getScalarOperations() {
  // The decomposition and two triangular systems, over N^2 elements.
  return 2 * getTypicalRows(getX()) + 10;
}

/// Checks what convolutions share: ranks, groups that divide the channels, and attributes of one entry per spatial
/// dimension.
static LogicalResult verifyConvolution(std::optional<Location> location, const Dims &x, const Dims &w,
                                       llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> dilations,
                                       llvm::ArrayRef<int64_t> pads, int64_t groups) {
  if (x.size() < 3 || x.size() > 5)
    return emitOptionalError(location, "a convolution expects an operand of rank 3 to 5, [N, C, spatial...], got rank ",
                             x.size());
  size_t spatial = x.size() - 2;
  if (w.size() != x.size())
    return emitOptionalError(location, "a convolution of rank ", x.size(), " expects a weight of that rank, got rank ",
                             w.size());
  if (strides.size() != spatial || dilations.size() != spatial || pads.size() != 2 * spatial)
    return emitOptionalError(location, "a convolution over ", spatial, " dimensions takes ", spatial,
                             " strides and dilations and ", 2 * spatial, " pads");
  if (llvm::any_of(strides, [](int64_t v) { return v < 1; }) ||
      llvm::any_of(dilations, [](int64_t v) { return v < 1; }))
    return emitOptionalError(location, "strides and dilations are positive");
  if (groups < 1)
    return emitOptionalError(location, "the number of groups is positive");
  for (AffineExpr extent : w)
    if (!constantDim(extent))
      return emitOptionalError(location, "a convolution's weight has a static shape");
  return success();
}

LogicalResult ConvOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                 Dims &result) {
  const Dims &x = dims[0], &w = dims[1];
  int64_t groups = adaptor.getGroups();
  if (failed(
          verifyConvolution(location, x, w, adaptor.getStrides(), adaptor.getDilations(), adaptor.getPads(), groups)))
    return failure();
  int64_t outputs = *constantDim(w[0]), inputs = *constantDim(w[1]) * groups;
  if (outputs % groups != 0)
    return emitOptionalError(location, outputs, " output channels do not divide into ", groups, " groups");
  if (!requireEqual(x[1], getAffineConstantExpr(inputs, x[1].getContext())))
    return emitOptionalError(location, "the operand has ", *constantDim(x[1]), " channels, the weight takes ", inputs);
  llvm::SmallVector<int64_t> kernel;
  for (AffineExpr extent : llvm::drop_begin(w, 2))
    kernel.push_back(*constantDim(extent));
  if (failed(windowDims(location, x, kernel, adaptor.getStrides(), adaptor.getDilations(), adaptor.getPads(), false,
                        result)))
    return failure();
  result[1] = w[0];
  return success();
}

LogicalResult ConvTransposeOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                          Dims &result) {
  const Dims &x = dims[0], &w = dims[1];
  int64_t groups = adaptor.getGroups();
  if (failed(
          verifyConvolution(location, x, w, adaptor.getStrides(), adaptor.getDilations(), adaptor.getPads(), groups)))
    return failure();
  size_t spatial = x.size() - 2;
  if (adaptor.getOutputPadding().size() != spatial)
    return emitOptionalError(location, "output_padding has one entry per spatial dimension");
  if (!requireEqual(x[1], w[0]))
    return emitOptionalError(location, "the operand has ", *constantDim(x[1]), " channels, the weight takes ",
                             *constantDim(w[0]));
  if (*constantDim(w[0]) % groups != 0)
    return emitOptionalError(location, *constantDim(w[0]), " input channels do not divide into ", groups, " groups");
  result = {x[0], w[1] * groups};
  for (size_t i = 0; i < spatial; ++i)
    result.push_back((x[i + 2] - 1) * adaptor.getStrides()[i] +
                     (adaptor.getOutputPadding()[i] + adaptor.getDilations()[i] * (*constantDim(w[i + 2]) - 1) + 1 -
                      adaptor.getPads()[i] - adaptor.getPads()[i + spatial]));
  return success();
}

// With q = o / stride, position o of the result reads inputs from (o + pad) / stride - ceil(taps / stride) + 1 on.
ConvTransposeReach getConvTransposeReach(ConvTransposeOp op, size_t dim) {
  int64_t stride = op.getStrides()[dim], low = op.getPads()[dim], high = op.getPads()[dim + op.getStrides().size()];
  int64_t taps = llvm::cast<RankedTensorType>(op.getW().getType()).getDimSize(dim + 2);
  int64_t span = op.getDilations()[dim] * (taps - 1);
  ConvTransposeReach reach;
  reach.low = std::max<int64_t>(
      0, stride == 1 ? span - low : llvm::divideCeil(taps, stride) - 1 - llvm::divideFloorSigned(low, stride));
  // All phases continue to the last position that any of them has.
  int64_t last = op.getOutputPadding()[dim] + span - high;
  reach.high = std::max<int64_t>(0, llvm::divideFloorSigned(last - low, stride) +
                                        llvm::divideFloorSigned(stride - 1 + low, stride));
  return reach;
}

LogicalResult ConvWeightGradientOp::inferShape(std::optional<Location> location, Adaptor adaptor,
                                               llvm::ArrayRef<Dims> dims, Dims &result) {
  const Dims &x = dims[0], &gradient = dims[1];
  int64_t groups = adaptor.getGroups();
  if (gradient.size() != x.size() || adaptor.getKernel().size() + 2 != x.size())
    return emitOptionalError(location, "expects operands of one rank and ", x.size() - 2, " kernel extents");
  std::optional<int64_t> inputs = constantDim(x[1]), outputs = constantDim(gradient[1]);
  if (!inputs || !outputs)
    return emitOptionalError(location, "numbers of channels are static");
  if (groups < 1 || *inputs % groups != 0 || *outputs % groups != 0)
    return emitOptionalError(location, *inputs, " and ", *outputs, " channels do not divide into ", groups, " groups");
  MLIRContext *context = x[1].getContext();
  result = {gradient[1], getAffineConstantExpr(*inputs / groups, context)};
  for (int64_t extent : adaptor.getKernel())
    result.push_back(getAffineConstantExpr(extent, context));
  if (failed(verifyConvolution(location, x, result, adaptor.getStrides(), adaptor.getDilations(), adaptor.getPads(),
                               groups)))
    return failure();
  // Windows keep the number of channels.
  Dims positions, perChannel(gradient);
  perChannel[1] = x[1];
  return windowGradientDims(location, perChannel, x, adaptor.getKernel(), adaptor.getStrides(), adaptor.getDilations(),
                            adaptor.getPads(), false, positions);
}

} // namespace dlc
