// SPDX-License-Identifier: Apache-2.0
// Ops that move elements without computing new ones.
#ifndef DLC_OPS_MOVEMENT
#define DLC_OPS_MOVEMENT

include "ir/DlcBase.td"

class Dlc_Movement<string opMnemonic, string text, dag operandsAndAttributes> : Dlc_GraphOp<opMnemonic> {
  let summary = text;
  let arguments = operandsAndAttributes;
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, $result)";
}

def Dlc_ReshapeOp : Dlc_Movement<"reshape", "The same elements, row-major, in another shape",
                                 (ins Dlc_Tensor:$x, DenseI64ArrayAttr:$shape)> {
  let description = [{
    An extent of `shape` is a number, -1 (once: what is left of the elements), or -2 - d: the operand's extent of
    dimension d.
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}
def Dlc_ReshapeLikeOp : Dlc_Movement<"reshape_like", "The same elements, row-major, in the shape of another tensor",
                                     (ins Dlc_Tensor:$x, Dlc_Tensor:$like)> {
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
def Dlc_TransposeOp : Dlc_Movement<"transpose", "Dimension i of the result is dimension `permutation[i]` of the operand",
                                   (ins Dlc_Tensor:$x, DenseI64ArrayAttr:$permutation)> {
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}
def Dlc_ExpandOp : Dlc_Movement<"expand", "Broadcast to a shape",
                                (ins Dlc_Tensor:$x, DenseI64ArrayAttr:$shape)> {
  let description = [{
    Broadcasts both ways as ONNX `Expand` does. An extent of `shape` is a number, or -2 - d: the operand's extent of
    dimension d.
  }];
}
def Dlc_FillOp : Dlc_Movement<"fill", "One number everywhere, in a shape that may follow an operand's",
                              (ins Dlc_Tensor:$like, DenseI64ArrayAttr:$shape, F64Attr:$value, TypeAttr:$element_type)> {
  let description = [{
    An extent of `shape` is a number, or -2 - d: the extent of dimension d of `like`, whose elements are not read. With
    static extents it folds to a constant.

    ```mlir
    %h0 = dlc.fill %x {shape = array<i64: -2, 128>, value = 0.0 : f64, element_type = f32} : (tensor<?x7x8xf32>) -> tensor<?x128xf32>
    ```
  }];
  let elementTypeRule = "adaptor.getElementType()";
  let hasFolder = 1;
}
def Dlc_ConcatOp : Dlc_Movement<"concat", "Operands one after another along `axis`",
                                (ins Variadic<Dlc_Tensor>:$operands, I64Attr:$axis)>;
def Dlc_SliceOp : Dlc_Movement<"slice", "Elements start, start + step, ... of every dimension",
                               (ins Dlc_Tensor:$x, DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$sizes,
                                    DenseI64ArrayAttr:$steps)> {
  let description = [{
    One entry per dimension. Starts are not negative; steps may be (then the start is the highest element).
    `sizes[d] == -1` takes the whole dimension d (start 0, step 1), which is how a dynamic extent is sliced.
  }];
}
def Dlc_PadMode : I32EnumAttr<"PadMode", "What padding contains", [
  I32EnumAttrCase<"Constant", 0, "constant">, I32EnumAttrCase<"Edge", 1, "edge">,
  I32EnumAttrCase<"Reflect", 2, "reflect">, I32EnumAttrCase<"Wrap", 3, "wrap">]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_PadModeAttr : EnumAttr<Dlc_Dialect, Dlc_PadMode, "pad_mode">;
def Dlc_PadOp : Dlc_Movement<"pad", "Padding before and after every dimension; negative padding crops",
                             (ins Dlc_Tensor:$x, Optional<Dlc_Tensor>:$value, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
                                  Dlc_PadModeAttr:$mode)> {
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
def Dlc_IotaOp : Dlc_GraphOp<"iota"> {
  let summary = "start, start + step, ...: a constant sequence of rank 1";
  let arguments = (ins F64Attr:$start, F64Attr:$step, I64Attr:$size, TypeAttr:$element_type);
  let assemblyFormat = "attr-dict `:` type($result)";
  let elementTypeRule = "adaptor.getElementType()";
}
def Dlc_IndexOp : Dlc_Movement<"index", "0, 1, ...: the indices along dimension `axis` of the operand, as i64 of rank 1",
                               (ins Dlc_Tensor:$x, I64Attr:$axis)> {
  let description = [{
    What `dlc.iota` gives for an extent that is known only at run time; elements of `x` are not read.

    ```mlir
    %places = dlc.index %x {axis = 1 : i64} : (tensor<?x?x64xf32>) -> tensor<?xi64>
    ```
  }];
  let elementTypeRule = "::mlir::IntegerType::get(adaptor.getX().getContext(), 64)";
}
def Dlc_ExtentOp : Dlc_Movement<"extent", "The number of elements of the dimensions `axes` together, as a scalar of rank 0",
                                (ins Dlc_Tensor:$x, DenseI64ArrayAttr:$axes, TypeAttr:$element_type)> {
  let description = [{
    The product of the extents; elements of `x` are not read. With static extents it folds to a constant.

    ```mlir
    %count = dlc.extent %x {axes = array<i64: 0, 2>, element_type = f32} : (tensor<?x6x?xf32>) -> tensor<f32>
    ```
  }];
  let elementTypeRule = "adaptor.getElementType()";
  let hasFolder = 1;
}

def Dlc_ResizeMode : I32EnumAttr<"ResizeMode", "Interpolation", [
  I32EnumAttrCase<"Nearest", 0, "nearest">, I32EnumAttrCase<"Linear", 1, "linear">, I32EnumAttrCase<"Cubic", 2, "cubic">]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_ResizeModeAttr : EnumAttr<Dlc_Dialect, Dlc_ResizeMode, "resize_mode">;
def Dlc_ResizeOp : Dlc_Movement<"resize", "Interpolation to other extents, dimension by dimension",
    (ins Dlc_Tensor:$x, DenseI64ArrayAttr:$sizes, DenseF64ArrayAttr:$scales, DenseF64ArrayAttr:$roi, Dlc_ResizeModeAttr:$mode,
         StrAttr:$coordinate_mode, StrAttr:$nearest_mode, F64Attr:$cubic_coefficient, BoolAttr:$exclude_outside,
         BoolAttr:$antialias, F64Attr:$extrapolation_value)> {
  let description = [{
    ONNX `Resize`, with everything resolved: `sizes` are the result's extents (-1: the operand's, unscaled) and `scales`
    the factors by which coordinates are transformed, one per dimension; `roi` is empty or starts then ends;
    `coordinate_mode` and `nearest_mode` have ONNX's spellings.
  }];
}

#endif // DLC_OPS_MOVEMENT
