// SPDX-License-Identifier: Apache-2.0
/// \file
/// The bytes of constants.
#ifndef DLC_IR_CONSTANTDATA_H
#define DLC_IR_CONSTANTDATA_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>
#include <vector>

namespace dlc {

/// The elements of a constant, row-major, at any alignment; i1 takes a byte. Large ones are borrowed from the
/// ConstantTable.
class ConstantData {
public:
  /// Fails (nullopt) if `value` is a resource without data or with data of the wrong size.
  static std::optional<ConstantData> get(mlir::ElementsAttr value);
  /// The same for a `dlc.constant`; nullopt if `value` is anything else.
  static std::optional<ConstantData> get(mlir::Value value);

  mlir::RankedTensorType getType() const { return type; }
  /// All elements are equal; one is stored.
  bool isSplat() const { return splat; }
  /// All bytes, or one element's if this is a splat.
  llvm::ArrayRef<char> getBytes() const { return owned.empty() ? borrowed : llvm::ArrayRef<char>(owned); }
  /// Element `index` (row-major) as a double, for any element type.
  double getDouble(int64_t index) const;

private:
  mlir::RankedTensorType type;
  bool splat = false;
  llvm::ArrayRef<char> borrowed;
  std::vector<char> owned;
};

/// The number that all elements of `value` are, if it is such a constant (of at least one element).
std::optional<double> getUniformConstant(mlir::Value value);
/// The same for floating-point constants only.
std::optional<double> getUniformFloat(mlir::Value value);

/// A constant of `type` (without layout) with a copy of `bytes`, which hold its elements row-major.
mlir::ElementsAttr makeConstant(mlir::RankedTensorType type, llvm::ArrayRef<char> bytes);

/// The same without a copy, unless it is small: `bytes` are in a block of the ConstantTable, at any alignment. `name`
/// is the constant's name in printed IR.
mlir::ElementsAttr borrowConstant(mlir::RankedTensorType type, llvm::ArrayRef<char> bytes, llvm::StringRef name);

/// A constant of floating-point `type` with these values, rounded to nearest even.
mlir::ElementsAttr makeConstantFromDoubles(mlir::RankedTensorType type, llvm::ArrayRef<double> values);

/// One number of `elementType`, rounded to nearest even, as a constant of rank 0 at the builder's insertion point.
mlir::Value createScalar(mlir::OpBuilder &builder, mlir::Location location, double value, mlir::Type elementType);

/// The same elements with another type of the same size; nothing is copied.
mlir::ElementsAttr reshapeConstant(mlir::ElementsAttr value, mlir::RankedTensorType type);

/// A constant of `type` whose elements are those of `value` from index `first` on; nothing is copied, unless it is
/// small.
mlir::ElementsAttr sliceConstant(mlir::ElementsAttr value, mlir::RankedTensorType type, int64_t first);

} // namespace dlc

#endif // DLC_IR_CONSTANTDATA_H
