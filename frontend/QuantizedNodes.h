// SPDX-License-Identifier: Apache-2.0
/// \file
/// Nodes of quantized tensors, which ONNX files and the nodes of JSON models share: how each becomes ops of the graph.
#ifndef DLC_FRONTEND_QUANTIZEDNODES_H
#define DLC_FRONTEND_QUANTIZEDNODES_H

#include "ir/DlcDialect.h"
#include <functional>
#include <string>
#include <vector>

namespace dlc {

/// Window of a convolution, one number per spatial dimension; low pads, then high pads.
struct ConvolutionWindow {
  llvm::SmallVector<int64_t> strides, dilations, pads;
  int64_t groups = 1;
};

/// Window of a pool.
struct PoolWindow {
  llvm::SmallVector<int64_t> kernel, strides, pads;
  bool ceilMode = false;
};

/// A node in one of the formats. After an error values are null, and may be passed on.
class QuantizedNode {
public:
  virtual ~QuantizedNode() = default;

  virtual mlir::OpBuilder &getBuilder() = 0;
  virtual size_t getNumResults() const = 0;
  virtual bool hasOperand(size_t i) const = 0;
  /// Operand `i`; null if it is left out. Numbers that a JSON model writes instead of a tensor become `literalType`.
  virtual mlir::Value getOperand(size_t i, mlir::Type literalType) = 0;
  virtual int64_t getInteger(llvm::StringRef name) = 0;
  virtual double getNumber(llvm::StringRef name) = 0;
  /// Null if the attribute is not given.
  virtual mlir::Type getElementType(llvm::StringRef name) = 0;
  /// The window of a convolution of operand `x` with operand `w`; nothing after an error.
  virtual std::optional<ConvolutionWindow> getConvolution(size_t x, size_t w) = 0;
  virtual std::optional<PoolWindow> getPool() = 0;
  virtual mlir::Value create(llvm::StringRef op, llvm::ArrayRef<mlir::Value> operands,
                             llvm::ArrayRef<mlir::NamedAttribute> attributes) = 0;
  virtual mlir::Value createScalar(double number, mlir::Type elementType) = 0;
  /// Reports an error; messages start with a verb.
  virtual mlir::Value fail(const llvm::Twine &message) = 0;

  /// Appends an op; null if an operand is.
  template <typename OpTy>
  mlir::Value make(llvm::ArrayRef<mlir::Value> operands, llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    return llvm::is_contained(operands, mlir::Value()) ? mlir::Value()
                                                       : create(OpTy::getOperationName(), operands, attributes);
  }
  mlir::NamedAttribute named(llvm::StringRef name, mlir::Attribute value) {
    return getBuilder().getNamedAttr(name, value);
  }
  mlir::NamedAttribute named(llvm::StringRef name, llvm::ArrayRef<int64_t> values) {
    return named(name, getBuilder().getDenseI64ArrayAttr(values));
  }
  mlir::NamedAttribute named(llvm::StringRef name, bool holds) { return named(name, getBuilder().getBoolAttr(holds)); }
  mlir::NamedAttribute named(llvm::StringRef name, int64_t number) {
    return named(name, getBuilder().getI64IntegerAttr(number));
  }

  /// Elementwise, with broadcasting.
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value subtract(mlir::Value lhs, mlir::Value rhs);
  mlir::Value multiply(mlir::Value lhs, mlir::Value rhs);
  mlir::Value divide(mlir::Value lhs, mlir::Value rhs);

  mlir::Value cast(mlir::Value x, mlir::Type type);
  /// `shape` in the convention of `dlc.reshape`.
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<int64_t> shape);
  mlir::Value quantize(mlir::Value x, mlir::Value scale, mlir::Value zeroPoint, mlir::Type to, bool saturate = true);
  mlir::Value dequantize(mlir::Value x, mlir::Value scale, mlir::Value zeroPoint);
  /// `x - zeroPoint`; `x` if there is none.
  mlir::Value center(mlir::Value x, mlir::Value zeroPoint);
  /// `x`, a tensor of rank 1 or of one element, as one number or as one per element of dimension `rank - after - 1` of
  /// a tensor.
  mlir::Value perAxis(mlir::Value x, int64_t after);

  static mlir::RankedTensorType typeOf(mlir::Value value) {
    return llvm::cast<mlir::RankedTensorType>(value.getType());
  }
  static mlir::Type elementOf(mlir::Value value) { return typeOf(value).getElementType(); }
};

struct DynamicallyQuantized {
  mlir::Value elements, scale, zeroPoint;
};
/// `x`, of f32, as u8 with a scale and zero point that follow from its range.
DynamicallyQuantized quantizeDynamically(QuantizedNode &node, mlir::Value x);

/// An attribute of a node.
struct QuantizedAttribute {
  enum class Kind { Integer, Flag, Number, ElementType, Convolution, Pool };
  Kind kind; ///< of a Convolution or Pool: all attributes of its window
  std::string name = "", otherwise = "", summary = "";
};

/// A kind of node: NAME, or DOMAIN.NAME outside ONNX's default domain.
struct QuantizedNodeKind {
  std::string name;
  int64_t since; ///< opset of its domain
  size_t minOperands, maxOperands, maxResults;
  std::vector<QuantizedAttribute> attributes;
  std::function<std::vector<mlir::Value>(QuantizedNode &node)> build;
};

llvm::ArrayRef<QuantizedNodeKind> getQuantizedNodeKinds();

// The families.
void addQuantizationNodes(std::vector<QuantizedNodeKind> &kinds);
void addIntegerProductNodes(std::vector<QuantizedNodeKind> &kinds);
void addQuantizedAttentionNodes(std::vector<QuantizedNodeKind> &kinds);
void addQuantizedLayerNodes(std::vector<QuantizedNodeKind> &kinds);
void addQuantizedProductNodes(std::vector<QuantizedNodeKind> &kinds);

} // namespace dlc

#endif // DLC_FRONTEND_QUANTIZEDNODES_H
