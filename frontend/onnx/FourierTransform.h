// SPDX-License-Identifier: Apache-2.0
/// \file
/// Discrete Fourier transforms whose number of samples is known when the model is compiled.
#ifndef DLC_FRONTEND_ONNX_FOURIERTRANSFORM_H
#define DLC_FRONTEND_ONNX_FOURIERTRANSFORM_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// What a discrete Fourier transform computes.
struct Transform {
  int64_t size; ///< of the signal in time; more samples are cut off, missing ones are zero
  bool isInverse, isOneSided;

  /// Of a one-sided inverse transform the operand is half a spectrum, of any other one a signal.
  int64_t getSamples() const { return isInverse && isOneSided ? size / 2 + 1 : size; }
  int64_t getBins() const { return !isInverse && isOneSided ? size / 2 + 1 : size; }
  bool isReal() const { return isInverse && isOneSided; }
};

/// The transform of `x` along its last dimension but one; the last holds a real, or a real and an imaginary part. Null
/// after an error.
///
/// Few samples are multiplied by a matrix of cosines and sines. More are transformed in two steps, along the rows and
/// the columns of a matrix of them (Cooley and Tukey), and where their number is a large prime by a convolution with a
/// chirp (Bluestein): the work grows as n log n.
mlir::Value transform(NodeImporter &node, mlir::Value x, const Transform &what);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_FOURIERTRANSFORM_H
