// SPDX-License-Identifier: Apache-2.0
// Ops that take or replace a part of a tensor.
#ifndef DLC_OPS_SLICING
#define DLC_OPS_SLICING

include "ir/DlcMovement.td"

def Dlc_SliceOp : Dlc_Movement<"slice", "Elements start, start + step, ... of every dimension",
                               (ins Dlc_Tensor:$x, DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$sizes,
                                    DenseI64ArrayAttr:$steps),
                               [Dlc_FollowsLayout, Dlc_Recomputable, Dlc_MovesElements, Dlc_KeepsRows]> {
  let description = [{
    One entry per dimension. Starts are not negative; steps may be (then the start is the highest element).
    `sizes[d] == -1` takes the whole dimension d (start 0, step 1), which is how a dynamic extent is sliced.
  }];
}
def Dlc_UpdateSliceOp : Dlc_Movement<"update_slice", "A tensor with some rows replaced, from a position known only at run time",
                                     (ins Dlc_Tensor:$x, Dlc_Tensor:$update, Dlc_Tensor:$position, I64Attr:$axis,
                                          DefaultValuedAttr<BoolAttr, "false">:$in_place)> {
  let description = [{
    Elements `position`, `position + 1`, ... along `axis` are those of `update`, which has the other extents of `x`; the
    rest is `x`. `position` is a tensor<i64>, clamped so that the update stays inside. Where nothing else needs `x`, the
    memory planner lets the result have its memory and sets `in_place`: then only the update is written, which is what
    makes a cache of keys and values efficient.

    ```mlir
    %keys1 = dlc.update_slice %keys, %new, %length {axis = 1 : i64}
        : (tensor<?x64x8xf32>, tensor<?x1x8xf32>, tensor<i64>) -> tensor<?x64x8xf32>
    ```
  }];
}

#endif // DLC_OPS_SLICING
