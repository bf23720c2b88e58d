// SPDX-License-Identifier: Apache-2.0
/// \file
/// Constants at which quotients and powers are singular.
#ifndef DLC_IR_SINGULARITY_H
#define DLC_IR_SINGULARITY_H

#include "mlir/IR/Value.h"

namespace dlc {

/// Whether all elements of `value` are the same constant number, and that is finite.
bool isFiniteConstant(mlir::Value value);
/// Whether elements of `value` can be 0 or infinite, as divisors of a quotient: it is not a constant or an extent.
bool mayBeSingularDivisor(mlir::Value value);
/// Whether a^b and its derivative with respect to a are finite for every a: b is a constant whole number from 0.
bool isPolynomialExponent(mlir::Value exponent);

} // namespace dlc

#endif // DLC_IR_SINGULARITY_H
