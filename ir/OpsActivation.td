// SPDX-License-Identifier: Apache-2.0
// Activation functions.
#ifndef DLC_OPS_ACTIVATION
#define DLC_OPS_ACTIVATION

include "ir/DlcElementwise.td"

/// Ops that make a layer's output of a sum of products.
def Dlc_Activation : Dlc_Trait<"Activation">;

def Dlc_TanhOp : Dlc_Unary<"tanh", "Hyperbolic tangent", Dlc_RealTensor, [Dlc_Activation, Dlc_Transcendental]> {
  let operationsPerElement = "50";
}
def Dlc_SigmoidOp : Dlc_Unary<"sigmoid", "1 / (1 + exp(-x))", Dlc_RealTensor, [Dlc_Activation, Dlc_Transcendental]> {
  let operationsPerElement = "50";
}
def Dlc_ReluOp : Dlc_Unary<"relu", "max(x, 0)", Dlc_NumberTensor, [Dlc_Activation, Dlc_FewInstructions]>;
def Dlc_LeakyReluOp : Dlc_UnaryWith<"leaky_relu", "x if x >= 0, else alpha x", (ins F64Attr:$alpha), [Dlc_Activation, Dlc_FewInstructions]>;
def Dlc_ThresholdedReluOp : Dlc_UnaryWith<"thresholded_relu", "x if x > alpha, else 0", (ins F64Attr:$alpha), [Dlc_Activation]>;
def Dlc_EluOp : Dlc_UnaryWith<"elu", "x if x >= 0, else alpha (exp(x) - 1)", (ins F64Attr:$alpha), [Dlc_Activation, Dlc_Transcendental]> {
  let operationsPerElement = "50";
}
def Dlc_CeluOp : Dlc_UnaryWith<"celu", "max(0, x) + min(0, alpha (exp(x / alpha) - 1))", (ins F64Attr:$alpha), [Dlc_Activation, Dlc_Transcendental]> {
  let operationsPerElement = "50";
  let hasVerifier = 1;
}
def Dlc_SeluOp : Dlc_UnaryWith<"selu", "gamma x if x > 0, else gamma alpha (exp(x) - 1)",
                               (ins F64Attr:$alpha, F64Attr:$gamma), [Dlc_Activation, Dlc_Transcendental]> {
  let operationsPerElement = "50";
}
def Dlc_SoftplusOp : Dlc_Unary<"softplus", "log(1 + exp(x))", Dlc_RealTensor, [Dlc_Activation, Dlc_Transcendental]> {
  let operationsPerElement = "50";
}
def Dlc_SoftsignOp : Dlc_Unary<"softsign", "x / (1 + |x|)", Dlc_RealTensor, [Dlc_Activation]>;
def Dlc_HardSigmoidOp : Dlc_UnaryWith<"hard_sigmoid", "max(0, min(1, alpha x + beta))",
                                      (ins F64Attr:$alpha, F64Attr:$beta), [Dlc_Activation]>;
def Dlc_HardSwishOp : Dlc_Unary<"hard_swish", "x max(0, min(1, x / 6 + 1/2))", Dlc_RealTensor, [Dlc_Activation]>;
def Dlc_SwishOp : Dlc_UnaryWith<"swish", "x sigmoid(alpha x)", (ins F64Attr:$alpha), [Dlc_Activation, Dlc_Transcendental]> {
  let operationsPerElement = "50";
}
def Dlc_MishOp : Dlc_Unary<"mish", "x tanh(softplus(x))", Dlc_RealTensor, [Dlc_Activation, Dlc_Transcendental]> {
  let operationsPerElement = "50";
}
def Dlc_GeluOp : Dlc_UnaryWith<"gelu", "x Phi(x), or its tanh approximation", (ins BoolAttr:$tanh_approximation), [Dlc_Activation, Dlc_Transcendental]> {
  let operationsPerElement = "50";
}
def Dlc_ShrinkOp : Dlc_UnaryWith<"shrink", "x + bias below -lambda, x - bias above lambda, else 0",
                                 (ins F64Attr:$bias, F64Attr:$lambda), [Dlc_Activation]>;
def Dlc_PReluOp : Dlc_Uniform<"prelu", "lhs if lhs >= 0, else rhs * lhs; rhs broadcasts to lhs", [Dlc_Activation]>;

#endif // DLC_OPS_ACTIVATION
