// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the importer of one op sees: its node's operands and attributes, and ways to make ops and set results.
#ifndef DLC_FRONTEND_ONNX_NODEIMPORTER_H
#define DLC_FRONTEND_ONNX_NODEIMPORTER_H

#include "frontend/onnx/ImportState.h"
#include "llvm/ADT/StringSet.h"

namespace dlc::onnx_import {

/// Once an error is reported, the node has failed: ops are no longer made (null values come back, which may be passed
/// on) and results are not set. So importers need no check after each step.
class NodeImporter {
public:
  NodeImporter(ImportState &importer, const onnx::NodeProto &node, Scope &scope, const AttributeMap &attributes,
               int64_t opset);

  int64_t getOpset() const { return opset; }
  mlir::OpBuilder &getBuilder() { return importer.getBuilder(); }
  mlir::MLIRContext *getContext() { return importer.getContext(); }
  ImportState &getImporter() { return importer; }
  Scope &getScope() { return scope; }

  //===-- Errors -----------------------------------------------------------===//

  /// Reports an error that names the node, and marks it as failed.
  mlir::InFlightDiagnostic error();
  /// "node 'conv1' (Conv)", and its operands with their types, for messages.
  std::string describeNode() const;
  std::string describeOperands() const;
  /// The node's location, after which its ops and kernels are named.
  mlir::Location getLocation() const { return location; }
  void markFailed() { failed = true; }
  bool hasFailed() const { return failed; }
  /// Whether an operand's own node has failed, which was reported there.
  bool dependsOnFailure() const;
  /// Marks results of a failed node; an op that set no result is an error.
  mlir::LogicalResult finish();

  //===-- Operands ---------------------------------------------------------===//

  /// Number of operands, trailing ones that are left out excluded.
  int64_t getNumOperands() const { return operands.size(); }
  bool hasOperand(int64_t i) const { return i < getNumOperands() && operands[i]; }
  /// Reports an error unless there are at least `least` and at most `most` operands and the first `least` are given.
  bool expectOperands(int64_t least, int64_t most);
  /// A graph value; null (after an error) if it is missing.
  mlir::Value getOperand(int64_t i);
  /// Types and extents of operands are there whether or not the node has failed, so that importers that continue find
  /// what they checked.
  mlir::Type getElementType(int64_t i) { return checkOperand(i) ? operands[i]->elementType : mlir::Type(); }
  llvm::ArrayRef<mlir::AffineExpr> getDims(int64_t i);
  int64_t getRank(int64_t i) { return getDims(i).size(); }
  Tensor *getTensor(int64_t i) { return operands[i]; }
  /// Elements that are known at import; null if they are not (which is not an error).
  const KnownValue *getKnown(int64_t i);
  /// The same for elements that a run reads before it starts (see followElements).
  const KnownValue *followOperand(int64_t i) { return hasOperand(i) ? importer.followElements(*operands[i]) : nullptr; }
  /// The same for elements that a run reads back (see readElements).
  const KnownValue *readOperand(int64_t i) { return hasOperand(i) ? importer.readElements(*operands[i]) : nullptr; }
  /// Reports an error where an operand is a sequence or an optional value.
  bool operandsAreTensors();
  bool operandsAreKnown();
  /// Elements of an operand that must be known; an error names it as `what`. Extents may be symbolic, and, with
  /// `readsBack`, read while the run goes on.
  std::optional<Dims> getKnownExtents(int64_t i, llvm::StringRef what, bool readsBack = true);
  std::optional<llvm::SmallVector<int64_t>> getKnownIntegers(int64_t i, llvm::StringRef what);
  std::optional<llvm::SmallVector<double>> getKnownReals(int64_t i, llvm::StringRef what);

  //===-- Attributes -------------------------------------------------------===//
  // A getter reports an error where the attribute has another type.

  bool hasAttribute(llvm::StringRef name);
  /// Whether anybody has asked for it.
  bool hasRead(llvm::StringRef name) const { return read.contains(name); }
  int64_t getInteger(llvm::StringRef name, int64_t otherwise);
  /// An integer that is 0 or 1; others are an error, since engines disagree about them.
  bool getFlag(llvm::StringRef name, bool otherwise = false);
  double getReal(llvm::StringRef name, double otherwise);
  std::string getString(llvm::StringRef name, llvm::StringRef otherwise);
  std::optional<llvm::SmallVector<int64_t>> getIntegers(llvm::StringRef name);
  std::optional<llvm::SmallVector<double>> getReals(llvm::StringRef name);
  std::optional<llvm::SmallVector<std::string>> getStrings(llvm::StringRef name);
  ConstantTensor getTensorAttribute(llvm::StringRef name);
  const onnx::GraphProto *getGraph(llvm::StringRef name);
  /// Sizes of a window: `count` integers of at least `minimum` and below 2^31, or `count` times `otherwise` if there is
  /// none.
  llvm::SmallVector<int64_t> getSizes(llvm::StringRef name, int64_t count, int64_t otherwise, int64_t minimum);
  /// An element type that an attribute of type INT names.
  mlir::Type getTypeAttribute(llvm::StringRef name, mlir::Type otherwise);
  /// `axis` counted from the front, an error if it is not one of `rank` dimensions.
  int64_t normalizeAxis(int64_t axis, int64_t rank);
  /// The same for several, which must differ; ascending.
  llvm::SmallVector<int64_t> normalizeAxes(llvm::ArrayRef<int64_t> axes, int64_t rank);

  //===-- Results ----------------------------------------------------------===//

  int64_t getNumResults() const { return results.size(); }
  /// Whether the model reads result i (or at least names it).
  /// Null if it is not set yet.
  Tensor *getResult(int64_t i) const { return results[i]; }
  bool hasResult(int64_t i) const { return i < getNumResults() && !node.output(i).empty(); }
  void setResult(int64_t i, mlir::Value value);
  void setKnown(int64_t i, KnownValue value);
  void setConstant(int64_t i, ConstantTensor constant);
  /// Result i is another tensor, with all that is known of it.
  void setTensor(int64_t i, Tensor *tensor);
  /// Result i is a sequence, or an optional value.
  void setElements(int64_t i, llvm::SmallVector<Tensor *> elements, bool isOptional = false);
  bool hasAllResults() const;

  //===-- Ops --------------------------------------------------------------===//

  /// Makes an op of the graph level, whose result type is inferred; an error where its operands do not fit.
  template <typename OpTy, typename... Args> mlir::Value create(Args &&...args) {
    if (failed)
      return {};
    return complete(OpTy::create(getBuilder(), location, getPlaceholderType(), std::forward<Args>(args)...));
  }
  /// The same for the op called `op`.
  mlir::Value create(llvm::StringRef op, mlir::ValueRange operands, llvm::ArrayRef<mlir::NamedAttribute> attributes);
  /// Elementwise, with broadcasting.
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value subtract(mlir::Value lhs, mlir::Value rhs);
  mlir::Value multiply(mlir::Value lhs, mlir::Value rhs);
  mlir::Value divide(mlir::Value lhs, mlir::Value rhs);
  llvm::ArrayRef<mlir::AffineExpr> getDims(mlir::Value value) const { return importer.getDims(value); }
  /// A tensor of `shape` filled with `number`.
  mlir::Value createFilled(mlir::Type elementType, llvm::ArrayRef<int64_t> shape, double number);
  mlir::Value createFilled(mlir::Type elementType, llvm::ArrayRef<int64_t> shape, mlir::Attribute element);
  mlir::Value createScalar(mlir::Type elementType, double number) { return createFilled(elementType, {}, number); }
  /// Integers as a tensor of rank 1.
  mlir::Value createIntegers(mlir::Type elementType, llvm::ArrayRef<int64_t> values);
  /// Numbers as a tensor of `shape`, row-major, rounded to `elementType`.
  mlir::Value createReals(mlir::Type elementType, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<double> values);
  /// `value` in the shape `dims`, which has as many elements.
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<mlir::AffineExpr> dims);
  /// `extent` in an op's list of extents: a number, or -2 - dim for the operand's own along `dim`.
  static int64_t numberOrDim(mlir::AffineExpr extent, int64_t dim) { return constantDim(extent).value_or(-2 - dim); }
  /// Every run checks that `extent` is in `relation` to `other`; the error names the node.
  void expectInRun(ExtentRelation relation, mlir::AffineExpr extent, mlir::AffineExpr other) {
    importer.addExtentCheck(relation, extent, other, location);
  }
  /// A `dlc.shape`: what ops take whose results have extents that a run computes.
  mlir::Value createShape(llvm::ArrayRef<mlir::AffineExpr> dims) {
    return failed ? mlir::Value() : importer.createShape(dims, location);
  }
  /// The extent that is the value of `count`, which the run computes: at most `bound`, if there is one. Null after an
  /// error.
  mlir::AffineExpr readBack(mlir::Value count, mlir::AffineExpr bound = {});
  /// The graph value of `tensor`, no sequence, which the node's subgraph `part` ("body", "branch") gives; null after an
  /// error.
  mlir::Value materializeResult(Tensor &tensor, llvm::StringRef part);
  /// `value` broadcast to `dims`.
  mlir::Value expand(mlir::Value value, llvm::ArrayRef<mlir::AffineExpr> dims);
  /// `number` in the shape `dims`, which may be symbolic.
  mlir::Value fill(mlir::Type elementType, llvm::ArrayRef<mlir::AffineExpr> dims, double number);
  /// 0, 1, ... to an extent, as i64.
  mlir::Value countTo(mlir::AffineExpr extent);
  /// Elements of `value` from `starts` in steps of `steps`, all of which are inside.
  mlir::Value slice(mlir::Value value, llvm::ArrayRef<mlir::AffineExpr> starts, llvm::ArrayRef<mlir::AffineExpr> sizes,
                    llvm::ArrayRef<int64_t> steps);
  /// The first elements of `value` along each dimension, `extents` of them.
  mlir::Value cutTo(mlir::Value value, llvm::ArrayRef<mlir::AffineExpr> extents);
  /// `value` with zeros behind its elements along each dimension, `extents` in all.
  mlir::Value padTo(mlir::Value value, llvm::ArrayRef<mlir::AffineExpr> extents);
  /// `size` elements of dimension `dim` of `value` from `start` on.
  mlir::Value sliceAlong(mlir::Value value, int64_t dim, int64_t start, int64_t size);
  /// An integer that follows from extents, as a tensor of rank 0.
  mlir::Value createInteger(mlir::Type elementType, mlir::AffineExpr value);
  /// Elements that are known, perhaps as expressions of extents, as a tensor.
  mlir::Value createKnown(KnownValue value);
  /// `value` as `elementType`, which it may already have.
  mlir::Value cast(mlir::Value value, mlir::Type elementType);
  mlir::FloatAttr real(double number) { return getBuilder().getF64FloatAttr(number); }
  mlir::IntegerAttr integer(int64_t number) { return getBuilder().getI64IntegerAttr(number); }
  mlir::BoolAttr flag(bool holds) { return getBuilder().getBoolAttr(holds); }
  mlir::DenseI64ArrayAttr integers(llvm::ArrayRef<int64_t> values) { return getBuilder().getDenseI64ArrayAttr(values); }
  mlir::AffineExpr extent(int64_t number) { return getBuilder().getAffineConstantExpr(number); }

private:
  /// Whether there is an operand i, which is an error if not.
  bool checkOperand(int64_t i);
  void reportUnknown(int64_t i, llvm::StringRef what);
  const onnx::AttributeProto *findPlain(llvm::StringRef name, int type);
  const onnx::AttributeProto *getAttribute(llvm::StringRef name, int type, llvm::StringRef typeName);
  mlir::Value complete(mlir::Operation *op);
  /// A constant, each of whose elements `write` stores.
  mlir::Value createElements(mlir::RankedTensorType type, llvm::function_ref<void(size_t position, char *bytes)> write);
  mlir::RankedTensorType getPlaceholderType() { return mlir::RankedTensorType::get({}, getBuilder().getF32Type()); }
  Tensor *newResult(int64_t i);

  ImportState &importer;
  const onnx::NodeProto &node;
  Scope &scope;
  const AttributeMap &attributes;
  int64_t opset;
  mlir::Location location;
  llvm::SmallVector<Tensor *> operands; ///< null: left out
  llvm::SmallVector<Tensor *> results;  ///< null: not set yet
  llvm::StringSet<> read;               ///< names of attributes
  bool failed = false;
};

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_NODEIMPORTER_H
