// SPDX-License-Identifier: Apache-2.0
// Classes of elementwise ops. Operands broadcast as in NumPy; two dynamic extents that meet are equal.
#ifndef DLC_ELEMENTWISE
#define DLC_ELEMENTWISE

include "ir/DlcBase.td"

/// What an elementwise op is: it follows layouts, is recomputed rather than stored, and is the anchor of elementwise kernels.
class Dlc_ElementwiseOp<string opMnemonic, list<Trait> traits = []>
    : Dlc_GraphOp<opMnemonic, [Dlc_Elementwise, Dlc_FollowsLayout, Dlc_Recomputable, Dlc_BatchOpInterface] # traits> {
  let kernelKind = "Elementwise";
}
/// Folds on constants; the op's `evaluation` says how.
defvar Dlc_Evaluated = DeclareOpInterfaceMethods<Dlc_EvaluationOpInterface>;

class Dlc_Unary<string opMnemonic, string text, Type operand = Dlc_RealTensor, list<Trait> traits = []>
    : Dlc_ElementwiseOp<opMnemonic, traits> {
  let summary = text;
  let arguments = (ins operand:$x);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let shapeRule = "::dlc::broadcastDims(location, dims, result)";
}
class Dlc_UnaryPredicate<string opMnemonic, string text>
    : Dlc_Unary<opMnemonic, text, Dlc_RealTensor, [Dlc_NotDifferentiable]> {
  let elementTypeRule = "::mlir::IntegerType::get(context, 1)";
}
class Dlc_UnaryWith<string opMnemonic, string text, dag attributes, list<Trait> traits = []>
    : Dlc_Unary<opMnemonic, text, Dlc_RealTensor, traits> {
  let arguments = !con((ins Dlc_RealTensor:$x), attributes);
}
class Dlc_Binary<string opMnemonic, string text, list<Trait> traits = [], Type operand = Dlc_NumberTensor>
    : Dlc_ElementwiseOp<opMnemonic, traits> {
  let summary = text;
  let arguments = (ins operand:$lhs, operand:$rhs);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` `(` type($lhs) `,` type($rhs) `)` `->` type($result)";
  let shapeRule = "::dlc::broadcastDims(location, dims, result)";
}
/// Of two operands of one element type.
class Dlc_Uniform<string opMnemonic, string text, list<Trait> traits = [], Type operand = Dlc_NumberTensor>
    : Dlc_Binary<opMnemonic, text, [AllElementTypesMatch<["lhs", "rhs"]>] # traits, operand>;
class Dlc_Comparison<string opMnemonic, string text, list<Trait> traits = []>
    : Dlc_Uniform<opMnemonic, text, [Dlc_NotDifferentiable] # traits, Dlc_Tensor> {
  let elementTypeRule = "::mlir::IntegerType::get(context, 1)";
}

#endif // DLC_ELEMENTWISE
