// SPDX-License-Identifier: Apache-2.0
// Elementwise limits: the larger, the smaller, and both with constants.
#ifndef DLC_OPS_EXTREMA
#define DLC_OPS_EXTREMA

include "ir/DlcElementwise.td"

def Dlc_MaxOp : Dlc_Uniform<"max", "The larger one; NaN if either is", [Commutative, Dlc_FewInstructions]>;
def Dlc_MinOp : Dlc_Uniform<"min", "The smaller one; NaN if either is", [Commutative, Dlc_FewInstructions]>;
def Dlc_ClampOp : Dlc_UnaryWith<"clamp", "min(max(x, low), high) with constant limits; NaN stays NaN",
                                (ins OptionalAttr<F64Attr>:$low, OptionalAttr<F64Attr>:$high), [Dlc_FewInstructions]> {
  let description = [{
    For floating-point tensors (an integer tensor is clamped by `dlc.max` and `dlc.min`).
    A missing limit does not limit.

    ```mlir
    %y = dlc.clamp %x {low = 0.0, high = 6.0} : tensor<1x32x7x7xf32> -> tensor<1x32x7x7xf32>
    ```
  }];
}

#endif // DLC_OPS_EXTREMA
