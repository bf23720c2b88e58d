// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/FourierTransform.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLinear.h"
#include "ir/OpsMovement.h"
#include "ir/OpsSlicing.h"
#include "ir/OpsTransposition.h"
#include <cmath>
#include <complex>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

using Complex = std::complex<double>;

constexpr double pi = 3.14159265358979323846;
constexpr int64_t largestTransform = 1 << 24;
/// Up to here one product is as fast as two steps, which move the samples in between, and for a prime, which has no two
/// steps, as fast as a convolution.
constexpr int64_t largestProduct = 128, largestPrimeProduct = 1024;

/// e to the power of 2 pi i `turn` / `size`: 0 and 1 are exact, so that what has no imaginary part gets none.
Complex getTwiddle(int64_t turn, int64_t size) {
  turn %= size;
  double angle = 2 * pi * static_cast<double>(turn) / static_cast<double>(size);
  return {4 * turn == size || 4 * turn == 3 * size ? 0.0 : std::cos(angle),
          turn == 0 || 2 * turn == size ? 0.0 : std::sin(angle)};
}

/// The largest divisor of `size` that is not larger than its square root; 1 for a prime.
int64_t getMiddleDivisor(int64_t size) {
  int64_t divisor = 1;
  for (int64_t i = 2; i <= size / i; ++i)
    if (size % i == 0)
      divisor = i;
  return divisor;
}

bool isOneProduct(int64_t size) {
  return size <= largestProduct || (size <= largestPrimeProduct && getMiddleDivisor(size) == 1);
}

/// The least number from `size` on that has no prime factor above 5.
int64_t roundUpToSmooth(int64_t size) {
  for (;; ++size) {
    int64_t rest = size;
    for (int64_t prime : {2, 3, 5})
      while (rest % prime == 0)
        rest /= prime;
    if (rest == 1)
      return size;
  }
}

/// The transform of `values`, whose number has small prime factors only.
std::vector<Complex> transformValues(llvm::ArrayRef<Complex> values) {
  auto size = static_cast<int64_t>(values.size());
  if (size == 1)
    return values.vec();
  int64_t prime = 2;
  while (size % prime != 0)
    ++prime;
  int64_t rest = size / prime;
  std::vector<Complex> result(size);
  for (int64_t offset = 0; offset < prime; ++offset) {
    std::vector<Complex> every;
    for (int64_t i = offset; i < size; i += prime)
      every.push_back(values[i]);
    every = transformValues(every);
    for (int64_t bin = 0; bin < size; ++bin)
      result[bin] += every[bin % rest] * std::conj(getTwiddle(offset * bin, size));
  }
  return result;
}

/// Numbers of a graph; `im` is null where all imaginary parts are zero.
struct Parts {
  Value re, im;
};

/// The first `to` of `from` elements, or all of them and zeros.
Value resizeLast(NodeImporter &node, Value x, int64_t from, int64_t to) {
  int64_t rank = node.getDims(x).size();
  SmallVector<int64_t> starts(rank, 0), sizes(rank, -1), steps(rank, 1), low(rank, 0), high(rank, 0);
  if (from > to) {
    sizes.back() = to;
    return node.create<SliceOp>(x, node.integers(starts), node.integers(sizes), node.integers(steps));
  }
  high.back() = to - from;
  return from == to ? x : node.create<PadOp>(x, Value(), node.integers(low), node.integers(high), PadMode::Constant);
}

/// Writes transforms along the last dimension of tensors whose other extents are any.
class TransformWriter {
public:
  TransformWriter(NodeImporter &node, Type type, bool isInverse) : node(node), type(type), isInverse(isInverse) {}

  /// All `size` bins, without the factor 1 / size of an inverse transform.
  Parts transform(Parts x, int64_t size) {
    if (isOneProduct(size))
      return multiplyMatrix(x, size, size, [&](int64_t sample, int64_t bin) { return getPower(sample * bin, size); });
    int64_t divisor = getMiddleDivisor(size);
    // A prime factor that is too large for a product is left over in one of the steps, which is then a convolution.
    return divisor == 1 ? convolve(x, size) : transformInTwoSteps(x, divisor, size / divisor);
  }

  /// `x` times a matrix of `rows` x `columns`.
  Parts multiplyMatrix(Parts x, int64_t rows, int64_t columns, llvm::function_ref<Complex(int64_t, int64_t)> element) {
    auto [cosines, sines] = createTable({rows, columns}, element);
    auto product = [&](Value part, Value matrix) { return node.create<MatMulOp>(part, matrix, false, false); };
    Parts y{product(x.re, cosines), product(x.re, sines)};
    return x.im ? Parts{node.subtract(y.re, product(x.im, sines)), node.add(y.im, product(x.im, cosines))} : y;
  }

  /// A factor of the transform: e to the power of -2 pi i `turn` / `size`, or of +2 pi i where it is inverse.
  Complex getPower(int64_t turn, int64_t size) const {
    Complex twiddle = getTwiddle(turn, size);
    return isInverse ? twiddle : std::conj(twiddle);
  }

private:
  /// Sample `j1 * b + j2` is the element (j1, j2) of `a` x `b`; bin `k1 + a * k2` becomes (k1, k2).
  Parts transformInTwoSteps(Parts x, int64_t a, int64_t b) {
    Parts columns = map(x, [&](Value part) { return swapLast(splitLast(part, a, b)); });
    columns = multiply(transform(columns, a),
                       createTable({b, a}, [&](int64_t j2, int64_t k1) { return getPower(j2 * k1, a * b); }));
    Parts rows = transform(map(columns, [&](Value part) { return swapLast(part); }), b);
    return map(rows, [&](Value part) { return joinLast(swapLast(part)); });
  }

  /// As j k = (j^2 + k^2 - (k - j)^2) / 2, the transform is a convolution of x_j w_j with the conjugate of w, times
  /// w_k, where w_j is e to the power of -pi i j^2 / n. The convolution is a product of transforms that hold it without
  /// wrapping around.
  Parts convolve(Parts x, int64_t size) {
    int64_t padded = roundUpToSmooth(2 * size - 1);
    // j^2 modulo 2 n: squares of large j would lose the digits that count.
    auto chirp = [&](int64_t j) { return getPower(j * j % (2 * size), 2 * size); };
    std::vector<Complex> filter(padded);
    for (int64_t j = 0; j < size; ++j)
      filter[j] = filter[(padded - j) % padded] = std::conj(chirp(j));
    filter = transformValues(filter);
    auto chirps = createTable({size}, [&](int64_t j, int64_t) { return chirp(j); });
    TransformWriter forward(node, type, /*isInverse=*/false), backward(node, type, /*isInverse=*/true);
    Parts spectrum = forward.transform(
        map(multiply(x, chirps), [&](Value part) { return resizeLast(node, part, size, padded); }), padded);
    Parts convolution = backward.transform(
        multiply(spectrum,
                 createTable({padded}, [&](int64_t k, int64_t) { return filter[k] / static_cast<double>(padded); })),
        padded);
    return multiply(map(convolution, [&](Value part) { return resizeLast(node, part, padded, size); }), chirps);
  }

  /// The real and the imaginary parts of a table of one or two dimensions.
  std::pair<Value, Value> createTable(llvm::ArrayRef<int64_t> shape,
                                      llvm::function_ref<Complex(int64_t, int64_t)> element) {
    int64_t columns = shape.size() == 2 ? shape[1] : 1;
    std::vector<double> re, im;
    for (int64_t row = 0; row < shape[0]; ++row)
      for (int64_t column = 0; column < columns; ++column) {
        Complex value = element(row, column);
        re.push_back(value.real());
        im.push_back(value.imag());
      }
    return {node.createReals(type, shape, re), node.createReals(type, shape, im)};
  }

  Parts multiply(Parts x, std::pair<Value, Value> table) {
    auto [re, im] = table;
    if (!x.im)
      return {node.multiply(x.re, re), node.multiply(x.re, im)};
    return {node.subtract(node.multiply(x.re, re), node.multiply(x.im, im)),
            node.add(node.multiply(x.re, im), node.multiply(x.im, re))};
  }

  static Parts map(Parts x, llvm::function_ref<Value(Value)> step) { return {step(x.re), x.im ? step(x.im) : Value()}; }

  Value splitLast(Value x, int64_t a, int64_t b) {
    Dims dims(node.getDims(x));
    dims.back() = node.extent(a);
    dims.push_back(node.extent(b));
    return node.reshape(x, dims);
  }

  Value joinLast(Value x) {
    Dims dims(node.getDims(x));
    AffineExpr last = dims.pop_back_val();
    dims.back() = multiplyExtents(dims.back(), last);
    return node.reshape(x, dims);
  }

  Value swapLast(Value x) {
    auto order = llvm::to_vector(llvm::seq<int64_t>(0, static_cast<int64_t>(node.getDims(x).size())));
    std::swap(order[order.size() - 1], order[order.size() - 2]);
    return node.create<TransposeOp>(x, node.integers(order));
  }

  NodeImporter &node;
  Type type;
  bool isInverse;
};

/// Half a spectrum of a real signal of `size` samples, made whole: what it lacks is what it has, conjugate.
Parts mirror(NodeImporter &node, Parts half, int64_t size) {
  SmallVector<double> positions;
  std::vector<double> signs;
  for (int64_t bin = 0; bin < size; ++bin) {
    bool isGiven = 2 * bin <= size;
    positions.push_back(static_cast<double>(isGiven ? bin : size - bin));
    // The first and the middle one of a real signal have no imaginary part, whatever the operand says.
    signs.push_back(bin == 0 || 2 * bin == size ? 0 : isGiven ? 1 : -1);
  }
  Value indices = node.createReals(node.getBuilder().getI64Type(), {size}, positions);
  int64_t axis = node.getDims(half.re).size() - 1;
  auto gather = [&](Value part) { return node.create<GatherOp>(part, indices, node.integer(axis)); };
  return {gather(half.re),
          node.multiply(gather(half.im), node.createReals(getElementTypeOrSelf(half.im), {size}, signs))};
}

} // namespace

Value transform(NodeImporter &node, Value x, const Transform &what) {
  Dims dims(node.getDims(x));
  int64_t rank = dims.size(), axis = rank - 2;
  std::optional<int64_t> extent = constantDim(dims[axis]), parts = constantDim(dims.back());
  if (!extent || !parts || *parts < 1 || *parts > 2 || what.size < 1 || what.size > largestTransform) {
    if (!node.hasFailed())
      node.error() << "expects between 1 and " << largestTransform
                   << " samples, whose number is known when it is compiled, of one or two parts";
    return {};
  }
  if (what.isReal() && *parts != 2) {
    node.error() << "expects two parts where it is both inverse and one-sided";
    return {};
  }
  Type type = getElementTypeOrSelf(x);
  TransformWriter writer(node, type, what.isInverse);
  int64_t samples = what.getSamples(), bins = what.getBins();
  auto part = [&](int64_t number) {
    Value index = node.createScalar(node.getBuilder().getI64Type(), static_cast<double>(number));
    return resizeLast(node, node.create<GatherOp>(x, index, node.integer(rank - 1)), *extent, samples);
  };
  Parts y{part(0), *parts == 2 ? part(1) : Value()};
  double scale = what.isInverse ? 1.0 / static_cast<double>(what.size) : 1.0;
  if (isOneProduct(what.size)) {
    y = writer.multiplyMatrix(y, samples, bins, [&](int64_t sample, int64_t bin) {
      // What half a spectrum lacks is what it has, conjugate.
      bool isTwice = what.isReal() && sample > 0 && 2 * sample != what.size;
      return (isTwice ? 2 : 1) * scale * writer.getPower(sample * bin, what.size);
    });
  } else {
    y = writer.transform(what.isReal() ? mirror(node, y, what.size) : y, what.size);
    for (Value *result : {&y.re, &y.im}) {
      *result = resizeLast(node, *result, what.size, bins);
      if (what.isInverse)
        *result = node.multiply(*result, node.createScalar(type, scale));
    }
  }
  dims[axis] = node.extent(bins);
  dims.back() = node.extent(1);
  Value re = node.reshape(y.re, dims);
  if (what.isReal())
    return re;
  SmallVector<Value> both{re, node.reshape(y.im, dims)};
  return node.create<ConcatOp>(both, node.integer(rank - 1));
}

} // namespace dlc::onnx_import
