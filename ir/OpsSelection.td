// SPDX-License-Identifier: Apache-2.0
// Selecting elements: the largest ones.
#ifndef DLC_OPS_SELECTION
#define DLC_OPS_SELECTION

include "ir/DlcBase.td"

class Dlc_TopK<string opMnemonic, string text, list<Trait> traits = []> : Dlc_GraphOp<opMnemonic, traits> {
  let summary = text;
  let arguments = (ins Dlc_Tensor:$x, I64Attr:$k, I64Attr:$axis, DefaultValuedAttr<BoolAttr, "false">:$smallest);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let shapeRule = "::dlc::topKDims(location, dims[0], adaptor.getK(), adaptor.getAxis(), result)";
}
def Dlc_TopKOp : Dlc_TopK<"top_k", "The k largest elements along `axis`, in order"> {
  let description = [{
    Of equal elements the first comes first; NaN is larger than every number. With `smallest` the k smallest, in order.
    `k == -1` orders all elements.

    ```mlir
    %v = dlc.top_k %x {k = 3 : i64, axis = 1 : i64} : tensor<?x65xf32> -> tensor<?x3xf32>
    ```
  }];
}
def Dlc_TopKIndicesOp : Dlc_TopK<"top_k_indices", "The indices along `axis` of the elements of `dlc.top_k`, as i64",
                                  [Dlc_NotDifferentiable]> {
  let elementTypeRule = "::mlir::IntegerType::get(context, 64)";
}

#endif // DLC_OPS_SELECTION
