// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a tensor's layout means in memory.
#ifndef DLC_IR_LAYOUT_H
#define DLC_IR_LAYOUT_H

#include "ir/DlcDialect.h"

namespace dlc {

/// Buffers in the arena, weights and prepacked data start at multiples of this many bytes: a cache line, and a vector
/// of 512 bits.
constexpr int64_t bufferAlignment = 64;

/// The layout of `type`, or null for row-major without halo.
LayoutAttr getLayout(mlir::Type type);

/// `type` with another layout (null: none).
mlir::RankedTensorType withLayout(mlir::RankedTensorType type, LayoutAttr layout);

/// One dimension of memory, from outermost to innermost.
struct PhysicalDim {
  int64_t logical;         ///< the logical dimension that it is (a part of)
  mlir::AffineExpr extent; ///< elements or blocks of the interior, without halo
  mlir::AffineExpr stride; ///< in elements
  int64_t haloLow = 0, haloHigh = 0;
  int64_t tile =
      0; ///< > 0: this dimension is a block of `tile` elements of `logical`; 0: the elements or the blocks themselves
};

/// Memory of a tensor whose extents are `dims` (see Dims): its dimensions, and the offset of its first interior
/// element.
struct PhysicalShape {
  llvm::SmallVector<PhysicalDim, 6> dims; ///< outermost first; the last has stride 1
  mlir::AffineExpr elements;              ///< of the whole buffer, halo included
  mlir::AffineExpr interiorOffset;        ///< elements before the first interior one
};
PhysicalShape getPhysicalShape(mlir::RankedTensorType type, llvm::ArrayRef<mlir::AffineExpr> dims);

/// Bytes of one element in a buffer (i1 takes one).
int64_t getElementBytes(mlir::Type elementType);

/// Bytes of the whole buffer.
mlir::AffineExpr getBufferBytes(mlir::RankedTensorType type, llvm::ArrayRef<mlir::AffineExpr> dims);

/// The order of dimensions in memory, outermost first, if the layout has nothing else: no halo, no blocks.
std::optional<llvm::SmallVector<int64_t>> getPlainOrder(mlir::RankedTensorType type);

/// Physical dimensions of `type` from innermost to outermost, as logical ones.
llvm::SmallVector<int64_t> getDimsInnermostFirst(mlir::RankedTensorType type);

/// Whether `op` only renames its operand's memory: a reshape of a row-major tensor, or a transpose whose operand's
/// and result's layouts put the same elements at the same offsets.
bool isAlias(mlir::Operation *op);

/// Channels innermost: `[0, 2, 3, 1]` for rank 4.
LayoutAttr getChannelsLastLayout(mlir::MLIRContext *context, int64_t rank);

/// Copies `source`, a row-major tensor of static type `type` without layout, into `layout`'s order in `target` (as many
/// bytes as getBufferBytes says, zeroed by the callee). Winograd layouts are not handled here: they grow and are
/// computed at load.
void packElements(mlir::RankedTensorType packedType, llvm::ArrayRef<char> source, llvm::MutableArrayRef<char> target);

} // namespace dlc

#endif // DLC_IR_LAYOUT_H
