// SPDX-License-Identifier: Apache-2.0
/// \file
/// Ops that dlc and ONNX both have, one row each: the importer, the nodes and activation layers of JSON models, and the
/// exporter are made from it. An op whose operands need more than a row says has code of its own in each of them.
#ifndef DLC_FORMATS_ONNX_OPTABLE_H
#define DLC_FORMATS_ONNX_OPTABLE_H

#include "mlir/IR/OpDefinition.h"
#include <array>
#include <functional>
#include <string>
#include <vector>

namespace dlc::onnx_export {
class GraphWriter;
/// Writes the nodes of one op and gives the name of its result. Fails after a diagnostic.
using OpEmitter = std::function<mlir::FailureOr<std::string>(mlir::Operation *, GraphWriter &)>;
} // namespace dlc::onnx_export

namespace dlc::onnx_format {

/// Which element types an op takes. Numbers are all but bool.
enum class ElementClass { Any, Number, Real, Integer, Bool };

/// An attribute of a node, and what it is in the op.
struct OpAttribute {
  enum class Kind {
    Number, ///< a float, F64Attr in the op
    Flag,   ///< 0 or 1, BoolAttr in the op
    Choice  ///< one of two strings, BoolAttr in the op
  };
  Kind kind;
  llvm::StringRef name;      ///< in ONNX
  llvm::StringRef property;  ///< in the op
  llvm::StringRef otherwise; ///< the default, as JSON; empty: the attribute is required
  llvm::StringRef summary;
  std::array<llvm::StringRef, 2> choices{}; ///< of a Choice
  llvm::StringRef isTrue{};                 ///< the choice that is true in the op

  /// The default of a Number or Flag.
  double getDefault() const;
};

OpAttribute number(llvm::StringRef name, llvm::StringRef otherwise, llvm::StringRef summary,
                   llvm::StringRef property = "");
OpAttribute flag(llvm::StringRef name, llvm::StringRef otherwise, llvm::StringRef summary);
OpAttribute choice(llvm::StringRef name, llvm::StringRef property, std::array<llvm::StringRef, 2> choices,
                   llvm::StringRef isTrue, llvm::StringRef otherwise, llvm::StringRef summary);

struct OpRow {
  std::string name;   ///< of the node: NAME, or DOMAIN.NAME outside ONNX's default domain
  int64_t since;      ///< first opset of its domain; 0: ONNX lacks it, and only JSON models may have it
  llvm::StringRef op; ///< with its dialect
  unsigned operands;  ///< 1 or 2, of one element type, which broadcast
  ElementClass elements;
  std::vector<OpAttribute> attributes;
  bool isVariadic = false;               ///< one op between the first operand and each other one
  bool isWritten = true;                 ///< the exporter uses this row for the op
  onnx_export::OpEmitter emit = nullptr; ///< writes the op; null: as the node that the row describes
  int64_t integersBefore = 0;            ///< the opset from which on it does not take integers (as doubles, truncated)
  std::string activation = "";           ///< summary of the activation layer of JSON models; empty: none

  OpRow &&variadic() && { return isVariadic = true, std::move(*this); }
  OpRow &&onlyRead() && { return isWritten = false, std::move(*this); }
  OpRow &&takesIntegersBefore(int64_t opset) && { return integersBefore = opset, std::move(*this); }
  /// JSON models have an activation and a layer, called as the op, with the op's attributes.
  OpRow &&withLayer(std::string summary) && { return activation = std::move(summary), std::move(*this); }
  /// What the opset that files ask for lacks, or has only in part, is written as other nodes.
  template <typename OpTy, typename Function> OpRow &&writtenBy(Function function) && {
    emit = [function](mlir::Operation *op, onnx_export::GraphWriter &writer) {
      return mlir::FailureOr<std::string>(function(llvm::cast<OpTy>(op), writer));
    };
    return std::move(*this);
  }
};

/// The row of an op of one or two operands, which are all that it has.
template <typename OpTy>
OpRow row(std::string name, int64_t since, ElementClass elements, std::vector<OpAttribute> attributes = {}) {
  constexpr bool isUnary = OpTy::template hasTrait<mlir::OpTrait::OneOperand>();
  return {std::move(name), since, OpTy::getOperationName(), isUnary ? 1u : 2u, elements, std::move(attributes)};
}

/// All rows, by family.
llvm::ArrayRef<OpRow> getOpTable();

/// The version of a domain that has all of its rows.
int64_t getVersion(llvm::StringRef domain);

using OpRows = std::vector<OpRow>;
void addElementwiseOps(OpRows &rows);
void addLogicOps(OpRows &rows);
void addActivationOps(OpRows &rows);

} // namespace dlc::onnx_format

#endif // DLC_FORMATS_ONNX_OPTABLE_H
