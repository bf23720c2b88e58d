// SPDX-License-Identifier: Apache-2.0
// Elementwise ops. Operands broadcast as in NumPy; two dynamic extents that meet are equal.
#ifndef DLC_OPS_ELEMENTWISE
#define DLC_OPS_ELEMENTWISE

include "ir/DlcBase.td"

/// Every op that computes each element of its result from the elements of its operands at the same (broadcast) index.
def Dlc_Elementwise : NativeOpTrait<"Elementwise"> { let cppNamespace = "::dlc"; }

class Dlc_Unary<string opMnemonic, string text, Type operand = Dlc_RealTensor>
    : Dlc_GraphOp<opMnemonic, [Dlc_Elementwise]> {
  let summary = text;
  let arguments = (ins operand:$x);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let shapeRule = "::dlc::broadcastDims(location, dims, result)";
}
class Dlc_UnaryPredicate<string opMnemonic, string text> : Dlc_Unary<opMnemonic, text> {
  let elementTypeRule = "::mlir::IntegerType::get(context, 1)";
}
class Dlc_Binary<string opMnemonic, string text, list<Trait> traits = [], Type operand = Dlc_NumberTensor>
    : Dlc_GraphOp<opMnemonic, [Dlc_Elementwise] # traits> {
  let summary = text;
  let arguments = (ins operand:$lhs, operand:$rhs);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` `(` type($lhs) `,` type($rhs) `)` `->` type($result)";
  let shapeRule = "::dlc::broadcastDims(location, dims, result)";
}
/// Of two operands of one element type.
class Dlc_Uniform<string opMnemonic, string text, list<Trait> traits = [], Type operand = Dlc_NumberTensor>
    : Dlc_Binary<opMnemonic, text, [AllElementTypesMatch<["lhs", "rhs"]>] # traits, operand>;
class Dlc_Comparison<string opMnemonic, string text> : Dlc_Uniform<opMnemonic, text, [], Dlc_Tensor> {
  let elementTypeRule = "::mlir::IntegerType::get(context, 1)";
}

// Arithmetic and analysis.
def Dlc_AbsOp : Dlc_Unary<"abs", "|x|", Dlc_NumberTensor>;
def Dlc_NegOp : Dlc_Unary<"neg", "-x", Dlc_NumberTensor>;
def Dlc_SignOp : Dlc_Unary<"sign", "-1, 0 or 1; NaN stays NaN", Dlc_NumberTensor>;
def Dlc_CeilOp : Dlc_Unary<"ceil", "The smallest integer not below x">;
def Dlc_FloorOp : Dlc_Unary<"floor", "The largest integer not above x">;
def Dlc_RoundOp : Dlc_Unary<"round", "The nearest integer, halves to even">;
def Dlc_SqrtOp : Dlc_Unary<"sqrt", "Square root">;
def Dlc_ReciprocalOp : Dlc_Unary<"reciprocal", "1 / x">;
def Dlc_ExpOp : Dlc_Unary<"exp", "e to the x">;
def Dlc_LogOp : Dlc_Unary<"log", "Natural logarithm">;
def Dlc_ErfOp : Dlc_Unary<"erf", "Gauss error function">;
def Dlc_SinOp : Dlc_Unary<"sin", "Sine of radians">;
def Dlc_CosOp : Dlc_Unary<"cos", "Cosine of radians">;
def Dlc_TanOp : Dlc_Unary<"tan", "Tangent of radians">;
def Dlc_AsinOp : Dlc_Unary<"asin", "Arc sine, in radians">;
def Dlc_AcosOp : Dlc_Unary<"acos", "Arc cosine, in radians">;
def Dlc_AtanOp : Dlc_Unary<"atan", "Arc tangent, in radians">;
def Dlc_SinhOp : Dlc_Unary<"sinh", "Hyperbolic sine">;
def Dlc_CoshOp : Dlc_Unary<"cosh", "Hyperbolic cosine">;
def Dlc_AsinhOp : Dlc_Unary<"asinh", "Inverse hyperbolic sine">;
def Dlc_AcoshOp : Dlc_Unary<"acosh", "Inverse hyperbolic cosine">;
def Dlc_AtanhOp : Dlc_Unary<"atanh", "Inverse hyperbolic tangent">;

// Activations.
def Dlc_TanhOp : Dlc_Unary<"tanh", "Hyperbolic tangent">;
def Dlc_SigmoidOp : Dlc_Unary<"sigmoid", "1 / (1 + exp(-x))">;
def Dlc_ReluOp : Dlc_Unary<"relu", "max(x, 0)", Dlc_NumberTensor>;
class Dlc_UnaryWith<string opMnemonic, string text, dag attributes> : Dlc_Unary<opMnemonic, text> {
  let arguments = !con((ins Dlc_RealTensor:$x), attributes);
}
def Dlc_LeakyReluOp : Dlc_UnaryWith<"leaky_relu", "x if x >= 0, else alpha x", (ins F64Attr:$alpha)>;
def Dlc_ThresholdedReluOp : Dlc_UnaryWith<"thresholded_relu", "x if x > alpha, else 0", (ins F64Attr:$alpha)>;
def Dlc_EluOp : Dlc_UnaryWith<"elu", "x if x >= 0, else alpha (exp(x) - 1)", (ins F64Attr:$alpha)>;
def Dlc_CeluOp : Dlc_UnaryWith<"celu", "max(0, x) + min(0, alpha (exp(x / alpha) - 1))", (ins F64Attr:$alpha)>;
def Dlc_SeluOp : Dlc_UnaryWith<"selu", "gamma x if x > 0, else gamma alpha (exp(x) - 1)",
                               (ins F64Attr:$alpha, F64Attr:$gamma)>;
def Dlc_SoftplusOp : Dlc_Unary<"softplus", "log(1 + exp(x))">;
def Dlc_SoftsignOp : Dlc_Unary<"softsign", "x / (1 + |x|)">;
def Dlc_HardSigmoidOp : Dlc_UnaryWith<"hard_sigmoid", "max(0, min(1, alpha x + beta))",
                                      (ins F64Attr:$alpha, F64Attr:$beta)>;
def Dlc_HardSwishOp : Dlc_Unary<"hard_swish", "x max(0, min(1, x / 6 + 1/2))">;
def Dlc_SwishOp : Dlc_UnaryWith<"swish", "x sigmoid(alpha x)", (ins F64Attr:$alpha)>;
def Dlc_MishOp : Dlc_Unary<"mish", "x tanh(softplus(x))">;
def Dlc_GeluOp : Dlc_UnaryWith<"gelu", "x Phi(x), or its tanh approximation", (ins BoolAttr:$tanh_approximation)>;
def Dlc_ShrinkOp : Dlc_UnaryWith<"shrink", "x + bias below -lambda, x - bias above lambda, else 0",
                                 (ins F64Attr:$bias, F64Attr:$lambda)>;

// Predicates and logic.
def Dlc_IsNanOp : Dlc_UnaryPredicate<"is_nan", "Whether x is NaN">;
def Dlc_IsInfOp : Dlc_UnaryPredicate<"is_inf", "Whether x is infinite, with one of the selected signs"> {
  let arguments = (ins Dlc_RealTensor:$x, BoolAttr:$detect_negative, BoolAttr:$detect_positive);
}
def Dlc_NotOp : Dlc_Unary<"not", "Logical negation", Dlc_BoolTensor>;
def Dlc_BitwiseNotOp : Dlc_Unary<"bitwise_not", "Complement of every bit", Dlc_IntegerTensor>;
def Dlc_AndOp : Dlc_Uniform<"and", "Logical and", [Commutative], Dlc_BoolTensor>;
def Dlc_OrOp : Dlc_Uniform<"or", "Logical or", [Commutative], Dlc_BoolTensor>;
def Dlc_XorOp : Dlc_Uniform<"xor", "Logical exclusive or", [Commutative], Dlc_BoolTensor>;
def Dlc_BitwiseAndOp : Dlc_Uniform<"bitwise_and", "And of every bit", [Commutative], Dlc_IntegerTensor>;
def Dlc_BitwiseOrOp : Dlc_Uniform<"bitwise_or", "Or of every bit", [Commutative], Dlc_IntegerTensor>;
def Dlc_BitwiseXorOp : Dlc_Uniform<"bitwise_xor", "Exclusive or of every bit", [Commutative], Dlc_IntegerTensor>;
def Dlc_BitShiftOp : Dlc_Uniform<"bit_shift", "lhs shifted by rhs bits, arithmetically; the width or more (or less than 0) shifts all bits out"> {
  let arguments = (ins Dlc_IntegerTensor:$lhs, Dlc_IntegerTensor:$rhs, BoolAttr:$left);
}
def Dlc_EqualOp : Dlc_Comparison<"equal", "lhs == rhs">;
def Dlc_GreaterOp : Dlc_Comparison<"greater", "lhs > rhs">;
def Dlc_GreaterOrEqualOp : Dlc_Comparison<"greater_or_equal", "lhs >= rhs">;
def Dlc_LessOp : Dlc_Comparison<"less", "lhs < rhs">;
def Dlc_LessOrEqualOp : Dlc_Comparison<"less_or_equal", "lhs <= rhs">;

// Arithmetic of two operands.
def Dlc_AddOp : Dlc_Uniform<"add", "lhs + rhs; integers wrap", [Commutative]> { let hasFolder = 1; }
def Dlc_SubOp : Dlc_Uniform<"sub", "lhs - rhs"> { let hasFolder = 1; }
def Dlc_MulOp : Dlc_Uniform<"mul", "lhs * rhs", [Commutative]> { let hasFolder = 1; }
def Dlc_DivOp : Dlc_Uniform<"div", "lhs / rhs; integers truncate toward zero, x / 0 is 0"> { let hasFolder = 1; }
def Dlc_ModOp : Dlc_Uniform<"mod", "Remainder with the sign of rhs, or of lhs where `fmod`; integers mod 0 give 0"> {
  let arguments = (ins Dlc_NumberTensor:$lhs, Dlc_NumberTensor:$rhs, BoolAttr:$fmod);
}
def Dlc_PowOp : Dlc_Binary<"pow", "lhs to the power rhs; the element types may differ, the result has lhs's">;
def Dlc_MaxOp : Dlc_Uniform<"max", "The larger one; NaN if either is", [Commutative]>;
def Dlc_MinOp : Dlc_Uniform<"min", "The smaller one; NaN if either is", [Commutative]>;
def Dlc_PReluOp : Dlc_Uniform<"prelu", "lhs if lhs >= 0, else rhs * lhs; rhs broadcasts to lhs">;

def Dlc_ClampOp : Dlc_UnaryWith<"clamp", "min(max(x, low), high) with constant limits; NaN stays NaN",
                                (ins OptionalAttr<F64Attr>:$low, OptionalAttr<F64Attr>:$high)> {
  let description = [{
    For floating-point tensors (an integer tensor is clamped by `dlc.max` and `dlc.min`).
    A missing limit does not limit.

    ```mlir
    %y = dlc.clamp %x {low = 0.0, high = 6.0} : tensor<1x32x7x7xf32> -> tensor<1x32x7x7xf32>
    ```
  }];
}
def Dlc_WhereOp : Dlc_GraphOp<"where", [Dlc_Elementwise, AllElementTypesMatch<["on_true", "on_false"]>]> {
  let summary = "on_true where condition holds, else on_false";
  let arguments = (ins TensorOf<[I1]>:$condition, Dlc_Tensor:$on_true, Dlc_Tensor:$on_false);
  let assemblyFormat = [{$condition `,` $on_true `,` $on_false attr-dict
    `:` `(` type($condition) `,` type($on_true) `,` type($on_false) `)` `->` type($result)}];
  let shapeRule = "::dlc::broadcastDims(location, dims, result)";
  let elementTypeRule = "::mlir::getElementTypeOrSelf(adaptor.getOnTrue())";
}
def Dlc_AbsorbZeroOp : Dlc_GraphOp<"absorb_zero", [Dlc_Elementwise]> {
  let summary = "x, or 0 where factor is 0: a product in which 0 absorbs infinity and NaN";
  let description = [{
    `x` is what has been computed from a product with `factor`, or a quotient of it. Where `factor` is 0 (of either
    sign) the result is 0 even if the other factor was infinite or NaN; a `factor` that is NaN passes `x` on. Gradient
    rules write it where a derivative is singular. Its own gradient is that of `x`: where the other factor is finite the
    op changes nothing.

    ```mlir
    %slope = dlc.div %half, %root : (tensor<f32>, tensor<?xf32>) -> tensor<?xf32>
    %product = dlc.mul %dy, %slope : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    %dx = dlc.absorb_zero %product, %dy : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    ```
  }];
  let arguments = (ins TensorOf<[AnyFloat]>:$x, TensorOf<[AnyFloat]>:$factor);
  let assemblyFormat = "$x `,` $factor attr-dict `:` `(` type($x) `,` type($factor) `)` `->` type($result)";
  let shapeRule = "::dlc::broadcastDims(location, dims, result)";
}
def Dlc_CastOp : Dlc_Unary<"cast", "Conversion to the element type `to`", Dlc_Tensor> {
  let description = [{
    Floating point to integer truncates toward zero; to i1 it is x != 0; narrowing floating point rounds to nearest
    even.
  }];
  let arguments = (ins Dlc_Tensor:$x, TypeAttr:$to);
  let elementTypeRule = "adaptor.getTo()";
  let hasFolder = 1;
}

#endif // DLC_OPS_ELEMENTWISE
