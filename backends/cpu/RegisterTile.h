// SPDX-License-Identifier: Apache-2.0
/// \file
/// The cost of register tiles of sums of products (see backends/halide/RegisterTile.cpp for what is done with them).
#ifndef DLC_BACKENDS_CPU_REGISTERTILE_H
#define DLC_BACKENDS_CPU_REGISTERTILE_H

#include "targets/Machine.h"
#include "llvm/ADT/ArrayRef.h"

namespace dlc {

/// What is to be tiled. Extents are those of the kernel's result; dynamic ones are -1.
struct RegisterTileProblem {
  int64_t columns, rows, planes;
  /// Results of the anchor op that one row and one plane of the kernel's result take (2 below a 2 x 2 pooling).
  int64_t rowResults = 1, planeResults = 1;
  int64_t depth = 1; ///< terms of a sum
  /// Columns that the packed right operand keeps together; 0: it is not packed, and columns are contiguous.
  int64_t block = 32;
  int64_t elementBytes = 4;
  /// Columns of a tile must divide this (those of a group); 0: free.
  int64_t columnsDivide = 0;
  int64_t mostPlanes = 4;
  int64_t mostRows = 28;
  /// Rows and planes of a tile must divide theirs: nothing beyond the last can be read.
  bool mustDivide = false;
  /// Inputs pass through a register, whatever the machine's instructions take from memory.
  bool needsInputRegister = false;
  /// Distance in bytes of what neighbouring rows read.
  int64_t rowBytes = 0;
};

struct RegisterTile {
  int64_t lanes = 1, columns = 1, rows = 1, planes = 1;
  double cycles = 0; ///< estimated, of the whole kernel
};

/// The cheapest tile.
RegisterTile chooseRegisterTile(const RegisterTileProblem &problem, const Machine &processor);

/// The largest share of a thread's work that is useful when `parts` equal parts go to a few threads: 1 if they divide
/// evenly.
double getSplitEfficiency(int64_t parts);

} // namespace dlc

#endif // DLC_BACKENDS_CPU_REGISTERTILE_H
