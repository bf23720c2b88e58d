// SPDX-License-Identifier: Apache-2.0
// The domain ai.onnx.preview.training: gradients, and optimizers as the arithmetic that the standard states.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/OpsComparison.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsLogic.h"
#include "ir/OpsTraining.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// Gradient gives derivatives of the tensor called `y` at the point given by the graph: at the values that the tensors
/// in `xs` and `zs` have in the graph.
void importGradient(NodeImporter &node) {
  std::optional<SmallVector<std::string>> of = node.getStrings("xs"), constant = node.getStrings("zs");
  std::string name = node.getString("y", "");
  if (node.hasFailed())
    return;
  SmallVector<std::string> names = of.value_or(SmallVector<std::string>());
  int64_t count = static_cast<int64_t>(names.size());
  if (constant)
    llvm::append_range(names, *constant);
  if (count == 0 || node.getNumResults() > count || !node.expectOperands(names.size(), names.size())) {
    if (!node.hasFailed())
      node.error() << "names no tensor in 'xs', or has more results than that";
    return;
  }
  SmallVector<Value> variables;
  for (auto [i, variable] : llvm::enumerate(names)) {
    if (node.getTensor(i) != node.getScope().lookup(variable)) {
      node.error() << "operand " << i << " is not the tensor '" << variable
                   << "' itself; gradients at values other than the graph's are not supported";
      return;
    }
    if (static_cast<int64_t>(i) < count && expectElements(node, i, ElementClass::Real))
      variables.push_back(node.getOperand(i));
  }
  Tensor *result = node.getScope().lookup(name);
  if (!result || result->hasFailed || !llvm::isa_and_nonnull<FloatType>(result->elementType)) {
    if (!result || !result->hasFailed)
      node.error() << "'y' names '" << name << "', which is not a tensor of floating-point numbers";
    node.markFailed();
    return;
  }
  Value y = node.getImporter().materialize(*result, node.getLocation());
  if (node.hasFailed() || !y)
    return;
  auto gradient = GradientOp::create(node.getBuilder(), node.getLocation(), y, variables);
  for (auto [i, value] : llvm::enumerate(gradient.getGradients())) {
    node.getImporter().setDims(value, Dims(node.getDims(variables[i])));
    if (node.hasResult(i))
      node.setResult(i, value);
  }
}

/// What the optimizers share: a rate R and a count T, then tensors in groups, one per variable: X, G, and the state.
class Optimizer {
public:
  Optimizer(NodeImporter &node, int64_t groups) : node(node), groups(groups) {
    count = (node.getNumOperands() - 2) / groups;
    if (node.getNumOperands() < 2 + groups || (node.getNumOperands() - 2) % groups != 0)
      node.error() << "has " << node.getNumOperands() << " operands, expected 2 and " << groups << " for each variable";
    for (int64_t i = 0; i < node.getNumOperands() && !node.hasFailed(); ++i)
      expectElements(node, i, i == 1 ? ElementClass::Integer : ElementClass::Real);
  }

  /// Calls `step` with each variable's tensors; what it gives are the results, variable by variable.
  void run(llvm::function_ref<SmallVector<Value>(ArrayRef<Value>)> step) {
    for (int64_t i = 0; i < count && !node.hasFailed(); ++i) {
      SmallVector<Value> tensors;
      for (int64_t group = 0; group < groups; ++group)
        tensors.push_back(node.getOperand(2 + group * count + i));
      if (node.hasFailed())
        return;
      type = node.getElementType(2 + i);
      for (auto [group, value] : llvm::enumerate(step(tensors)))
        if (int64_t result = static_cast<int64_t>(group) * count + i; result < node.getNumResults())
          node.setResult(result, value);
    }
  }

  Value number(double value) { return node.createScalar(type, value); }
  Value attribute(StringRef name, double otherwise) { return number(node.getReal(name, otherwise)); }
  Value rate() { return scalar(0); }
  /// The number of updates before this one.
  Value updates() { return scalar(1); }
  Value add(Value a, Value b) { return node.add(a, b); }
  Value sub(Value a, Value b) { return node.subtract(a, b); }
  Value mul(Value a, Value b) { return node.multiply(a, b); }
  Value div(Value a, Value b) { return node.divide(a, b); }
  Value pow(Value a, Value b) { return node.create<PowOp>(a, b); }
  Value sqrt(Value x) { return node.create<SqrtOp>(x); }
  /// `later`, or `first` in the first update.
  Value afterFirst(Value later, Value first) {
    return node.create<WhereOp>(node.create<GreaterOp>(updates(), number(0)), later, first);
  }
  /// The gradient with that of the squares of the variable.
  Value regularize(Value x, Value gradient) { return add(mul(attribute("norm_coefficient", 0), x), gradient); }

private:
  /// Rate and count may be of rank 0, or of rank 1 with one element.
  Value scalar(int64_t operand) { return node.reshape(node.cast(node.getOperand(operand), type), {}); }

  NodeImporter &node;
  int64_t groups, count = 0;
  Type type;
};

void importAdagrad(NodeImporter &node) {
  Optimizer o(node, 3);
  o.run([&](ArrayRef<Value> tensors) -> SmallVector<Value> {
    Value x = tensors[0], g = o.regularize(x, tensors[1]);
    Value rate = o.div(o.rate(), o.add(o.number(1), o.mul(o.updates(), o.attribute("decay_factor", 0))));
    Value h = o.add(tensors[2], o.mul(g, g));
    Value step = o.div(o.mul(rate, g), o.add(o.sqrt(h), o.attribute("epsilon", 1e-6)));
    return {o.sub(x, step), h};
  });
}

void importAdam(NodeImporter &node) {
  Optimizer o(node, 4);
  o.run([&](ArrayRef<Value> tensors) -> SmallVector<Value> {
    Value x = tensors[0], g = o.regularize(x, tensors[1]), one = o.number(1);
    Value alpha = o.attribute("alpha", 0.9), beta = o.attribute("beta", 0.999);
    Value v = o.add(o.mul(alpha, tensors[2]), o.mul(o.sub(one, alpha), g));
    Value h = o.add(o.mul(beta, tensors[3]), o.mul(o.sub(one, beta), o.mul(g, g)));
    Value correction = o.div(o.sqrt(o.sub(one, o.pow(beta, o.updates()))), o.sub(one, o.pow(alpha, o.updates())));
    Value rate = o.afterFirst(o.mul(o.rate(), correction), o.rate());
    Value moved = o.sub(x, o.div(o.mul(rate, v), o.add(o.sqrt(h), o.attribute("epsilon", 1e-6))));
    return {o.mul(o.sub(one, o.attribute("norm_coefficient_post", 0)), moved), v, h};
  });
}

void importMomentum(NodeImporter &node) {
  std::string mode = node.getString("mode", "");
  if (mode != "standard" && mode != "nesterov") {
    node.error() << "unknown mode '" << mode << "', expected 'standard' or 'nesterov'";
    return;
  }
  Optimizer o(node, 3);
  o.run([&](ArrayRef<Value> tensors) -> SmallVector<Value> {
    Value x = tensors[0], g = o.regularize(x, tensors[1]), alpha = o.attribute("alpha", 0);
    Value beta = o.afterFirst(o.attribute("beta", 1), o.number(1));
    Value v = o.add(o.mul(alpha, tensors[2]), o.mul(beta, g));
    Value direction = mode == "nesterov" ? o.add(g, o.mul(alpha, v)) : v;
    return {o.sub(x, o.mul(o.rate(), direction)), v};
  });
}

} // namespace

void registerTraining(OpRegistry &registry) {
  registry.add("ai.onnx.preview.training.Gradient", 1, importGradient);
  registry.add("ai.onnx.preview.training.Adagrad", 1, importAdagrad);
  registry.add("ai.onnx.preview.training.Adam", 1, importAdam);
  registry.add("ai.onnx.preview.training.Momentum", 1, importMomentum);
}

} // namespace dlc::onnx_import
