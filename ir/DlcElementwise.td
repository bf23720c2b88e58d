// SPDX-License-Identifier: Apache-2.0
// Classes of elementwise ops. Operands broadcast as in NumPy; two dynamic extents that meet are equal.
#ifndef DLC_ELEMENTWISE
#define DLC_ELEMENTWISE

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
class Dlc_UnaryWith<string opMnemonic, string text, dag attributes> : Dlc_Unary<opMnemonic, text> {
  let arguments = !con((ins Dlc_RealTensor:$x), attributes);
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

#endif // DLC_ELEMENTWISE
