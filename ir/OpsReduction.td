// SPDX-License-Identifier: Apache-2.0
// Reductions over selected dimensions.
#ifndef DLC_OPS_REDUCTION
#define DLC_OPS_REDUCTION

include "ir/DlcBase.td"

/// Booleans have a maximum and a minimum, but no sum.
def Dlc_ReducesNumbers : PredOpTrait<"booleans are reduced to a maximum or a minimum", CPred<
    "::llvm::is_contained({ReductionKind::Max, ReductionKind::Min}, ::llvm::cast<ReduceOp>(&$_op).getKind()) || "
    "!::mlir::getElementTypeOrSelf($_op.getOperand(0)).isInteger(1)">>;

def Dlc_ReduceOp : Dlc_GraphOp<"reduce", [Dlc_ReducesNumbers, Dlc_Reduces, Dlc_KeepsRows, Dlc_SingularByConstants]> {
  let kernelKind = "Reduction";
  let summary = "Reduction of the dimensions `axes`";
  let description = [{
    `axes` are ascending and not negative; with `keep_dims` they stay, with extent 1. Over no elements, a sum is 0,
    a product 1, a maximum the type's smallest value (-infinity), a minimum its largest.

    ```mlir
    %y = dlc.reduce mean %x {axes = array<i64: 2, 3>, keep_dims = true} : tensor<1x64x7x7xf32> -> tensor<1x64x1x1xf32>
    ```
  }];
  let arguments = (ins Dlc_ReductionKindAttr:$kind, Dlc_Tensor:$x, DenseI64ArrayAttr:$axes,
                       DefaultValuedAttr<BoolAttr, "false">:$keep_dims);
  let assemblyFormat = "$kind $x attr-dict `:` type($x) `->` type($result)";
  let hasCanonicalizer = 1;
  let shapeRule = "::dlc::reducedDims(location, dims[0], adaptor.getAxes(), adaptor.getKeepDims(), result)";
}

def Dlc_ArgExtremeOp : Dlc_GraphOp<"arg_extreme", [Dlc_NotDifferentiable, Dlc_Reduces]> {
  let operationsPerElement = "100";
  let kernelKind = "Reduction";
  let summary = "Index of the largest (or with `minimum`, smallest) element along `axis`";
  let description = [{The first such element, or with `select_last` the last. The result is i64.}];
  let arguments = (ins Dlc_Tensor:$x, I64Attr:$axis, DefaultValuedAttr<BoolAttr, "false">:$minimum,
                       DefaultValuedAttr<BoolAttr, "false">:$keep_dims, DefaultValuedAttr<BoolAttr, "false">:$select_last);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let shapeRule = "::dlc::reducedDims(location, dims[0], {static_cast<int64_t>(adaptor.getAxis())}, adaptor.getKeepDims(), result)";
  let elementTypeRule = "::mlir::IntegerType::get(context, 64)";
}

#endif // DLC_OPS_REDUCTION
