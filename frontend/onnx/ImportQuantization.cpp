// SPDX-License-Identifier: Apache-2.0
// Nodes of quantized tensors: what the table that both formats share needs to know of an ONNX node.
#include "frontend/QuantizedNodes.h"
#include "frontend/onnx/ConvolutionAttributes.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

class OnnxQuantizedNode final : public QuantizedNode {
public:
  OnnxQuantizedNode(NodeImporter &node, const QuantizedNodeKind &kind) : node(node), kind(kind) {}

  OpBuilder &getBuilder() override { return node.getBuilder(); }
  size_t getNumResults() const override { return node.getNumResults(); }
  bool hasOperand(size_t i) const override { return node.hasOperand(i); }
  Value getOperand(size_t i, Type) override { return node.getOperand(i); }
  int64_t getInteger(StringRef name) override { return node.getInteger(name, std::stoll(getDefault(name))); }
  double getNumber(StringRef name) override { return node.getReal(name, std::stod(getDefault(name))); }
  Type getElementType(StringRef name) override {
    return node.getInteger(name, 0) == 0 ? Type() : node.getTypeAttribute(name, {});
  }
  std::optional<ConvolutionWindow> getConvolution(size_t x, size_t w) override {
    std::optional<ConvolutionAttributes> read = getConvolutionAttributes(node, x, w);
    if (!read)
      return std::nullopt;
    SmallVector<int64_t> pads = getPads(node, read->kernel, read->strides, read->dilations);
    return ConvolutionWindow{read->strides, read->dilations, pads, read->groups};
  }
  std::optional<PoolWindow> getPool() override {
    if (node.getRank(0) < 3) {
      node.error() << "expects an operand of rank 3 or more, got rank " << node.getRank(0);
      return std::nullopt;
    }
    int64_t spatial = node.getRank(0) - 2;
    PoolWindow window;
    window.kernel = node.getSizes("kernel_shape", spatial, 1, 1);
    window.strides = node.getSizes("strides", spatial, 1, 1);
    window.pads = getPads(node, window.kernel, window.strides, SmallVector<int64_t>(spatial, 1));
    window.ceilMode = node.getFlag("ceil_mode");
    return node.hasFailed() ? std::nullopt : std::optional(window);
  }
  Value create(StringRef op, ArrayRef<Value> operands, ArrayRef<NamedAttribute> attributes) override {
    return node.create(op, operands, attributes);
  }
  Value createScalar(double number, Type elementType) override { return node.createScalar(elementType, number); }
  Value fail(const Twine &message) override {
    if (!node.hasFailed())
      node.error() << message;
    return {};
  }

private:
  const std::string &getDefault(StringRef name) const {
    return llvm::find_if(kind.attributes, [&](const QuantizedAttribute &attribute) { return attribute.name == name; })
        ->otherwise;
  }

  NodeImporter &node;
  const QuantizedNodeKind &kind;
};

void importKind(NodeImporter &node, const QuantizedNodeKind &kind) {
  int64_t most = std::min<uint64_t>(kind.maxOperands, std::numeric_limits<int64_t>::max());
  if (!node.expectOperands(kind.minOperands, most))
    return;
  OnnxQuantizedNode adapter(node, kind);
  for (auto [i, result] : llvm::enumerate(kind.build(adapter)))
    if (result && !node.hasFailed() && (i == 0 || node.hasResult(i)))
      node.setResult(i, result);
}

} // namespace

void registerQuantization(OpRegistry &registry) {
  for (const QuantizedNodeKind &kind : getQuantizedNodeKinds())
    registry.add(kind.name, kind.since, [&kind](NodeImporter &node) { importKind(node, kind); });
}

} // namespace dlc::onnx_import
