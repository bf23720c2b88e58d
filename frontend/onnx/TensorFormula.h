// SPDX-License-Identifier: Apache-2.0
/// \file
/// Formulas over small tensors that a run computes, so that an importer reads like the definition of its op.
#ifndef DLC_FRONTEND_ONNX_TENSORFORMULA_H
#define DLC_FRONTEND_ONNX_TENSORFORMULA_H

#include "frontend/onnx/NodeImporter.h"
#include "ir/Formula.h"

namespace dlc::onnx_import {

/// A tensor in a formula; a number takes the element type of the tensor beside it.
class Term : public FormulaTerm<Term, NodeImporter> {
public:
  using FormulaTerm::FormulaTerm;
  mlir::Type getType() const { return value ? mlir::getElementTypeOrSelf(value) : mlir::Type(); }

  /// `number` as a scalar of this element type.
  Term number(double number) const;
  Term cast(mlir::Type type) const { return value ? make(writer->cast(value, type)) : Term(); }
  Term reshape(llvm::ArrayRef<mlir::AffineExpr> dims) const {
    return value ? make(writer->reshape(value, dims)) : Term();
  }
  /// The element at `index` of a tensor of rank 1, as a scalar.
  Term at(int64_t index) const;
  Term floor() const;
  Term ceil() const;
  Term abs() const;
  Term logicalNot() const;
  Term min(const Term &other) const;
  Term max(const Term &other) const;
  /// The sum along `dim`; booleans have none.
  Term sum(int64_t dim, bool keepsDim = false) const;
  /// Whether any element along `dim` of this tensor of booleans is true.
  Term any(int64_t dim) const;
};

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_TENSORFORMULA_H
