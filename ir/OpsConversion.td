// SPDX-License-Identifier: Apache-2.0
// Conversions between element types.
#ifndef DLC_OPS_CONVERSION
#define DLC_OPS_CONVERSION

include "ir/DlcElementwise.td"

def Dlc_CastOp : Dlc_Unary<"cast", "Conversion to the element type `to`", Dlc_Tensor, [Dlc_FewInstructions, Dlc_Evaluated]> {
  let evaluation = "x";
  let description = [{
    Floating point to integer truncates toward zero (of integers narrower than a byte, these are the low bits of the
    result); to i1 it is x != 0; narrowing floating point rounds to nearest
    even. What is outside the range of a floating-point type of 8 bits or fewer becomes its largest number, or, unless
    it is to `saturate`, infinity, or NaN where the type has no infinity; f8E8M0FNU, which has powers of two alone,
    rounds by `round_mode`: `up`, `down` or `nearest`.
  }];
  let arguments = (ins Dlc_Tensor:$x, TypeAttr:$to, DefaultValuedAttr<BoolAttr, "true">:$saturate,
                       DefaultValuedStrAttr<StrAttr, "up">:$round_mode);
  let elementTypeRule = "adaptor.getTo()";
  let hasFolder = 1;
}

#endif // DLC_OPS_CONVERSION
