// SPDX-License-Identifier: Apache-2.0
// Arithmetic of two operands.
#ifndef DLC_OPS_ARITHMETIC
#define DLC_OPS_ARITHMETIC

include "ir/DlcElementwise.td"

def Dlc_AddOp : Dlc_Uniform<"add", "lhs + rhs; integers wrap", [Commutative, Dlc_FewInstructions, Dlc_Evaluated]> {
  let evaluation = "x + y";
  let hasFolder = 1;
}
def Dlc_SubOp : Dlc_Uniform<"sub", "lhs - rhs", [Dlc_FewInstructions, Dlc_Evaluated]> {
  let evaluation = "x - y";
  let hasFolder = 1;
}
def Dlc_MulOp : Dlc_Uniform<"mul", "lhs * rhs", [Commutative, Dlc_FewInstructions, Dlc_Evaluated]> {
  let evaluation = "x * y";
  let hasFolder = 1;
}
def Dlc_DivOp : Dlc_Uniform<"div", "lhs / rhs; integers truncate toward zero, x / 0 is 0", [Dlc_SingularByConstants, Dlc_Evaluated]> {
  let evaluation = "x / y";
  let hasFolder = 1;
}

#endif // DLC_OPS_ARITHMETIC
