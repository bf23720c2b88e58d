// SPDX-License-Identifier: Apache-2.0
// Ops that join, pad, repeat and resample tensors.
#ifndef DLC_OPS_MOVEMENT
#define DLC_OPS_MOVEMENT

include "ir/DlcMovement.td"

def Dlc_ConcatOp : Dlc_Movement<"concat", "Operands one after another along `axis`",
                                (ins Variadic<Dlc_Tensor>:$operands, I64Attr:$axis), [Dlc_FollowsLayout, Dlc_KeepsRows]>;
def Dlc_PadOp : Dlc_Movement<"pad", "Padding before and after every dimension; negative padding crops",
                             (ins Dlc_Tensor:$x, Optional<Dlc_Tensor>:$value, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
                                  Dlc_PadModeAttr:$mode), [Dlc_FollowsLayout, Dlc_KeepsRows]> {
  let description = [{`value` (rank 0) is the value of constant padding; 0 if missing.}];
}
def Dlc_TileOp : Dlc_Movement<"tile", "The operand repeated along every dimension",
                              (ins Dlc_Tensor:$x, DenseI64ArrayAttr:$repeats), [Dlc_MovesElements, Dlc_MovesAllElements]>;
def Dlc_ResizeOp : Dlc_Movement<"resize", "Interpolation to other extents, dimension by dimension",
    (ins Dlc_Tensor:$x, Optional<Dlc_Tensor>:$like, DenseI64ArrayAttr:$sizes, DenseF64ArrayAttr:$scales, DenseF64ArrayAttr:$roi, Dlc_ResizeModeAttr:$mode,
         StrAttr:$coordinate_mode, StrAttr:$nearest_mode, F64Attr:$cubic_coefficient, BoolAttr:$exclude_outside,
         BoolAttr:$antialias, F64Attr:$extrapolation_value), [Dlc_FollowsLayout]> {
  let operationsPerElement = "100";
  let description = [{
    ONNX `Resize`, with everything resolved: `sizes` are the result's extents (-1: the operand's, unscaled) and `scales`
    the factors by which coordinates are transformed, one per dimension; where a size is -2, the extent is that of `like`,
    whose elements are not read, and a scale of 0 is the quotient of the result's extent and the operand's. `roi` is empty or starts then ends;
    `coordinate_mode` and `nearest_mode` have ONNX's spellings.
  }];
}

#endif // DLC_OPS_MOVEMENT
