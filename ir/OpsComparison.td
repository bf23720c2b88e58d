// SPDX-License-Identifier: Apache-2.0
// Comparisons of elements.
#ifndef DLC_OPS_COMPARISON
#define DLC_OPS_COMPARISON

include "ir/DlcElementwise.td"

def Dlc_EqualOp : Dlc_Comparison<"equal", "lhs == rhs", [Dlc_FewInstructions]>;
def Dlc_GreaterOp : Dlc_Comparison<"greater", "lhs > rhs", [Dlc_FewInstructions]>;
def Dlc_GreaterOrEqualOp : Dlc_Comparison<"greater_or_equal", "lhs >= rhs", [Dlc_FewInstructions]>;
def Dlc_LessOp : Dlc_Comparison<"less", "lhs < rhs", [Dlc_FewInstructions]>;
def Dlc_LessOrEqualOp : Dlc_Comparison<"less_or_equal", "lhs <= rhs", [Dlc_FewInstructions]>;

#endif // DLC_OPS_COMPARISON
