// SPDX-License-Identifier: Apache-2.0
/// \file
/// Descriptions of custom ops: what an importer has to know of ops that C functions compute.
///
/// They are written in JSON, as the section `ops` of a model or a file of their own:
/// \code
///   { "windows": { "inputs": [["N", "T"]], "outputs": [["N", "T - size + 1"]], "types": ["f32"],
///                  "gradient": "windows_gradient" } }
/// \endcode
/// An extent of an input is a number or a name, and one of an output an expression over such names and the integer
/// attributes of the node; `"..."` is any number of extents, the same everywhere.
#ifndef DLC_FRONTEND_CUSTOMOPS_H
#define DLC_FRONTEND_CUSTOMOPS_H

#include "formats/json/Document.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/Types.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace dlc {

/// One op.
struct CustomOpDescription {
  using Extents = std::vector<std::string>;

  std::string name;
  std::vector<Extents> inputs, outputs;
  /// Element types of the outputs; an output without one has that of the first input.
  std::vector<std::string> types;
  std::string gradient; ///< the op that computes the gradients of the inputs; empty: none
  /// Names of extents that a run computes, with their largest values, expressions (empty: no bound).
  std::vector<std::pair<std::string, std::string>> computed;
  std::string extents; ///< the op that computes them, one i64 each; empty if there are none
  bool hasEffects = false;
};

/// All ops that a model may name.
class CustomOps {
public:
  /// Adds the ops of `section`, a JSON object. Reports each problem.
  void read(const json::JsonValue &section, const json::ReportError &report);
  /// Adds those of `other` that are not here.
  void merge(const CustomOps &other);
  /// Null if there is no such op.
  const CustomOpDescription *find(llvm::StringRef name) const;
  std::vector<llvm::StringRef> getNames() const;
  bool empty() const { return ops.empty(); }

private:
  std::vector<CustomOpDescription> ops;
};

/// Reads the file of descriptions at `path`. Null after errors, of which the position's line is 0 if the file as a
/// whole is meant.
std::shared_ptr<const CustomOps> readCustomOps(llvm::StringRef path, const json::ReportError &report);

/// The element type that descriptions call `name` ("f32"); null if there is none.
mlir::Type getCustomElementType(llvm::StringRef name, mlir::MLIRContext *context);

/// Parses `text`, an expression of extents with + - * / % (quotients rounded down), min, max, parentheses, numbers and
/// names, of which `lookUp` gives the values. Null after an error, which `problem` says.
mlir::AffineExpr parseExtent(llvm::StringRef text, mlir::MLIRContext *context,
                             llvm::function_ref<mlir::AffineExpr(llvm::StringRef)> lookUp, std::string &problem);

} // namespace dlc

#endif // DLC_FRONTEND_CUSTOMOPS_H
