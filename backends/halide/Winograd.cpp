// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/Winograd.h"
#include <cassert>

using Halide::Expr;

namespace dlc::halide {

// Interpolation points 0, 1, -1, infinity.
static constexpr double weight2[] = {1, 0, 0, 0.5, 0.5, 0.5, 0.5, -0.5, 0.5, 0, 0, 1};
static constexpr double input2[] = {1, 0, -1, 0, 0, 1, 1, 0, 0, -1, 1, 0, 0, 1, 0, -1};
static constexpr double output2[] = {1, 1, 1, 0, 0, 1, -1, -1};

// Interpolation points 0, 1, -1, 2, -2, infinity.
static constexpr double weight4[] = {1. / 4,  0,       0,      -1. / 6, -1. / 6,  -1. / 6, -1. / 6, 1. / 6, -1. / 6,
                                     1. / 24, 1. / 12, 1. / 6, 1. / 24, -1. / 12, 1. / 6,  0,       0,      1};
static constexpr double input4[] = {4, 0,  -5, 0, 1, 0, 0, -4, -4, 1,  1, 0, 0, 4, -4, -1, 1, 0,
                                    0, -2, -1, 2, 1, 0, 0, 2,  -1, -2, 1, 0, 0, 4, 0,  -5, 0, 1};
static constexpr double output4[] = {1, 1, 1, 1, 1, 0, 0, 1, -1, 2, -2, 0, 0, 1, 1, 4, 4, 0, 0, 1, -1, 8, -8, 1};

const WinogradTransform &getWinogradTransform(int64_t m) {
  static const WinogradTransform transform2{2, weight2, input2, output2}, transform4{4, weight4, input4, output4};
  assert((m == 2 || m == 4) && "the layout's verifier accepts no other tiles");
  return m == 2 ? transform2 : transform4;
}

// The points of F(4 x 4, 3 x 3), with the degrees of both factors exchanged.
static constexpr double gradientWeight[] = {1. / 4,  0,        0,       0,       -1. / 6, -1. / 6, -1. / 6, -1. / 6,
                                            -1. / 6, 1. / 6,   -1. / 6, 1. / 6,  1. / 24, 1. / 12, 1. / 6,  1. / 3,
                                            1. / 24, -1. / 12, 1. / 6,  -1. / 3, 0,       0,       0,       1};
static constexpr double gradientOutput[] = {1, 1, 1, 1, 1, 0, 0, 1, -1, 2, -2, 0, 0, 1, 1, 4, 4, 1};

const WinogradTransform &getWinogradGradientTransform() {
  static const WinogradTransform transform{3, gradientWeight, input4, gradientOutput};
  return transform;
}

/// The sum of `element(k)` times the numbers of `row`, without the terms that are zero.
static Expr combine(llvm::ArrayRef<double> row, llvm::function_ref<Expr(int)> element) {
  Expr sum;
  for (auto [k, factor] : llvm::enumerate(row)) {
    if (factor == 0)
      continue;
    Expr term = element(static_cast<int>(k));
    if (!sum.defined())
      sum = factor == 1 ? term : term * Halide::Internal::make_const(term.type(), factor);
    else if (factor == 1 || factor == -1)
      sum = factor == 1 ? sum + term : sum - term;
    else
      sum = sum + term * Halide::Internal::make_const(term.type(), factor);
  }
  return sum;
}

Expr transform(llvm::ArrayRef<double> matrix, int size, Expr which, llvm::function_ref<Expr(int)> element) {
  std::vector<Expr> rows;
  for (; !matrix.empty(); matrix = matrix.drop_front(size))
    rows.push_back(combine(matrix.take_front(size), element));
  return Halide::mux(which, rows);
}

} // namespace dlc::halide
