// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a layer or node needs to become ops of the graph.
#ifndef DLC_FRONTEND_JSON_OPCONTEXT_H
#define DLC_FRONTEND_JSON_OPCONTEXT_H

#include "frontend/json/Attributes.h"
#include "ir/DlcDialect.h"
#include "ir/TensorDescription.h"

namespace dlc::json {

/// An operand that an op may lack; a plain null operand means that building it has failed.
struct OptionalOperand {
  mlir::Value value;
  operator mlir::Value() const { return value; }
};

/// Builds the ops of one layer or node; problems are reported at its location in the file.
class OpContext {
public:
  OpContext(mlir::OpBuilder &builder, Reporter &reporter, Attributes attributes, std::string name, std::string label,
            Position position);

  /// Appends an op whose result type is inferred. Null, with an error, if the operands do not fit; null if an operand
  /// is null (its error has been reported), so that calls can be nested.
  template <typename OpTy, typename... Args> mlir::Value create(Args &&...args) {
    if (!(isUsable(args) && ...))
      return {};
    auto op = OpTy::create(builder, location, getPlaceholderType(), std::forward<Args>(args)...);
    return finish(op, [&](llvm::SmallVectorImpl<mlir::Type> &types) {
      return OpTy::inferReturnTypes(builder.getContext(), location, op->getOperands(), op->getRawDictionaryAttrs(),
                                    op->getPropertiesStorage(), op->getRegions(), types);
    });
  }
  /// The same for the op called `op`.
  mlir::Value create(llvm::StringRef op, llvm::ArrayRef<mlir::Value> operands,
                     llvm::ArrayRef<mlir::NamedAttribute> given);
  /// Elementwise, with broadcasting.
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value subtract(mlir::Value lhs, mlir::Value rhs);
  mlir::Value multiply(mlir::Value lhs, mlir::Value rhs);
  mlir::Value divide(mlir::Value lhs, mlir::Value rhs);
  /// A constant of rank 0.
  mlir::Value constant(double value, mlir::Type elementType);
  mlir::Value constant(mlir::ElementsAttr value);
  /// A constant of floating-point numbers in `shape`, row-major.
  mlir::Value numbers(llvm::ArrayRef<double> values, llvm::ArrayRef<int64_t> shape, mlir::Type elementType);
  /// The same elements in a shape in the convention of `dlc.reshape`: an extent is a number, -1 (once: what is left),
  /// or -2 - d: the operand's extent of dimension d.
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<int64_t> shape);

  /// Reports `LABEL MESSAGE` and returns null. Messages start with a verb: "expects a rank-4 input, ...".
  mlir::Value error(const llvm::Twine &message);
  /// The same at the location of an attribute.
  mlir::Value error(llvm::StringRef attribute, const llvm::Twine &message);

  mlir::OpBuilder &builder;
  Reporter &reporter;
  Attributes attributes;
  std::string name;  ///< of the layer or node
  std::string label; ///< `layer 'conv1'`
  Position position;
  mlir::Location location; ///< the name, at the location in the file

private:
  /// Whether an argument of an op is not a null operand.
  template <typename T> static bool isUsable(const T &argument) {
    constexpr bool mayBeNull = std::is_same_v<T, OptionalOperand>;
    if constexpr (std::is_convertible_v<const T &, mlir::Value> && !mayBeNull)
      return static_cast<mlir::Value>(argument) != nullptr;
    else if constexpr (std::is_convertible_v<const T &, mlir::ValueRange> && !mayBeNull)
      return !llvm::is_contained(mlir::ValueRange(argument), mlir::Value());
    else
      return true;
  }
  mlir::Type getPlaceholderType();
  mlir::Value finish(mlir::Operation *op,
                     llvm::function_ref<mlir::LogicalResult(llvm::SmallVectorImpl<mlir::Type> &)> infer);
};

/// The type of a graph value.
inline mlir::RankedTensorType typeOf(mlir::Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()); }

using dlc::describeExtents;
using dlc::describeTensor;
using dlc::describeType;

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_OPCONTEXT_H
