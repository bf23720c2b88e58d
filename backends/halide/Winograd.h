// SPDX-License-Identifier: Apache-2.0
/// \file
/// The matrices of Winograd's convolutions F(m x m, 3 x 3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural
/// Networks").
#ifndef DLC_BACKENDS_HALIDE_WINOGRAD_H
#define DLC_BACKENDS_HALIDE_WINOGRAD_H

#include "llvm/ADT/ArrayRef.h"

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

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_WINOGRAD_H
