// SPDX-License-Identifier: Apache-2.0
/// \file
/// Typed access to the discardable attributes of the dialect, which Annotations.def lists:
///
///     StringAttr name = annotation::name.getOfArgument(function, 0);
///     annotation::lengths.set(comparison, builder.getUnitAttr());
#ifndef DLC_IR_ANNOTATIONS_H
#define DLC_IR_ANNOTATIONS_H

#include "ir/DlcDialect.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace dlc {
/// The number of elements that a dimension has at most.
inline constexpr int64_t largestExtent = (int64_t(1) << 31) - 1;
} // namespace dlc

#include "ir/AnnotationEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "ir/Annotations.h.inc"

namespace dlc {

/// Where an attribute may be.
enum AnnotationPosition : uint8_t { OnModule = 1, OnFunction = 2, OnOp = 4, OnArgument = 8, OnResult = 16 };

/// A discardable attribute: its key, with values of the type `Value`. Where it is absent, what reads it gives null.
template <typename Value> class Annotation {
public:
  constexpr explicit Annotation(llvm::StringLiteral key) : key(key) {}

  constexpr llvm::StringLiteral getKey() const { return key; }

  Value get(mlir::Operation *op) const { return op->getAttrOfType<Value>(key); }
  Value getOfArgument(mlir::FunctionOpInterface function, unsigned number) const {
    return function.getArgAttrOfType<Value>(number, key);
  }
  Value getOfResult(mlir::FunctionOpInterface function, unsigned number) const {
    return function.getResultAttrOfType<Value>(number, key);
  }

  void set(mlir::Operation *op, Value value) const { op->setAttr(key, value); }
  /// `signature` is a function or a SignatureBuilder, which is cheaper if there is more to change.
  template <typename Signature> void setOfArgument(Signature &signature, unsigned number, Value value) const {
    signature.setArgAttr(number, key, value);
  }
  template <typename Signature> void setOfResult(Signature &signature, unsigned number, Value value) const {
    signature.setResultAttr(number, key, value);
  }
  void remove(mlir::Operation *op) const { op->removeAttr(key); }

  /// For the dictionaries of arguments and results.
  mlir::NamedAttribute with(Value value) const { return {key, value}; }

private:
  llvm::StringLiteral key;
};

/// One constant per attribute.
namespace annotation {
#define DLC_ANNOTATION(NAME, KEY, TYPE, POSITIONS) inline constexpr Annotation<TYPE> NAME{KEY};
#include "ir/Annotations.def"
} // namespace annotation

/// The names that the extents of the arguments of a loop's step or of a branch are over, null for other functions.
mlir::ArrayAttr getOutlinedSymbols(mlir::FunctionOpInterface function);

} // namespace dlc

#endif // DLC_IR_ANNOTATIONS_H
