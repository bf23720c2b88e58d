// SPDX-License-Identifier: Apache-2.0
/// \file
/// Axes that are an operand whose elements only a run knows.
#ifndef DLC_FRONTEND_ONNX_OPENAXES_H
#define DLC_FRONTEND_ONNX_OPENAXES_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// The elements of operand i if a run has to read one of them; nothing if they are known or the operand is left out.
std::optional<Dims> getOpenAxes(NodeImporter &node, int64_t i);

/// For each of `rank` dimensions, 1 if it is among `axes` (counted from the end where they are negative) and 0 if not.
Dims findAxes(NodeImporter &node, llvm::ArrayRef<mlir::AffineExpr> axes, int64_t rank);

/// Every run checks that `isChosen`, which findAxes gives for `count` axes, are as many dimensions: that no axis is out
/// of range or there twice.
void expectAxes(NodeImporter &node, llvm::ArrayRef<mlir::AffineExpr> isChosen, size_t count);

/// `x` with each dimension split in two, so that reductions of dimensions that only a run knows become those of every
/// second one: of extents e and 1 where `isChosen` is 0, and 1 and e where it is 1.
mlir::Value splitChosen(NodeImporter &node, mlir::Value x, llvm::ArrayRef<mlir::AffineExpr> isChosen);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_OPENAXES_H
