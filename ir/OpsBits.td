// SPDX-License-Identifier: Apache-2.0
// Elements as bits.
#ifndef DLC_OPS_BITS
#define DLC_OPS_BITS

include "ir/DlcBase.td"

def Dlc_BitCastOp : Dlc_GraphOp<"bit_cast", [Dlc_NotDifferentiable, DeclareOpInterfaceMethods<Dlc_LoopOpInterface>]> {
  let kernelKind = "Loops";
  let summary = "The bits of each element as an element of the type `to`, which has as many";
  let description = [{
    Bits do not change, those of NaN included. Booleans are bytes of 0 and 1; of a byte that becomes one, the lowest bit
    counts.

    ```mlir
    %y = dlc.bit_cast %x {to = i32} : tensor<?x3xf32> -> tensor<?x3xi32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$x, TypeAttr:$to);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let elementTypeRule = "adaptor.getTo()";
}

#endif // DLC_OPS_BITS
