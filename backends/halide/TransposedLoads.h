// SPDX-License-Identifier: Apache-2.0
/// \file
/// Transpositions in registers.
#ifndef DLC_BACKENDS_HALIDE_TRANSPOSEDLOADS_H
#define DLC_BACKENDS_HALIDE_TRANSPOSEDLOADS_H

#include "Halide.h"
#include <memory>

namespace dlc::halide {

/// A transformation of lowered loops: where consecutive statements store vectors of what is neighbouring in memory,
/// element j of every row in statement j, rows are loaded as vectors instead and transposed by shuffles of registers of
/// `registerBytes`. Rows are far apart, so that vectors of their elements j are loaded element by element otherwise.
std::unique_ptr<Halide::Internal::IRMutator> makeTransposedLoads(int registerBytes);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_TRANSPOSEDLOADS_H
