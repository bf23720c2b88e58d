// SPDX-License-Identifier: Apache-2.0
/// \file
/// Sequences whose length only a run knows: their leading elements have one type and one shape, and are the rows of one
/// tensor (`Tensor::leading`, [count, ...]). Elements that are known while importing may follow.
#ifndef DLC_FRONTEND_ONNX_OPENSEQUENCE_H
#define DLC_FRONTEND_ONNX_OPENSEQUENCE_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// Sets result `i` to the sequence of the rows of `rows` and, behind them, `elements`.
void setOpenSequence(NodeImporter &node, int64_t i, Tensor *rows, llvm::SmallVector<Tensor *> elements = {});

/// The sequence as the body of a loop sees it that may only append to it: its leading elements have no value.
Tensor *makeGrowingSequence(NodeImporter &node, llvm::StringRef name);

/// `value` as an element of a sequence.
Tensor *makeElement(NodeImporter &node, mlir::Value value);

/// `elements`, tensors of one type and one shape, as rows of one tensor; null after an error, which says what needs
/// that.
mlir::Value stackElements(NodeImporter &node, llvm::ArrayRef<Tensor *> elements, llvm::StringRef what);

/// `rows`, [count, ...], as rows of the type `type` and the shape `row`. If these cannot be theirs it is an error,
/// which says what needs that; if a run decides, the run checks it.
mlir::Value fitRows(NodeImporter &node, mlir::Value rows, mlir::Type type, llvm::ArrayRef<mlir::AffineExpr> row,
                    llvm::StringRef what);

/// All elements of `sequence`, which has some, as the rows of one tensor; null after an error.
mlir::Value getRows(NodeImporter &node, const Tensor &sequence, llvm::StringRef what);

/// The row of `rows` that the operand `i` chooses, counted from the end if it is negative.
mlir::Value chooseRow(NodeImporter &node, mlir::Value rows, int64_t i);

/// The rows of `rows` side by side in dimension `axis` of the result: a new one, or one that a row has already.
mlir::Value joinRows(NodeImporter &node, mlir::Value rows, int64_t axis, bool isNewAxis);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_OPENSEQUENCE_H
