// SPDX-License-Identifier: Apache-2.0
// Selecting elements: the largest ones, and those of which a condition is true.
#ifndef DLC_OPS_SELECTION
#define DLC_OPS_SELECTION

include "ir/DlcBase.td"

class Dlc_TopK<string opMnemonic, string text, list<Trait> traits = []>
    : Dlc_GraphOp<opMnemonic, traits # [DeclareOpInterfaceMethods<Dlc_LoopOpInterface>]> {
  let kernelKind = "Loops";
  let summary = text;
  dag attributes = (ins I64Attr:$k, I64Attr:$axis, DefaultValuedAttr<BoolAttr, "false">:$smallest);
  let arguments = !con((ins Dlc_Tensor:$x), attributes);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let shapeRule = "::dlc::topKDims(location, dims[0], adaptor.getK(), adaptor.getAxis(), result)";
}
def Dlc_TopKOp : Dlc_TopK<"top_k", "The k largest elements along `axis`, in order"> {
  let description = [{
    Of equal elements the first comes first; NaN is larger than every number. With `smallest` the k smallest, in order.
    `k == -1` orders all elements. If there are fewer than k in a run, what follows them is 0. With `indices`, the
    result of `dlc.top_k_indices` for the same elements, these are taken and nothing is searched for.

    ```mlir
    %v = dlc.top_k %x {k = 3 : i64, axis = 1 : i64} : tensor<?x65xf32> -> tensor<?x3xf32>
    %i = dlc.top_k_indices %x {k = 3 : i64, axis = 1 : i64} : tensor<?x65xf32> -> tensor<?x3xi64>
    %w = dlc.top_k %x, %i {k = 3 : i64, axis = 1 : i64} : tensor<?x65xf32>, tensor<?x3xi64> -> tensor<?x3xf32>
    ```
  }];
  let arguments = !con((ins Dlc_Tensor:$x, Optional<Dlc_Tensor>:$indices), attributes);
  let assemblyFormat = "$x (`,` $indices^)? attr-dict `:` type($x) (`,` type($indices)^)? `->` type($result)";
  let elementTypeRule = "::mlir::getElementTypeOrSelf(adaptor.getX().getType())";
}
def Dlc_TopKIndicesOp : Dlc_TopK<"top_k_indices", "The indices along `axis` of the elements of `dlc.top_k`, as i64; -1 behind the last",
                                  [Dlc_NotDifferentiable]> {
  let elementTypeRule = "::mlir::IntegerType::get(context, 64)";
}

def Dlc_RunningCountOp : Dlc_GraphOp<"running_count", [Dlc_NotDifferentiable]> {
  let summary = "For each element of a vector, how many are true up to and including it, as i64";
  let description = [{
    ```mlir
    %c = dlc.running_count %mask : tensor<?xi1> -> tensor<?xi64>
    ```
  }];
  let arguments = (ins Dlc_BoolTensor:$mask);
  let assemblyFormat = "$mask attr-dict `:` type($mask) `->` type($result)";
  let shapeRule = "::dlc::copyDims(dims[0], result)";
  let elementTypeRule = "::mlir::IntegerType::get(context, 64)";
  let hasVerifier = 1;
}
def Dlc_TruePositionsOp : Dlc_GraphOp<"true_positions", [Dlc_NotDifferentiable]> {
  let summary = "The positions of the true elements of a vector, ascending, as i64";
  let description = [{
    `counts` is the `dlc.running_count` of the vector; the result has the extent of `like`, whose elements are not read:
    at most as many as there are true elements.

    ```mlir
    %p = dlc.true_positions %counts, %found : (tensor<?xi64>, tensor<?xi1>) -> tensor<?xi64>
    ```
  }];
  let arguments = (ins Dlc_IntegerTensor:$counts, Dlc_Tensor:$like);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, $result)";
  let shapeRule = "::dlc::copyDims(dims[1], result)";
  let elementTypeRule = "::mlir::IntegerType::get(context, 64)";
  let hasVerifier = 1;
}

#endif // DLC_OPS_SELECTION
