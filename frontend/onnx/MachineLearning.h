// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the classifiers and regressors of ai.onnx.ml share.
#ifndef DLC_FRONTEND_ONNX_MACHINELEARNING_H
#define DLC_FRONTEND_ONNX_MACHINELEARNING_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// Operand 0 as rows of features of `elementType`, [rows, features]: a vector is one row. Null after an error, as where
/// the number of features is not known.
mlir::Value getFeatures(NodeImporter &node, mlir::Type elementType);

/// `scores`, [rows, classes], after the node's attribute `post_transform`.
mlir::Value transformScores(NodeImporter &node, mlir::Value scores);

/// Labels of classes, which are integers; an error names the node where they are strings. Nothing after an error.
std::optional<llvm::SmallVector<int64_t>> getClassLabels(NodeImporter &node);

/// The label of each row, i64 of rank 1: the label of the first of its largest `scores`.
mlir::Value chooseLabels(NodeImporter &node, mlir::Value scores, llvm::ArrayRef<int64_t> labels);

/// `labels[1]` where `isSecond`, else `labels[0]`: i64 of rank 1.
mlir::Value chooseLabel(NodeImporter &node, mlir::Value isSecond, llvm::ArrayRef<int64_t> labels);

/// The scores of two classes, [rows, 2], of which only the second one has one, [rows, 1], after `post_transform`: the
/// first one's is the negative one if `isSigned`, else what is missing to 1.
mlir::Value completeScores(NodeImporter &node, mlir::Value score, bool isSigned);

/// Columns side by side.
mlir::Value joinColumns(NodeImporter &node, mlir::Value first, mlir::Value second);
/// [rows, 1] as [rows].
mlir::Value dropColumn(NodeImporter &node, mlir::Value x);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_MACHINELEARNING_H
