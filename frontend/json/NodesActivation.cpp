// SPDX-License-Identifier: Apache-2.0
// Activation functions, with the defaults of ONNX.
#include "frontend/json/NodeContext.h"
#include "ir/OpsActivation.h"

using namespace mlir;
using namespace dlc::json;
using llvm::APFloat;

template <typename OpTy> static NodeResults buildPlain(NodeContext &context) {
  return {context.create<OpTy>(context.operand(0))};
}
template <typename OpTy> static NodeResults buildWithAlpha(NodeContext &context) {
  return {context.create<OpTy>(context.operand(0), APFloat(context.attributes.number("alpha")))};
}
static NodeResults buildSelu(NodeContext &context) {
  return {context.create<dlc::SeluOp>(context.operand(0), APFloat(context.attributes.number("alpha")),
                                      APFloat(context.attributes.number("gamma")))};
}
static NodeResults buildHardSigmoid(NodeContext &context) {
  return {context.create<dlc::HardSigmoidOp>(context.operand(0), APFloat(context.attributes.number("alpha")),
                                             APFloat(context.attributes.number("beta")))};
}
static NodeResults buildGelu(NodeContext &context) {
  return {context.create<dlc::GeluOp>(context.operand(0), context.attributes.string("approximate") == "tanh")};
}
static NodeResults buildShrink(NodeContext &context) {
  return {context.create<dlc::ShrinkOp>(context.operand(0), APFloat(context.attributes.number("bias")),
                                        APFloat(context.attributes.number("lambd")))};
}
static NodeResults buildIdentity(NodeContext &context) { return {context.operand(0)}; }

void dlc::json::addActivationNodes(std::vector<NodeKind> &kinds) {
  auto add = [&](std::string name, NodeResults (*build)(NodeContext &), std::vector<Field> fields = {}) {
    kinds.push_back({std::move(name), 1, 1, 1, std::move(fields), build});
  };
  auto alpha = [](std::string otherwise) {
    return std::vector<Field>{optional("alpha", number(), std::move(otherwise), "Coefficient")};
  };
  add("Relu", buildPlain<dlc::ReluOp>);
  add("LeakyRelu", buildWithAlpha<dlc::LeakyReluOp>, alpha("0.01"));
  add("ThresholdedRelu", buildWithAlpha<dlc::ThresholdedReluOp>, alpha("1"));
  add("Elu", buildWithAlpha<dlc::EluOp>, alpha("1"));
  add("Celu", buildWithAlpha<dlc::CeluOp>, alpha("1"));
  add("Selu", buildSelu,
      {optional("alpha", number(), "1.67326319217681884765625", "Limit below 0, before scaling"),
       optional("gamma", number(), "1.05070102214813232421875", "Scale")});
  add("Gelu", buildGelu, {optional("approximate", choice({"none", "tanh"}), "\"none\"", "Form")});
  add("Sigmoid", buildPlain<dlc::SigmoidOp>);
  add("HardSigmoid", buildHardSigmoid,
      {optional("alpha", number(), "0.2", "Slope"), optional("beta", number(), "0.5", "Value at 0")});
  add("HardSwish", buildPlain<dlc::HardSwishOp>);
  add("Tanh", buildPlain<dlc::TanhOp>);
  add("Softplus", buildPlain<dlc::SoftplusOp>);
  add("Softsign", buildPlain<dlc::SoftsignOp>);
  add("Swish", buildWithAlpha<dlc::SwishOp>, alpha("1"));
  add("Mish", buildPlain<dlc::MishOp>);
  add("Shrink", buildShrink,
      {optional("lambd", number(), "0.5", "Width of the flat part"),
       optional("bias", number(), "0", "Shift outside it")});
  add("Identity", buildIdentity);
}
