// SPDX-License-Identifier: Apache-2.0
// Predicates, logic, and what chooses between elements by them.
#ifndef DLC_OPS_LOGIC
#define DLC_OPS_LOGIC

include "ir/DlcElementwise.td"

def Dlc_IsNanOp : Dlc_UnaryPredicate<"is_nan", "Whether x is NaN">;
def Dlc_IsInfOp : Dlc_UnaryPredicate<"is_inf", "Whether x is infinite, with one of the selected signs"> {
  let arguments = (ins Dlc_RealTensor:$x, BoolAttr:$detect_negative, BoolAttr:$detect_positive);
}
def Dlc_NotOp : Dlc_Unary<"not", "Logical negation", Dlc_BoolTensor, [Dlc_FewInstructions, Dlc_NotDifferentiable]>;
def Dlc_BitwiseNotOp : Dlc_Unary<"bitwise_not", "Complement of every bit", Dlc_IntegerTensor, [Dlc_NotDifferentiable]>;
def Dlc_AndOp : Dlc_Uniform<"and", "Logical and", [Commutative, Dlc_FewInstructions, Dlc_NotDifferentiable], Dlc_BoolTensor>;
def Dlc_OrOp : Dlc_Uniform<"or", "Logical or", [Commutative, Dlc_FewInstructions, Dlc_NotDifferentiable], Dlc_BoolTensor>;
def Dlc_XorOp : Dlc_Uniform<"xor", "Logical exclusive or", [Commutative, Dlc_NotDifferentiable], Dlc_BoolTensor>;
def Dlc_BitwiseAndOp : Dlc_Uniform<"bitwise_and", "And of every bit", [Commutative, Dlc_NotDifferentiable], Dlc_IntegerTensor>;
def Dlc_BitwiseOrOp : Dlc_Uniform<"bitwise_or", "Or of every bit", [Commutative, Dlc_NotDifferentiable], Dlc_IntegerTensor>;
def Dlc_BitwiseXorOp : Dlc_Uniform<"bitwise_xor", "Exclusive or of every bit", [Commutative, Dlc_NotDifferentiable], Dlc_IntegerTensor>;
def Dlc_BitShiftOp : Dlc_Uniform<"bit_shift", "lhs shifted by rhs bits, arithmetically; the width or more (or less than 0) shifts all bits out", [Dlc_NotDifferentiable]> {
  let arguments = (ins Dlc_IntegerTensor:$lhs, Dlc_IntegerTensor:$rhs, BoolAttr:$left);
}
def Dlc_WhereOp : Dlc_ElementwiseOp<"where", [Dlc_FewInstructions, AllElementTypesMatch<["on_true", "on_false"]>]> {
  let summary = "on_true where condition holds, else on_false";
  let arguments = (ins TensorOf<[I1]>:$condition, Dlc_Tensor:$on_true, Dlc_Tensor:$on_false);
  let assemblyFormat = [{$condition `,` $on_true `,` $on_false attr-dict
    `:` `(` type($condition) `,` type($on_true) `,` type($on_false) `)` `->` type($result)}];
  let shapeRule = "::dlc::broadcastDims(location, dims, result)";
  let elementTypeRule = "::mlir::getElementTypeOrSelf(adaptor.getOnTrue())";
}
def Dlc_AbsorbZeroOp : Dlc_ElementwiseOp<"absorb_zero", [Dlc_FewInstructions]> {
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

#endif // DLC_OPS_LOGIC
