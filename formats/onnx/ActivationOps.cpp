// SPDX-License-Identifier: Apache-2.0
// Activation functions.
#include "formats/onnx/GraphWriter.h"
#include "formats/onnx/OpTable.h"
#include "ir/OpsActivation.h"
#include <limits>

using namespace mlir;

namespace dlc::onnx_format {

/// x sigmoid(alpha x); ONNX has an op for it from opset 24 on.
static std::string writeSwish(SwishOp op, onnx_export::GraphWriter &writer) {
  std::string x = writer.getName(op.getX()), scaled = x;
  if (double alpha = op.getAlpha().convertToDouble(); alpha != 1)
    scaled = writer.add("Mul", {x, writer.makeScalar(alpha, getElementTypeOrSelf(op.getType()))});
  return writer.add("Mul", {x, writer.add("Sigmoid", {scaled})});
}

void addActivationOps(OpRows &rows) {
  constexpr ElementClass numbers = ElementClass::Number, real = ElementClass::Real;
  auto alpha = [](llvm::StringRef otherwise, llvm::StringRef summary) {
    return std::vector<OpAttribute>{number("alpha", otherwise, summary)};
  };
  rows.push_back(row<ReluOp>("Relu", 1, numbers).withLayer("max(x, 0)"));
  rows.push_back(
      row<LeakyReluOp>("LeakyRelu", 1, real, alpha("0.01", "Slope below 0")).withLayer("x if x >= 0, else alpha x"));
  rows.push_back(row<ThresholdedReluOp>("ThresholdedRelu", 10, real, alpha("1", "The threshold"))
                     .withLayer("x if x > alpha, else 0"));
  rows.push_back(
      row<EluOp>("Elu", 1, real, alpha("1", "Limit below 0")).withLayer("x if x >= 0, else alpha (exp(x) - 1)"));
  rows.push_back(row<CeluOp>("Celu", 12, real, alpha("1", "Limit below 0"))
                     .withLayer("max(0, x) + min(0, alpha (exp(x / alpha) - 1))"));
  rows.push_back(row<SeluOp>("Selu", 6, real,
                             {number("alpha", "1.67326319217681884765625", "Limit below 0, before scaling"),
                              number("gamma", "1.05070102214813232421875", "Scale")}));
  rows.push_back(row<GeluOp>("Gelu", 20, real,
                             {choice("approximate", "tanh_approximation", {"none", "tanh"}, "tanh", "none", "Form")}));
  rows.push_back(row<SigmoidOp>("Sigmoid", 1, real).withLayer("1 / (1 + exp(-x))"));
  rows.push_back(
      row<HardSigmoidOp>("HardSigmoid", 1, real, {number("alpha", "0.2", "Slope"), number("beta", "0.5", "Value at 0")})
          .withLayer("max(0, min(1, alpha x + beta))"));
  rows.push_back(row<TanhOp>("Tanh", 1, real).withLayer("Hyperbolic tangent"));
  rows.push_back(row<SoftplusOp>("Softplus", 1, real).withLayer("log(1 + exp(x))"));
  rows.push_back(row<SoftsignOp>("Softsign", 1, real).withLayer("x / (1 + |x|)"));
  rows.push_back(row<SwishOp>("Swish", 24, real, alpha("1", "Factor in the sigmoid"))
                     .withLayer("x sigmoid(alpha x)")
                     .writtenBy<SwishOp>(writeSwish));
  rows.push_back(row<HardSwishOp>("HardSwish", 14, real).withLayer("x max(0, min(1, x / 6 + 1/2))"));
  rows.push_back(row<MishOp>("Mish", 18, real).withLayer("x tanh(softplus(x))"));
  rows.push_back(row<ShrinkOp>("Shrink", 9, real,
                               {number("bias", "0", "Shift outside the flat part"),
                                number("lambd", "0.5", "Width of the flat part", "lambda")})
                     .takesIntegersBefore(std::numeric_limits<int64_t>::max()));
  // Before opset 7, a slope of rank 1 is one number per channel.
  rows.push_back(row<PReluOp>("PRelu", 7, numbers));
}

} // namespace dlc::onnx_format
