// SPDX-License-Identifier: Apache-2.0
/// \file
/// Many changes to one function's signature at the cost of one: a function type and the list of its attributes are
/// immutable, so that every single change copies them, and the context keeps all copies.
#ifndef DLC_IR_SIGNATUREBUILDER_H
#define DLC_IR_SIGNATUREBUILDER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc {

/// Collects changes to the arguments and results of one function. New arguments exist at once, as arguments of the
/// entry block; the function's type and its attributes change in `finish`, which must be called; until then
/// nothing else may change the signature.
class SignatureBuilder {
public:
  explicit SignatureBuilder(mlir::func::FuncOp function);

  unsigned getNumArguments() const { return argumentAttributes.size(); }
  unsigned getNumResults() const { return results.size(); }

  /// Adds an argument before argument `number`, or at the end.
  mlir::BlockArgument insertArgument(unsigned number, mlir::Type type, mlir::Location location,
                                     mlir::DictionaryAttr attributes = {});
  mlir::BlockArgument addArgument(mlir::Type type, mlir::Location location, mlir::DictionaryAttr attributes = {}) {
    return insertArgument(getNumArguments(), type, location, attributes);
  }
  /// Lists the entry block's next argument that the function's type lacks.
  void declareArgument(mlir::DictionaryAttr attributes) { argumentAttributes.push_back(attributes); }
  /// Adds a result at the end; the caller changes what the function returns.
  void addResult(mlir::Type type, mlir::DictionaryAttr attributes = {});

  void setArgAttr(unsigned number, llvm::StringRef name, mlir::Attribute value);
  void setResultAttr(unsigned number, llvm::StringRef name, mlir::Attribute value);

  /// Gives the function its new type and attributes.
  void finish();

private:
  mlir::func::FuncOp function;
  llvm::SmallVector<mlir::Type> results;
  llvm::SmallVector<mlir::DictionaryAttr> argumentAttributes, resultAttributes; ///< one per argument and result
};

} // namespace dlc

#endif // DLC_IR_SIGNATUREBUILDER_H
