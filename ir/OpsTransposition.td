// SPDX-License-Identifier: Apache-2.0
// Permutations of dimensions.
#ifndef DLC_OPS_TRANSPOSITION
#define DLC_OPS_TRANSPOSITION

include "ir/DlcMovement.td"

def Dlc_TransposeOp : Dlc_Movement<"transpose", "Dimension i of the result is dimension `permutation[i]` of the operand",
                                   (ins Dlc_Tensor:$x, DenseI64ArrayAttr:$permutation),
                                   [Dlc_MovesElements, Dlc_MovesAllElements, Dlc_KeepsRows]> {
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

#endif // DLC_OPS_TRANSPOSITION
