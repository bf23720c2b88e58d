// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which convolutions are computed in vectors along the rows of images (backends/halide/RowConvolution.cpp).
#ifndef DLC_BACKENDS_CPU_ROWCONVOLUTION_H
#define DLC_BACKENDS_CPU_ROWCONVOLUTION_H

#include "analysis/LayoutInterface.h"
#include "ir/OpsConvolution.h"

namespace dlc {

/// The algorithm that row-major operands are for.
constexpr llvm::StringLiteral rowConvolution = "rows";

/// The most columns of a tile where the width of images is open: as many as a halo makes readable behind each row.
constexpr int64_t mostOpenColumns = 32;

/// The plan for `op` where vectors of its output channels, of one group, would be mostly empty; none for others, and
/// where the order of sums must not change.
std::optional<LayoutPlan> planRowConvolution(ConvOp op, const LayoutQuery &query);
std::optional<LayoutPlan> planRowConvolution(ConvTransposeOp op, const LayoutQuery &query);

/// Output channels that a weight keeps together: 32, which are two AVX-512 or four AVX2 vectors, or what divides a
/// group, whose channels alone read the same inputs. 0 for groups of other numbers of channels.
int64_t getColumnBlock(int64_t channelsPerGroup, int64_t groups);

} // namespace dlc

#endif // DLC_BACKENDS_CPU_ROWCONVOLUTION_H
