// SPDX-License-Identifier: Apache-2.0
/// \file
/// Extents as expressions. One function per op serves both static type inference and symbolic shapes.
#ifndef DLC_IR_SHAPEINFERENCE_H
#define DLC_IR_SHAPEINFERENCE_H

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/TypeRange.h"
#include "mlir/IR/ValueRange.h"
#include "mlir/Support/LLVM.h"
#include <optional>

namespace dlc {

/// Extents of a tensor: constants, or affine or semi-affine expressions over the symbols of an entry point.
using Dims = llvm::SmallVector<mlir::AffineExpr, 4>;

/// How many operations something takes: `dividend / divisor`, rounded down where extents are not numbers.
struct OperationCount {
  mlir::AffineExpr dividend;
  int64_t divisor = 1;
};

/// The extent if it is a constant.
std::optional<int64_t> constantDim(mlir::AffineExpr dim);

/// Whether two extents can be the same: not both constants that differ.
bool mayBeEqual(mlir::AffineExpr lhs, mlir::AffineExpr rhs);

/// Product of all extents.
mlir::AffineExpr elementCount(llvm::ArrayRef<mlir::AffineExpr> dims, mlir::MLIRContext *context);

/// `numerator / denominator`, cancelling common factors; the caller knows that it divides exactly.
mlir::AffineExpr divideExactly(mlir::AffineExpr numerator, mlir::AffineExpr denominator);

mlir::LogicalResult copyDims(llvm::ArrayRef<mlir::AffineExpr> operand, Dims &result);

/// NumPy broadcasting. Two extents that meet are required to be equal unless one is the constant 1; fails on constants
/// that differ and are not 1.
mlir::LogicalResult broadcastDims(std::optional<mlir::Location> location, llvm::ArrayRef<Dims> operands, Dims &result);

/// Those of the first operand, to which the others, scales and zero points, broadcast.
mlir::LogicalResult scaledDims(std::optional<mlir::Location> location, llvm::ArrayRef<Dims> operands, Dims &result);

/// Extents after pooling or convolving windows over the spatial dimensions of `[N, C, spatial...]`.
mlir::LogicalResult windowDims(std::optional<mlir::Location> location, llvm::ArrayRef<mlir::AffineExpr> operand,
                               llvm::ArrayRef<int64_t> kernel, llvm::ArrayRef<int64_t> strides,
                               llvm::ArrayRef<int64_t> dilations, llvm::ArrayRef<int64_t> pads, bool ceilMode,
                               Dims &result);

/// Extents of the gradient of such windows: those of their operand `x`, if the windows' own gradient fits.
mlir::LogicalResult windowGradientDims(std::optional<mlir::Location> location,
                                       llvm::ArrayRef<mlir::AffineExpr> gradient, llvm::ArrayRef<mlir::AffineExpr> x,
                                       llvm::ArrayRef<int64_t> kernel, llvm::ArrayRef<int64_t> strides,
                                       llvm::ArrayRef<int64_t> dilations, llvm::ArrayRef<int64_t> pads, bool ceilMode,
                                       Dims &result);

/// Extents after reducing `axes`, which stay with extent 1 if `keepDims`.
mlir::LogicalResult reducedDims(std::optional<mlir::Location> location, llvm::ArrayRef<mlir::AffineExpr> operand,
                                llvm::ArrayRef<int64_t> axes, bool keepDims, Dims &result);

/// Extents of the `k` largest elements along `axis`; of all if `k` is -1.
mlir::LogicalResult topKDims(std::optional<mlir::Location> location, llvm::ArrayRef<mlir::AffineExpr> operand,
                             int64_t k, int64_t axis, Dims &result);

/// The work behind every graph op's `inferReturnTypes`: turns operand types to extents (a fresh symbol for each dynamic
/// one), calls `shape`, and makes a tensor type of its result (not constant: dynamic). Extents below 0 or a tensor
/// of 2^40 elements or more are errors.
mlir::LogicalResult inferReturnType(mlir::MLIRContext *context, std::optional<mlir::Location> location,
                                    mlir::TypeRange operandTypes,
                                    llvm::function_ref<mlir::LogicalResult(llvm::ArrayRef<Dims>, Dims &)> shape,
                                    llvm::function_ref<mlir::Type()> elementType,
                                    llvm::SmallVectorImpl<mlir::Type> &types);

/// The element type of a sum of products of the first two operands: i32 for integers narrower than that, else theirs.
mlir::Type getProductType(mlir::ValueRange operands);

/// Whether types agree in element type and, where static, in shape; layouts may differ.
bool areCompatibleIgnoringLayout(mlir::TypeRange inferred, mlir::TypeRange actual);

/// Extents of a tensor type, all of which must be static.
Dims staticDims(mlir::RankedTensorType type);

} // namespace dlc

#endif // DLC_IR_SHAPEINFERENCE_H
