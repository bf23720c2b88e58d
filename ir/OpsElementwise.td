// SPDX-License-Identifier: Apache-2.0
// Elementary functions of one or two operands.
#ifndef DLC_OPS_ELEMENTWISE
#define DLC_OPS_ELEMENTWISE

include "ir/DlcElementwise.td"

def Dlc_AbsOp : Dlc_Unary<"abs", "|x|", Dlc_NumberTensor, [Dlc_FewInstructions, Dlc_Evaluated]> {
  let evaluation = "std::abs(x)";
}
def Dlc_NegOp : Dlc_Unary<"neg", "-x", Dlc_NumberTensor, [Dlc_FewInstructions, Dlc_Evaluated]> {
  let evaluation = "-x";
}
def Dlc_SignOp : Dlc_Unary<"sign", "-1, 0 or 1; NaN stays NaN", Dlc_NumberTensor>;
def Dlc_CeilOp : Dlc_Unary<"ceil", "The smallest integer not below x">;
def Dlc_FloorOp : Dlc_Unary<"floor", "The largest integer not above x", Dlc_RealTensor, [Dlc_FewInstructions]>;
def Dlc_RoundOp : Dlc_Unary<"round", "The nearest integer, halves to even">;
def Dlc_SqrtOp : Dlc_Unary<"sqrt", "Square root", Dlc_RealTensor, [Dlc_Singular, Dlc_Evaluated]> {
  let evaluation = "std::sqrt(x)";
}
def Dlc_ReciprocalOp : Dlc_Unary<"reciprocal", "1 / x", Dlc_RealTensor, [Dlc_Singular, Dlc_Evaluated]> {
  let evaluation = "1 / x";
}
def Dlc_ExpOp : Dlc_Unary<"exp", "e to the x", Dlc_RealTensor, [Dlc_Transcendental, Dlc_Singular]> {
  let operationsPerElement = "50";
}
def Dlc_LogOp : Dlc_Unary<"log", "Natural logarithm", Dlc_RealTensor, [Dlc_Transcendental, Dlc_Singular]> {
  let operationsPerElement = "50";
}
def Dlc_ErfOp : Dlc_Unary<"erf", "Gauss error function", Dlc_RealTensor, [Dlc_Transcendental]> {
  let operationsPerElement = "50";
}
def Dlc_SinOp : Dlc_Unary<"sin", "Sine of radians", Dlc_RealTensor, [Dlc_Transcendental]> {
  let operationsPerElement = "1000";
}
def Dlc_CosOp : Dlc_Unary<"cos", "Cosine of radians", Dlc_RealTensor, [Dlc_Transcendental]> {
  let operationsPerElement = "1000";
}
def Dlc_TanOp : Dlc_Unary<"tan", "Tangent of radians", Dlc_RealTensor, [Dlc_Transcendental]> {
  let operationsPerElement = "1000";
}
def Dlc_AsinOp : Dlc_Unary<"asin", "Arc sine, in radians", Dlc_RealTensor, [Dlc_Transcendental, Dlc_Singular]> {
  let operationsPerElement = "1000";
}
def Dlc_AcosOp : Dlc_Unary<"acos", "Arc cosine, in radians", Dlc_RealTensor, [Dlc_Transcendental, Dlc_Singular]> {
  let operationsPerElement = "1000";
}
def Dlc_AtanOp : Dlc_Unary<"atan", "Arc tangent, in radians", Dlc_RealTensor, [Dlc_Transcendental]> {
  let operationsPerElement = "1000";
}
def Dlc_SinhOp : Dlc_Unary<"sinh", "Hyperbolic sine", Dlc_RealTensor, [Dlc_Transcendental, Dlc_Singular]> {
  let operationsPerElement = "1000";
}
def Dlc_CoshOp : Dlc_Unary<"cosh", "Hyperbolic cosine", Dlc_RealTensor, [Dlc_Transcendental, Dlc_Singular]> {
  let operationsPerElement = "1000";
}
def Dlc_AsinhOp : Dlc_Unary<"asinh", "Inverse hyperbolic sine", Dlc_RealTensor, [Dlc_Transcendental]> {
  let operationsPerElement = "1000";
}
def Dlc_AcoshOp : Dlc_Unary<"acosh", "Inverse hyperbolic cosine", Dlc_RealTensor, [Dlc_Transcendental, Dlc_Singular]> {
  let operationsPerElement = "1000";
}
def Dlc_AtanhOp : Dlc_Unary<"atanh", "Inverse hyperbolic tangent", Dlc_RealTensor, [Dlc_Transcendental, Dlc_Singular]> {
  let operationsPerElement = "1000";
}
def Dlc_ModOp : Dlc_Uniform<"mod", "Remainder with the sign of rhs, or of lhs where `fmod`; integers mod 0 give 0",
                           [Dlc_Transcendental, Dlc_SingularByConstants]> {
  let operationsPerElement = "1000";
  let arguments = (ins Dlc_NumberTensor:$lhs, Dlc_NumberTensor:$rhs, BoolAttr:$fmod);
}
def Dlc_PowOp : Dlc_Binary<"pow", "lhs to the power rhs; the element types may differ, the result has lhs's",
                           [Dlc_Transcendental, Dlc_SingularByConstants]> {
  let operationsPerElement = "1000";
}

#endif // DLC_OPS_ELEMENTWISE
