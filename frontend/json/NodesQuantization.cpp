// SPDX-License-Identifier: Apache-2.0
// Nodes of quantized tensors: what the table that both formats share needs to know of a JSON node.
#include "frontend/QuantizedNodes.h"
#include "frontend/json/ConvolutionFields.h"
#include "frontend/json/Elements.h"
#include "frontend/json/NodeKinds.h"
#include "frontend/json/TensorRules.h"

using namespace mlir;
using namespace dlc::json;
using dlc::QuantizedAttribute;
using dlc::QuantizedNodeKind;

namespace {

class JsonQuantizedNode final : public dlc::QuantizedNode {
public:
  explicit JsonQuantizedNode(NodeContext &context) : context(context) {}

  OpBuilder &getBuilder() override { return context.builder; }
  size_t getNumResults() const override { return context.outputCount; }
  bool hasOperand(size_t i) const override { return context.hasInput(i); }
  Value getOperand(size_t i, Type literalType) override {
    // Those that may be left out are asked for only where they are there.
    return context.hasInput(i) ? context.operand(i, literalType) : context.error("needs its input " + Twine(i + 1));
  }
  int64_t getInteger(StringRef name) override {
    const JsonValue *value = context.attributes.find(name);
    return value && value->kind == JsonValue::Kind::Boolean ? value->boolean : context.attributes.integer(name);
  }
  double getNumber(StringRef name) override { return context.attributes.number(name); }
  Type getElementType(StringRef name) override {
    return context.attributes.find(name)
               ? dlc::json::getElementType(context.attributes.string(name), context.builder.getContext())
               : Type();
  }
  std::optional<dlc::ConvolutionWindow> getConvolution(size_t x, size_t w) override {
    return readConvolution(context, context.operand(x), context.operand(w));
  }
  std::optional<dlc::PoolWindow> getPool() override { return readPoolWindow(context); }
  Value create(StringRef op, ArrayRef<Value> operands, ArrayRef<NamedAttribute> attributes) override {
    return context.create(op, operands, attributes);
  }
  Value createScalar(double number, Type elementType) override { return context.constant(number, elementType); }
  Value fail(const Twine &message) override { return context.error(message); }

private:
  NodeContext &context;
};

} // namespace

static std::vector<Field> getFields(const QuantizedNodeKind &kind) {
  std::vector<Field> fields;
  for (const QuantizedAttribute &attribute : kind.attributes) {
    auto add = [&](RulePtr rule) {
      fields.push_back(optional(attribute.name, std::move(rule), attribute.otherwise, attribute.summary));
    };
    switch (attribute.kind) {
    case QuantizedAttribute::Kind::Integer:
      add(integer());
      break;
    case QuantizedAttribute::Kind::Flag:
      add(flagRule());
      break;
    case QuantizedAttribute::Kind::Number:
      add(number());
      break;
    case QuantizedAttribute::Kind::ElementType:
      add(getElementTypeRule());
      break;
    case QuantizedAttribute::Kind::Convolution:
      llvm::append_range(fields, getConvolutionFields());
      break;
    case QuantizedAttribute::Kind::Pool:
      llvm::append_range(fields, getPoolFields());
      break;
    }
  }
  return fields;
}

void dlc::json::addQuantizationNodes(std::vector<NodeKind> &kinds) {
  for (const QuantizedNodeKind &kind : getQuantizedNodeKinds())
    kinds.push_back({kind.name, kind.minOperands, kind.maxOperands, kind.maxResults, getFields(kind),
                     [&kind](NodeContext &context) {
                       JsonQuantizedNode node(context);
                       std::vector<Value> results = kind.build(node);
                       results.resize(std::max<size_t>(context.outputCount, 1));
                       return NodeResults(results.begin(), results.end());
                     }});
}
