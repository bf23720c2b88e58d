// SPDX-License-Identifier: Apache-2.0
// Ops that move elements without computing new ones.
#ifndef DLC_OPS_MOVEMENT
#define DLC_OPS_MOVEMENT

include "ir/DlcMovement.td"

def Dlc_ConcatOp : Dlc_Movement<"concat", "Operands one after another along `axis`",
                                (ins Variadic<Dlc_Tensor>:$operands, I64Attr:$axis), [Dlc_FollowsLayout]>;
def Dlc_SliceOp : Dlc_Movement<"slice", "Elements start, start + step, ... of every dimension",
                               (ins Dlc_Tensor:$x, DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$sizes,
                                    DenseI64ArrayAttr:$steps), [Dlc_FollowsLayout, Dlc_Recomputable]> {
  let description = [{
    One entry per dimension. Starts are not negative; steps may be (then the start is the highest element).
    `sizes[d] == -1` takes the whole dimension d (start 0, step 1), which is how a dynamic extent is sliced.
  }];
}
def Dlc_PadOp : Dlc_Movement<"pad", "Padding before and after every dimension; negative padding crops",
                             (ins Dlc_Tensor:$x, Optional<Dlc_Tensor>:$value, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
                                  Dlc_PadModeAttr:$mode), [Dlc_FollowsLayout]> {
  let description = [{`value` (rank 0) is the value of constant padding; 0 if missing.}];
}
def Dlc_TileOp : Dlc_Movement<"tile", "The operand repeated along every dimension",
                              (ins Dlc_Tensor:$x, DenseI64ArrayAttr:$repeats)>;
def Dlc_GatherOp : Dlc_Movement<"gather", "Slices along `axis`, selected by indices",
                                (ins Dlc_Tensor:$x, Dlc_Tensor:$indices, I64Attr:$axis)> {
  let description = [{
    The result's shape is `x[:axis] + indices + x[axis+1:]`. A negative index counts from the end; an index out of range
    is clamped to the nearest element, so nothing outside `x` is ever read.
  }];
}
def Dlc_ScatterAddOp : Dlc_Movement<"scatter_add", "Zeros, to which slices are added at indices along `axis`",
                                    (ins Dlc_Tensor:$like, Dlc_Tensor:$indices, Dlc_Tensor:$updates, I64Attr:$axis)> {
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
def Dlc_ResizeOp : Dlc_Movement<"resize", "Interpolation to other extents, dimension by dimension",
    (ins Dlc_Tensor:$x, Optional<Dlc_Tensor>:$like, DenseI64ArrayAttr:$sizes, DenseF64ArrayAttr:$scales, DenseF64ArrayAttr:$roi, Dlc_ResizeModeAttr:$mode,
         StrAttr:$coordinate_mode, StrAttr:$nearest_mode, F64Attr:$cubic_coefficient, BoolAttr:$exclude_outside,
         BoolAttr:$antialias, F64Attr:$extrapolation_value), [Dlc_FollowsLayout]> {
  let description = [{
    ONNX `Resize`, with everything resolved: `sizes` are the result's extents (-1: the operand's, unscaled) and `scales`
    the factors by which coordinates are transformed, one per dimension; where a size is -2, the extent is that of `like`,
    whose elements are not read, and a scale of 0 is the quotient of the result's extent and the operand's. `roi` is empty or starts then ends;
    `coordinate_mode` and `nearest_mode` have ONNX's spellings.
  }];
}

#endif // DLC_OPS_MOVEMENT
