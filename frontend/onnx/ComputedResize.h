// SPDX-License-Identifier: Apache-2.0
/// \file
/// Resizing by factors, or of a region, that a run computes.
#ifndef DLC_FRONTEND_ONNX_COMPUTEDRESIZE_H
#define DLC_FRONTEND_ONNX_COMPUTEDRESIZE_H

#include "frontend/onnx/TensorFormula.h"
#include "ir/DlcDialect.h"

namespace dlc::onnx_import {

/// One dimension that is resized. Numbers are f64 scalars.
struct ComputedAxis {
  int64_t dim;
  mlir::AffineExpr size;  ///< extent of the result
  Term scale;             ///< by which coordinates are transformed
  Term start, end;        ///< of the region that is resized; without value for the whole dimension
  mlir::AffineExpr reach; ///< antialiasing averages so many neighbours on each side; null without it
};

/// How an element is computed of its neighbours, as the attributes of `dlc.resize` say it.
struct Interpolation {
  ResizeMode mode;
  llvm::StringRef coordinateMode, nearestMode;
  double cubicCoefficient, extrapolationValue;
  bool excludesOutside, antialiases;

  /// How far a neighbour that counts is from the coordinate, where nothing is averaged.
  int64_t radius() const { return mode == ResizeMode::Linear ? 1 : 2; }
};

/// The factor in operand `operand`, a scalar of its own type, as an axis of `extent` elements takes it: the axis's size
/// and scale are set, and its reach if the interpolation antialiases. A run in which the factor is not positive, or the
/// size above 2^31 - 1, fails.
void scaleAxis(NodeImporter &node, const Interpolation &interpolation, const Term &factor, ComputedAxis &axis);

/// floor(extent * factor), with the product rounded to f32, as an extent of at most `bound` that the run reads back.
/// Null in the step of a loop.
mlir::AffineExpr readScaledExtent(NodeImporter &node, mlir::AffineExpr extent, double factor, mlir::AffineExpr bound);

/// Operand 0 resized along `axes`, one after another. Null after an error.
mlir::Value resizeByRun(NodeImporter &node, const Interpolation &interpolation, llvm::ArrayRef<ComputedAxis> axes);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_COMPUTEDRESIZE_H
