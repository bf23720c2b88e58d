// SPDX-License-Identifier: Apache-2.0
// Ops that find elements by indices that are data.
#ifndef DLC_OPS_INDEXING
#define DLC_OPS_INDEXING

include "ir/DlcMovement.td"

def Dlc_GatherOp : Dlc_Movement<"gather", "Slices along `axis`, selected by indices",
                                (ins Dlc_Tensor:$x, Dlc_Tensor:$indices, I64Attr:$axis), [Dlc_MovesElements]> {
  let operationsPerElement = "100";
  let description = [{
    The result's shape is `x[:axis] + indices + x[axis+1:]`. A negative index counts from the end; an index out of range
    is clamped to the nearest element, so nothing outside `x` is ever read.
  }];
}
def Dlc_ScatterAddOp : Dlc_Movement<"scatter_add", "Zeros, to which slices are added at indices along `axis`",
                                    (ins Dlc_Tensor:$like, Dlc_Tensor:$indices, Dlc_Tensor:$updates, I64Attr:$axis)> {
  let operationsPerElement = "100";
  let description = [{
    The gradient of `dlc.gather`: `updates` has the shape `result[:axis] + indices + result[axis+1:]`, and the extent of
    `axis` is that of `like`, whose elements are not read. Indices mean the same as for `dlc.gather`; slices with the
    same index are added in the order of the indices, in the element type.

    ```mlir
    %dtable = dlc.scatter_add %table, %tokens, %dy {axis = 0 : i64}
        : (tensor<65x8xf32>, tensor<?xi64>, tensor<?x8xf32>) -> tensor<65x8xf32>
    ```
  }];
  let elementTypeRule = "::mlir::getElementTypeOrSelf(adaptor.getUpdates())";
}

#endif // DLC_OPS_INDEXING
