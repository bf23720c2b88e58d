// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/LoopCounter.h"
#include "ir/ExtentAlgebra.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

class CounterFinder {
public:
  CounterFinder(NodeImporter &node, const onnx::GraphProto &body) : node(node), body(body) {
    for (const onnx::NodeProto &inner : body.node())
      for (const std::string &output : inner.output())
        producers[output] = &inner;
    for (const onnx::TensorProto &initializer : body.initializer())
      initializers[initializer.name()] = &initializer;
    for (const onnx::ValueInfoProto &input : body.input())
      inputs.insert(input.name());
  }

  /// The bound that a comparison gives that holds wherever the condition holds, as `counter < bound and not finished`
  /// says it: one of the operands of And, or the condition of an If that gives false where that does not hold.
  AffineExpr find(ArrayRef<Tensor *> loopCarried) {
    SmallVector<StringRef> holding{body.output(0).name()};
    // Nobody has checked yet that the nodes have an order.
    for (size_t left = producers.size(); left > 0 && !holding.empty(); --left) {
      const onnx::NodeProto *producer = producers.lookup(skipCopies(holding.pop_back_val()));
      if (!producer || !producer->domain().empty())
        continue;
      StringRef op = producer->op_type();
      if (op == "And" && producer->input_size() == 2)
        holding.append({producer->input(1), producer->input(0)});
      else if (producer->input_size() == 1 && (op == "Cast" || (op == "If" && isFalseOtherwise(*producer))))
        holding.push_back(producer->input(0));
      else if (AffineExpr bound = boundBy(*producer, loopCarried))
        return bound;
    }
    return {};
  }

private:
  /// The most steps of a loop that ends where `compare` does not hold.
  AffineExpr boundBy(const onnx::NodeProto &compare, ArrayRef<Tensor *> loopCarried) {
    if (compare.input_size() != 2)
      return {};
    int kind = llvm::StringSwitch<int>(compare.op_type())
                   .Case("Less", 1)
                   .Case("LessOrEqual", 2)
                   .Case("Greater", 3)
                   .Case("GreaterOrEqual", 4)
                   .Default(0);
    if (kind == 0)
      return {};
    StringRef counter = compare.input(kind > 2), limit = compare.input(kind <= 2);
    for (auto [i, tensor] : llvm::enumerate(loopCarried)) {
      if (skipCopies(body.output(1 + static_cast<int>(i)).name()) != skipCopies(counter))
        continue;
      const onnx::NodeProto *sum = getProducer(counter, 2);
      if (!sum || sum->op_type() != "Add" || !sum->domain().empty())
        continue;
      StringRef state = body.input(2 + static_cast<int>(i)).name();
      int step = skipCopies(sum->input(0)) == state ? 1 : 0;
      if (skipCopies(sum->input(1 - step)) != state)
        continue;
      std::optional<int64_t> stride = getConstant(sum->input(step));
      AffineExpr first = follow(tensor), bound = followOuter(limit);
      if (!stride || *stride < 1 || !first || !bound)
        continue;
      // The condition is that of the next step, so a loop that takes the first has one step more than what fits.
      AffineExpr span = subtractExtents(bound, first);
      if (kind % 2 == 0)
        span = addExtents(span, node.extent(1));
      return maximumExtent(divideExtentsUp(atLeastZero(span), node.extent(*stride)), node.extent(1));
    }
    return {};
  }

  /// Whether the If `choice` gives false where its condition does not hold.
  bool isFalseOtherwise(const onnx::NodeProto &choice) {
    for (const onnx::AttributeProto &attribute : choice.attribute()) {
      if (attribute.name() != "else_branch" || attribute.g().output_size() != 1)
        continue;
      const onnx::GraphProto &branch = attribute.g();
      StringRef result = branch.output(0).name();
      if (branch.initializer_size() != 0 || branch.node_size() > 1)
        return false;
      if (branch.node_size() == 0)
        return getConstant(result) == 0;
      const onnx::NodeProto &only = branch.node(0);
      if (!only.domain().empty() || only.output_size() != 1 || only.output(0) != result)
        return false;
      return only.op_type() == "Identity" && only.input_size() == 1 ? getConstant(only.input(0)) == 0
                                                                    : getConstantOf(only) == 0;
    }
    return false;
  }

  /// What `name` is a copy of.
  StringRef skipCopies(StringRef name) {
    // Nobody has checked yet that the nodes have an order.
    for (size_t left = producers.size(); left > 0; --left) {
      const onnx::NodeProto *producer = producers.lookup(name);
      if (!producer || producer->op_type() != "Identity" || !producer->domain().empty() || producer->input_size() != 1)
        break;
      name = producer->input(0);
    }
    return name;
  }

  /// The node of the body that computes `name`, if it has `count` operands.
  const onnx::NodeProto *getProducer(StringRef name, int count) {
    const onnx::NodeProto *producer = producers.lookup(skipCopies(name));
    return producer && producer->input_size() == count ? producer : nullptr;
  }

  AffineExpr follow(Tensor *tensor) {
    const KnownValue *known = tensor && !tensor->elements ? node.getImporter().followElements(*tensor) : nullptr;
    return known && known->elements.size() == 1 && known->elements.front().expression && known->elementType.isInteger()
               ? known->elements.front().expression
               : AffineExpr();
  }

  /// What `name` is outside the body; null where the body defines it.
  AffineExpr followOuter(StringRef name) {
    name = skipCopies(name);
    if (std::optional<int64_t> constant = getConstant(name))
      return node.extent(*constant);
    bool isOwn = producers.contains(name) || initializers.contains(name) || inputs.contains(name);
    return isOwn ? AffineExpr() : follow(node.getScope().lookup(name));
  }

  /// The integer that `name` is in every step.
  std::optional<int64_t> getConstant(StringRef name, int conversions = 8) {
    name = skipCopies(name);
    const onnx::NodeProto *producer = producers.lookup(name);
    if (conversions == 0 || (producer && !producer->domain().empty()))
      return std::nullopt;
    if (producer && (producer->op_type() == "CastLike" || producer->op_type() == "Cast") && producer->input_size() > 0)
      return getConstant(producer->input(0), conversions - 1);
    if (const onnx::TensorProto *value = initializers.lookup(name))
      return getInteger(*value);
    if (producer)
      return getConstantOf(*producer);
    if (inputs.contains(name))
      return std::nullopt;
    AffineExpr outer = follow(node.getScope().lookup(name));
    return outer ? constantDim(outer) : std::nullopt;
  }

  /// The integer that `producer` is, if it is a Constant.
  std::optional<int64_t> getConstantOf(const onnx::NodeProto &producer) {
    if (producer.op_type() == "Constant")
      for (const onnx::AttributeProto &attribute : producer.attribute()) {
        // A parameter of a model-local function has its value elsewhere.
        if (!attribute.ref_attr_name().empty())
          return std::nullopt;
        if (attribute.name() == "value_int")
          return attribute.i();
        if (attribute.name() == "value")
          return getInteger(attribute.t());
      }
    return std::nullopt;
  }

  std::optional<int64_t> getInteger(const onnx::TensorProto &value) {
    std::string error;
    FailureOr<ConstantTensor> tensor = node.getImporter().getFile().getTensor(value, error);
    // Whoever imports the body reports what is wrong with it.
    if (failed(tensor) || tensor->type.getRank() > 1 || tensor->type.getNumElements() != 1 ||
        !(tensor->type.getElementType().isSignlessInteger(64) || tensor->type.getElementType().isInteger(1)))
      return std::nullopt;
    return readInteger(tensor->type.getElementType(), tensor->bytes.data());
  }

  NodeImporter &node;
  const onnx::GraphProto &body;
  llvm::StringMap<const onnx::NodeProto *> producers;
  llvm::StringMap<const onnx::TensorProto *> initializers;
  llvm::StringSet<> inputs;
};

} // namespace

AffineExpr boundByCounter(NodeImporter &node, const onnx::GraphProto &body, ArrayRef<Tensor *> loopCarried) {
  return CounterFinder(node, body).find(loopCarried);
}

} // namespace dlc::onnx_import
