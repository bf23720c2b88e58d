// SPDX-License-Identifier: Apache-2.0
/// \file
/// The matrices of Winograd's convolutions F(m x m, 3 x 3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural
/// Networks").
#ifndef DLC_BACKENDS_HALIDE_WINOGRAD_H
#define DLC_BACKENDS_HALIDE_WINOGRAD_H

#include "Halide.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace dlc::halide {

/// Results of one m x m tile are `A^T ((G w G^T) * (B^T x B)) A`, with w 3 x 3 and x (m+2) x (m+2).
struct WinogradTransform {
  int m;
  llvm::ArrayRef<double> weight; ///< G, (m+2) x 3, row-major
  llvm::ArrayRef<double> input;  ///< B^T, (m+2) x (m+2)
  llvm::ArrayRef<double> output; ///< A^T, m x (m+2)
};

/// m is 2 or 4.
const WinogradTransform &getWinogradTransform(int64_t m);

/// For the gradient with respect to a 3 x 3 weight: results of 3 x 3 from a 4 x 4 tile of the result's gradient (in the
/// position of the weight) and the 6 x 6 tile of the input. m is 3; `weight` is 6 x 4, `output` 3 x 6.
const WinogradTransform &getWinogradGradientTransform();

/// Row `which` of `matrix`, whose rows have `size` numbers, times `element`.
Halide::Expr transform(llvm::ArrayRef<double> matrix, int size, Halide::Expr which,
                       llvm::function_ref<Halide::Expr(int)> element);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_WINOGRAD_H
