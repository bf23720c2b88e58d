// SPDX-License-Identifier: Apache-2.0
// The same elements in another shape, and broadcasts.
#ifndef DLC_OPS_SHAPE
#define DLC_OPS_SHAPE

include "ir/DlcMovement.td"

def Dlc_ReshapeOp : Dlc_Movement<"reshape", "The same elements, row-major, in another shape",
                                 (ins Dlc_Tensor:$x, DenseI64ArrayAttr:$shape),
                                 [Dlc_Recomputable, Dlc_MovesElements, Dlc_MovesAllElements, Dlc_KeepsRows]> {
  let description = [{
    An extent of `shape` is a number, -1 (once: what is left of the elements), or -2 - d: the operand's extent of
    dimension d.
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}
def Dlc_ReshapeLikeOp : Dlc_Movement<"reshape_like", "The same elements, row-major, in the shape of another tensor",
                                     (ins Dlc_Tensor:$x, Dlc_Tensor:$like), [Dlc_MovesElements, Dlc_MovesAllElements]> {
  let description = [{
    What `dlc.reshape` cannot say: a shape with several extents that are known only at run time. Elements of `like` are
    not read. If the shape is known except for one extent, it becomes a `dlc.reshape`.

    ```mlir
    %dx = dlc.reshape_like %dy, %x : (tensor<?xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
    ```
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}
def Dlc_ExpandOp : Dlc_Movement<"expand", "Broadcast to a shape",
                                (ins Dlc_Tensor:$x, DenseI64ArrayAttr:$shape),
                                [Dlc_Recomputable, Dlc_MovesElements, Dlc_MovesAllElements]> {
  let description = [{
    Broadcasts both ways as ONNX `Expand` does. An extent of `shape` is a number, or -2 - d: the operand's extent of
    dimension d.
  }];
}

#endif // DLC_OPS_SHAPE
